"""What a verification counts and finds."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, order=True)
class Fault:
    """`at` is a time in ISO 8601: of the record, or of the digest's period. `name` is an `audit_id`, a key or an id."""

    at: str
    what: str
    name: str
    details: str = ""
    """What a record was before, or the key of the object that has it."""

    def sentence(self) -> str:
        return f"{self.at}  {self.what}: {self.name}"


@dataclass(frozen=True)
class NewestDigest:
    """What an auditor keeps elsewhere, to hold the chain against it later."""

    key: str
    sha256: str
    is_signed: bool


@dataclass
class Findings:
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    newest: NewestDigest | None = None
    retention: str = ""
    """How long objects cannot be deleted; empty where they can."""

    def tell(self, at: str, what: str, name: str, details: str = "") -> None:
        self.faults.append(Fault(at, what, name, details))

    def in_order(self) -> list[Fault]:
        """Return the faults in the order of time, each once."""
        return sorted(set(self.faults))

    def document(self, start: str, end: str, most: int) -> dict[str, Any]:
        faults = self.in_order()
        return {
            "from": start,
            "to": end,
            "proven": not faults,
            "counts": dict(self.counts),
            "faults": len(faults),
            "first_faults": [asdict(item) for item in faults[:most]],
            "retention": self.retention,
            "newest_digest": asdict(self.newest) if self.newest else None,
        }
