"""What happens to a function's call to AWS, and how often."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from tests.simulation.dice import Dice


class Fate(StrEnum):
    """Name a call's fate. `LATE`: the client gives up, and the service performs it seconds later."""

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
    HUNG = "function hangs, done"
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
    Fate.HUNG: 2,
    Fate.KILLED_BEFORE: 2,
    Fate.KILLED_AFTER: 3,
    Fate.CONFLICT: 2,
}
_ALL = [fate for fate, weight in _WEIGHTS.items() for _ in range(weight)]


_PLACES = (
    "Classify",
    "Admit try",
    "Start operation",
    "Start operation",
    "stepfunctions.",
    "ADMISSION",
    "Execute",
    "rds.",
    "Poll",
    "Audit",
    "Audit",
    "TransactWriteItems",
    "LATE WATCH",
    "event of",
    "sweep",
)
"""Parts of the purposes at which a history has most of its faults."""


_BAD_ACTS = (Fate.LATE, Fate.LATE, Fate.SLOW, Fate.LOST_BEFORE, Fate.KILLED_BEFORE, Fate.KILLED_AFTER)
_ACTS = ("Execute", "rds.CreateDBSnapshot", "rds.RebootDBInstance", "rds.")
_AFTERMATH = ("stepfunctions.", "stepfunctions.", "LATE WATCH", "Audit", "event of", "sweep")
_HANDS_ON, _TWINS = 0.25, 0.1


class Scene(StrEnum):
    """Name a history's scene. Events that are rare alone would hardly ever meet by chance."""

    ALL = "whatever people do"
    HANDS_ON = "an operator stops what hangs in its acting call, and drives it on"
    TWINS = "a request is sent twice at once, while it cannot be started"

    @classmethod
    def of(cls, seed: int) -> Scene:
        if Dice(seed, "hands on").hits(_HANDS_ON):
            return cls.HANDS_ON
        return cls.TWINS if Dice(seed, "twins").hits(_TWINS) else cls.ALL


@dataclass(frozen=True)
class Weather:
    """Set how often things go wrong: seldom in general, but often in one or two places.

    Few kinds of faults at a time find more than all together: "Swarm Testing", Groce et al., ISSTA 2012.
    """

    rate: float
    kinds: tuple[Fate, ...]
    hard: tuple[str, ...]
    hard_rate: float

    @classmethod
    def of(cls, seed: int) -> Weather:
        dice = Dice(seed, "weather")
        scene = Scene.of(seed)
        if scene is Scene.TWINS:
            return cls(0.005, (Fate.SLOW, dice.one_of(_ALL)), ("Start operation", "Admit try"), 0.6)
        if scene is Scene.HANDS_ON:
            kinds = tuple(dice.one_of(_BAD_ACTS) for _ in range(dice.one_of((1, 2))))
            return cls(dice.one_of((0.0, 0.005)), kinds, (dice.one_of(_ACTS), dice.one_of(_AFTERMATH)), 0.6)
        kinds = tuple(dice.one_of(_ALL) for _ in range(dice.one_of((1, 2, 4, 12))))
        rate = dice.one_of((0.0, 0.002, 0.002, 0.005, 0.01, 0.02, 0.05))
        hard = tuple(dice.one_of(_PLACES) for _ in range(dice.one_of((0, 1, 1, 2, 2)))) if rate else ()
        return cls(rate, kinds, hard, dice.one_of((0.2, 0.4, 0.6)))

    def strikes(self, purpose: str, dice: Dice) -> bool:
        return dice.hits(self.hard_rate if any(place in purpose for place in self.hard) else self.rate)

    def fate(self, purpose: str, dice: Dice) -> Fate:
        return dice.one_of(self.kinds) if self.strikes(purpose, dice) else Fate.FINE
