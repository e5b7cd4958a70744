"""What befalls one call of a function to AWS, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tests.simulation.dice import Dice


class Fate(StrEnum):
    """`LATE`: the client gives up, and the service does it all the same, seconds later."""

    FINE = "fine"
    SLOW = "slow"
    THROTTLED = "throttled"
    BROKEN_BEFORE = "5xx, nothing done"
    BROKEN_AFTER = "5xx, done"
    UNREACHED = "no connection"
    LOST_BEFORE = "no answer, nothing done"
    LOST_AFTER = "no answer, done"
    LATE = "no answer, done later"
    SENT_TWICE = "answer lost, sent again"
    KILLED_BEFORE = "function killed, nothing done"
    KILLED_AFTER = "function killed, done"
    CONFLICT = "transaction conflict"


_WEIGHTS = {
    Fate.SLOW: 4,
    Fate.THROTTLED: 3,
    Fate.BROKEN_BEFORE: 1,
    Fate.BROKEN_AFTER: 2,
    Fate.UNREACHED: 1,
    Fate.LOST_BEFORE: 1,
    Fate.LOST_AFTER: 3,
    Fate.LATE: 2,
    Fate.SENT_TWICE: 2,
    Fate.KILLED_BEFORE: 2,
    Fate.KILLED_AFTER: 3,
    Fate.CONFLICT: 2,
}
_ALL = [fate for fate, weight in _WEIGHTS.items() for _ in range(weight)]


@dataclass(frozen=True)
class Weather:
    """How often anything goes wrong: in most histories seldom, in some all the time."""

    rate: float

    @classmethod
    def of(cls, dice: Dice) -> Weather:
        return cls(dice.one_of((0.0, 0.005, 0.01, 0.02, 0.02, 0.04, 0.08, 0.2)))

    def fate(self, dice: Dice) -> Fate:
        return dice.one_of(_ALL) if dice.hits(self.rate) else Fate.FINE
