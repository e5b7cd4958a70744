"""How far an operation has come, as Execute and Poll report it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True)
class Progress:
    """`status` is the specification's word; `details` hold what the result document takes from RDS.

    `finished` ends the polling; `success` then tells which way. `evidence` is what a later poll must know of this
    one (for a reboot: that it was seen rebooting).
    """

    status: str
    finished: bool = False
    success: bool = False
    error: str = ""
    percent: int = -1
    evidence: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Progress:
        return cls(**document)

    def to_document(self) -> dict[str, Any]:
        return asdict(self)


def failed(error: str, **details: Any) -> Progress:
    return Progress("failed", finished=True, error=error, details=details)


def done(status: str = "available", **details: Any) -> Progress:
    return Progress(status, finished=True, success=True, percent=100, details=details)
