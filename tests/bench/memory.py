"""Which memory size a function should have: the one with the lowest latency that costs at most a fifth more than the
cheapest one.

Measured with answers that take as long as AWS's are assumed to, for waiting is billed like work.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass

from tests.bench.cost import COLD_SHARE, compute_usd
from tests.bench.events import Scenario
from tests.bench.measurements import Bench
from tests.bench.processes import Endpoint, Run

SIZES = (128, 256, 512, 1024, 1769)
"""MB. The largest has one whole CPU, more than which one thread cannot use."""
WAITS = {"rds": 0.04, "dynamodb": 0.005, "sts": 0.02, "states": 0.015, "sqs": 0.01}
"""Assumed seconds until a service answers."""
_MORE = 1.2
_ALIKE = 1.03
"""Latencies so close to each other are the same: the smaller size has it."""
_WARM = 15


@dataclass(frozen=True)
class Size:
    """What an invocation takes at a memory size, in seconds: `cold` with its init, which is billed too."""

    megabytes: int
    warm: float
    cold: float

    @property
    def mean(self) -> float:
        """Return the mean, with so many cold invocations as are assumed."""
        return (1 - COLD_SHARE) * self.warm + COLD_SHARE * self.cold

    @property
    def usd(self) -> float:
        return compute_usd(self.megabytes, self.mean)


def chosen(sizes: list[Size]) -> Size:
    most = _MORE * min(size.usd for size in sizes)
    affordable = [size for size in sizes if size.usd <= most]
    fastest = min(size.mean for size in affordable)
    return min((size for size in affordable if size.mean <= _ALIKE * fastest), key=lambda size: size.megabytes)


def measured(
    bench: Bench, scenarios: Mapping[str, Scenario], endpoint: Endpoint, rounds: int, sizes: tuple[int, ...] = SIZES
) -> dict[str, list[Size]]:
    """Measure every function at every size."""
    return {
        name: [at(bench, scenario, endpoint, megabytes, rounds) for megabytes in sizes]
        for name, scenario in scenarios.items()
    }


def at(bench: Bench, scenario: Scenario, endpoint: Endpoint, megabytes: int, rounds: int) -> Size:
    return size_of(megabytes, bench.paced(scenario, endpoint, megabytes, rounds, _WARM))


def size_of(megabytes: int, runs: list[Run]) -> Size:
    """Return the medians: all warm invocations of all processes, and the processes' first ones with their import."""
    return Size(
        megabytes,
        statistics.median([seconds for run in runs for seconds in run.warm]),
        statistics.median([run.imported + run.first for run in runs]),
    )
