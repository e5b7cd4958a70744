"""What RDS had at every moment, and what was done to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rds_operations.model.place import Place
from tests.simulation.dice import Dice
from tests.simulation.world import BEGINNING

Document = dict[str, Any]
Where = tuple[Place, str]
NEVER = 10.0**9


class Versions:
    """Keep a thing's versions; `None` while it does not exist."""

    def __init__(self) -> None:
        self._versions: list[tuple[float, Document | None]] = []

    def set(self, seconds: float, shown: Document | None) -> None:
        self._versions.append((seconds, shown))

    def as_of(self, seconds: float) -> Document | None:
        return next((shown for moment, shown in reversed(self._versions) if moment <= seconds), None)

    @property
    def now(self) -> Document | None:
        return self._versions[-1][1] if self._versions else None

    def between(self, begin: float, end: float) -> list[Document]:
        """Return all versions at any moment in between."""
        first = self.as_of(begin)
        later = [shown for moment, shown in self._versions if begin < moment <= end]
        return [shown for shown in (first, *later) if shown]


@dataclass
class Act:
    """Describe an acting call that RDS took. `by` is the operation, empty for anyone else."""

    action: str
    where: Where
    by: str
    at: float
    resource_id: str = ""
    call: Document = field(default_factory=dict)
    done_at: float = NEVER
    succeeded: bool = False
    told_after: float = 0.0
    """Seconds until an event reports it, if one must."""


def seconds_of(moment: Any) -> float:
    """Return a moment of the virtual clock, in seconds since the beginning."""
    return float((moment - BEGINNING).total_seconds())


def lag(dice: Dice) -> float:
    kind = dice.chance()
    if kind < 0.7:
        return 0.0
    return dice.between(0, 5) if kind < 0.9 else dice.between(5, 20)


def is_production(shown: Document) -> bool:
    return any(tag["Value"] == "production" for tag in shown["TagList"])
