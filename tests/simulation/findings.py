"""How violations are counted, and which of them the present product is known to have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from tests.simulation.watcher import Violation

LOST = frozenset(
    {
        "no record accepted",
        "no record completed",
        "acted without an opening record",
        "a 202 that cannot be found",
        "a 202 that was never started",
        "a refusal without a record",
        "a start without a record",
        "an operation is left open",
        "an open end that nobody follows",
        "an execution broke",
        "a Task is tried without end",
        "an execution is left",
        "not settled within the bound",
    }
)
TWICE = frozenset(
    {
        "acted twice",
        "acted without a claim",
        "one key was given two operations",
        "recorded twice as accepted",
        "recorded twice as completed",
        "recorded twice as final",
        "recorded twice as refused",
    }
)
LOCKS = frozenset(
    {
        "a lock is left",
        "a lock outlives its operation",
        "acted under another operation's lock",
        "two operations at once on an instance",
    }
)
"""All others are untrue."""

OPEN: dict[str, str] = {
    "another's restart is taken for its own": "a reboot that RDS never took; a later restart within the watch's day",
    "an instance made anew is taken for rebooted": "deleted and made anew under its name while it was to be rebooted",
    "one key was given two operations": "a repetition starts the order that the first attempt's Audit closes meanwhile",
    "nothing was done, it was answered, and it was done": "a start is repeated after the operation is over, "
    "and fails; or Admit lands after its own Audit and a repetition takes the order up",
    "nothing was done, it said, and it was done": "refused on record, then done under the same id: "
    "a direct start that was stopped early and redriven, or a repetition",
    "a start without a record": "a direct start that is stopped at once, whose event is lost",
}
"""By their name: what the product is known to do, until it is mended. They are counted apart, never hidden."""


def of_kind(violations: Iterable[Violation]) -> Counter[str]:
    """How many are `lost`, `twice`, `untrue`, `locks left`; and by their names those that are known."""
    counts = Counter({"lost": 0, "twice": 0, "untrue": 0, "locks left": 0})
    for violation in violations:
        counts[kind_of(violation.name)] += violation.name not in OPEN
    return counts


def kind_of(name: str) -> str:
    for kind, names in (("lost", LOST), ("twice", TWICE), ("locks left", LOCKS)):
        if name in names:
            return kind
    return "untrue"


def news(violations: Iterable[Violation]) -> list[Violation]:
    return [violation for violation in violations if violation.name not in OPEN]
