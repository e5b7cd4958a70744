"""What a verification counts and finds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, order=True)
class Fault:
    """`at` is a time in ISO 8601: of the record, or of the digest's period. `name` is an `audit_id`, a key or an id."""

    at: str
    what: str
    name: str

    def sentence(self) -> str:
        return f"{self.at}  {self.what}: {self.name}"


@dataclass
class Findings:
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)

    def tell(self, at: str, what: str, name: str) -> None:
        self.faults.append(Fault(at, what, name))

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
            "first_faults": [{"at": item.at, "what": item.what, "name": item.name} for item in faults[:most]],
        }
