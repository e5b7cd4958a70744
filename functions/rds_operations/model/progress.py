"""How far an operation has come, as Execute and Poll report it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from rds_operations.model.end_codes import EndCode
from rds_operations.model.refusals import Code

_UNKNOWN = "timeout"


@dataclass(frozen=True)
class Progress:
    """`status` is the specification's word; `details` hold what the result document takes from RDS.

    `finished` ends the polling; `success` then tells which way, and `code` says why not. `evidence` is what a later
    poll must know of this one (for a reboot: that it was seen rebooting). `missing` counts the polls in a row that did
    not find what must be there.
    """

    status: str
    finished: bool = False
    success: bool = False
    error: str = ""
    code: str = ""
    percent: int = -1
    evidence: str = ""
    missing: int = 0
    details: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Progress:
        """Read a document of any version of the service: a deploy may come between two states of an execution."""
        return cls(**{name: document[name] for name in cls.__dataclass_fields__ if name in document})

    @property
    def has_unknown_end(self) -> bool:
        return self.finished and self.status == _UNKNOWN

    def to_document(self) -> dict[str, Any]:
        return asdict(self)


def not_found(previous: Progress, error: str, code: EndCode = EndCode.INSTANCE_GONE) -> Progress:
    """Fail at the second poll in a row that finds nothing, since RDS reads are eventually consistent."""
    missing = previous.missing + 1
    return failed(error, code, **previous.details) if missing > 1 else replace(previous, missing=missing)


def failed(error: str, code: EndCode | Code, **details: Any) -> Progress:
    return Progress("failed", finished=True, error=error, code=code.value, details=details)


def unknown_end() -> Progress:
    """End the polling with an unknown end: what RDS shows may be another operation's."""
    return Progress(_UNKNOWN, finished=True)


def done(status: str, **details: Any) -> Progress:
    return Progress(status, finished=True, success=True, percent=100, details=details)
