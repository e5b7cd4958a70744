"""Rounds of cold processes: the functions and the floors take turns, so that a busy moment affects all of them."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from tests.bench.cpu_share import group, modelled
from tests.bench.events import DYNAMODB, RDS, Scenario
from tests.bench.processes import Endpoint, Job, Run, Runtime, run
from tests.bench.servers import Told, told

AGAIN = f"{RDS} again"
"""The same floor, measured once more in each round: what it differs by is the machine's noise."""
OTHER = " of the other"
_FLOORS = {RDS: RDS, DYNAMODB: DYNAMODB, AGAIN: RDS}
Runs = dict[str, list[Run]]


@dataclass(frozen=True)
class Spread:
    """A median, with the lowest and the highest."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        return cls(statistics.median(values), min(values), max(values))

    def __str__(self) -> str:
        return f"{self.median:.2f} ({self.low:.2f} to {self.high:.2f})"


@dataclass(frozen=True)
class Bench:
    """What is measured: the `package`, on a `runtime`; and in the same rounds that of the `other` checkout, if any."""

    runtime: Runtime
    package: Path
    other: Path | None = None

    def calls(self, scenarios: Mapping[str, Scenario], endpoint: Endpoint) -> dict[str, Told]:
        """Invoke each once, cold, and return what it called. Raises `RuntimeError` where it left its success path."""
        found = {}
        told(endpoint)
        for name, scenario in scenarios.items():
            self._run(scenario, endpoint)
            found[name] = told(endpoint)
        return found

    def rounds(
        self, scenarios: Mapping[str, Scenario], endpoint: Endpoint, number: int, warm: int = 0, megabytes: int = 0
    ) -> Runs:
        """Measure so many rounds, beside the floors; at a memory size's share of the CPU if one is given."""
        found: Runs = defaultdict(list)
        with group(megabytes) as procs:
            for one in range(number + 1):
                runs = {
                    name: run(self.runtime, Job(floor, {}, self.package, warm), endpoint, procs)
                    for name, floor in _FLOORS.items()
                }
                for name, scenario in scenarios.items():
                    runs[name] = self._run(scenario, endpoint, warm, procs)
                    if self.other and (self.other / scenario.function).is_dir():
                        runs[f"{name}{OTHER}"] = replace(self, package=self.other)._run(scenario, endpoint, warm, procs)
                if one:  # the first round warms the file cache
                    for name, measured in runs.items():
                        found[name].append(measured)
        return found

    def paced(self, scenario: Scenario, endpoint: Endpoint, megabytes: int, number: int, warm: int) -> list[Run]:
        """Measure at a memory size, with time between the invocations in which the share of the CPU is had again."""
        with group(megabytes) as procs:
            runs = [self._run(scenario, endpoint, warm, procs, _PAUSE) for _ in range(number)]
            return runs if procs else [_stretched(one, megabytes) for one in runs]

    def log_bytes(self, scenario: Scenario, endpoint: Endpoint) -> int:
        return self._run(scenario, endpoint).log_bytes

    def _run(self, scenario: Scenario, endpoint: Endpoint, warm: int = 0, procs: str = "", pause: float = 0.0) -> Run:
        found = run(self.runtime, Job(scenario.function, scenario.event, self.package, warm, pause), endpoint, procs)
        if not scenario.succeeded(found.answer):
            raise RuntimeError(f"{scenario.name} is off its path: {found.answer}")
        return found


_PAUSE = 0.06


def ratios(runs: Runs, name: str, floor: str) -> Spread:
    """Return the CPU of a cold process relative to the floor of its round."""
    return Spread.of([one.cpu / other.cpu for one, other in zip(runs[name], runs[floor], strict=True)])


def can_share() -> bool:
    """Tell whether this machine lets us give a process a part of a CPU."""
    with group(256) as procs:
        return bool(procs)


def _stretched(one: Run, megabytes: int) -> Run:
    warm = [modelled(cpu, clock - cpu, megabytes) for clock, cpu in zip(one.warm, one.warm_cpu, strict=True)]
    first = modelled(one.first_cpu, one.first - one.first_cpu, megabytes)
    return Run(**{**vars(one), "warm": warm, "first": first})
