"""Runs many histories on all cores."""

from __future__ import annotations

import gc
import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.simulation.history import Product, run
from tests.simulation.watcher import Violation

_CHUNK = 5
_loaded: list[Product] = []


@dataclass
class Seen:
    """Hold what a campaign has seen. `failing` has the first seed for each violation's name."""

    histories: int = 0
    violations: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    failing: dict[str, int] = field(default_factory=dict)

    def add(self, seed: int, violations: list[Violation], counts: Counter[str]) -> None:
        self.histories += 1
        self.counts += counts
        for violation in violations:
            self.violations[violation.name] += 1
            self.failing[violation.name] = min(seed, self.failing.get(violation.name, seed))


def campaign(product: Product, first: int, number: int) -> Iterator[Seen]:
    _loaded[:] = [product]
    gc.collect()
    gc.freeze()
    seen = Seen()
    with multiprocessing.get_context("fork").Pool(os.cpu_count(), _be_quiet) as pool:
        for seed, violations, counts in pool.imap_unordered(_one, range(first, first + number), _CHUNK):
            seen.add(seed, violations, counts)
            yield seen


def _be_quiet() -> None:
    """Hide the metrics that the functions print."""
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - as long as the process


def _one(seed: int) -> tuple[int, list[Violation], Counter[str]]:
    history = run(_loaded[0], seed)
    return seed, history.violations, history.counts
