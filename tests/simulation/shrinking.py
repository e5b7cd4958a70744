"""Makes a failing history small: actions and faults are taken out as long as it still fails in the same way."""

from __future__ import annotations

from typing import Any

from tests.simulation.history import History, Product, run

_MOST_RUNS = 200


def shrink(product: Product, history: History, name: str) -> History:
    """The smallest found within two hundred runs."""
    runs, spared, size = 0, frozenset[str](), max(1, len(_parts(history)) // 2)
    while runs < _MOST_RUNS:
        smaller = None
        parts = _parts(history)
        for begin in range(0, len(parts), size):
            out = parts[begin : begin + size]
            plan = [action for action in history.plan if action not in out]
            without = spared | {part for part in out if isinstance(part, str)}
            runs += 1
            tried = run(product, history.seed, plan, without)
            if any(violation.name == name for violation in tried.violations):
                smaller, spared = tried, without
                break
        if smaller:
            history = smaller
        elif size == 1:
            break
        size = max(1, min(size, len(_parts(history))) // (1 if smaller else 2))
    return history


def _parts(history: History) -> list[Any]:
    """What can be taken out: the faults that struck, then the actions."""
    return [*history.struck, *history.plan]
