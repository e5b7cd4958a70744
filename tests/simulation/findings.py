"""Counts violations by kind."""

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


def of_kind(violations: Iterable[Violation]) -> Counter[str]:
    """Count how many are `lost`, `twice`, `untrue` and `locks left`."""
    counts = Counter({"lost": 0, "twice": 0, "untrue": 0, "locks left": 0})
    for violation in violations:
        counts[kind_of(violation.name)] += 1
    return counts


def kind_of(name: str) -> str:
    for kind, names in (("lost", LOST), ("twice", TWICE), ("locks left", LOCKS)):
        if name in names:
            return kind
    return "untrue"
