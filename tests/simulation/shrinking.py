"""Shrinks a failing history by removing actions and faults while it still fails in the same way."""

from __future__ import annotations

from typing import Any

from tests.simulation.history import History, Product, run

_MOST_RUNS = 200


def shrink(product: Product, history: History, name: str) -> History:
    """Return the smallest history found in two hundred runs."""
    runs, size = 0, max(1, len(_parts(history)) // 2)
    while runs < _MOST_RUNS:
        smaller = None
        parts = _parts(history)
        for begin in range(0, len(parts), size):
            out = parts[begin : begin + size]
            plan = [action for action in history.plan if action not in out]
            faults = {purpose: fault for purpose, fault in history.struck.items() if purpose not in out}
            runs += 1
            tried = run(product, history.seed, plan, faults)
            if any(violation.name == name for violation in tried.violations):
                smaller = tried
                break
        if smaller:
            history = smaller
        elif size == 1:
            break
        size = max(1, min(size, len(_parts(history))) // (1 if smaller else 2))
    return history


def _parts(history: History) -> list[Any]:
    """Return what can be removed: the faults that struck, then the actions."""
    return [*history.struck, *history.plan]
