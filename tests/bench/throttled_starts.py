"""Many executions started at once, against an RDS that throttles: what the definitions' retries and waits make of it.

One token bucket stands for all RDS calls of an account. AWS publishes no numbers, so its rate is an assumption.
"""

from __future__ import annotations

import heapq
import itertools
import random
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from stacks.definitions import read_definition
from stacks.settings import Settings

_READ_ATTEMPTS, _ACT_ATTEMPTS = 3, 1
"""Of the clients: see `aws.clients`."""
_CALL_SECONDS = 0.2
_FOLDER = Path(__file__).parents[2] / "statemachine"


@dataclass(frozen=True)
class Step:
    """Hold one call, with the Retry of the state that makes it. The calls of a state share its retries."""

    state: str
    attempts: int
    retries: int
    interval: float
    longest: float


@dataclass
class Bucket:
    rate: float
    tokens: float = field(init=False)
    moment: float = 0.0

    def __post_init__(self) -> None:
        self.tokens = 2 * self.rate

    def takes(self, moment: float) -> bool:
        self.tokens = min(2 * self.rate, self.tokens + (moment - self.moment) * self.rate)
        self.moment = moment
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


@dataclass(frozen=True)
class Seen:
    """`failed` and `throttled` are shares of 1; `calls` is per operation; `acted_after` a median in seconds."""

    failed: float
    throttled: float
    calls: float
    acted_after: float


def steps() -> list[Step]:
    """Read the calls of OPERATION up to the one that acts, from its definition."""
    states = read_definition("operation", _FOLDER)["States"]
    return [
        _step(states, "Classify", _READ_ATTEMPTS),
        _step(states, "Execute", _READ_ATTEMPTS),
        _step(states, "Execute", _ACT_ATTEMPTS),
    ]


def started(executions: int, within_seconds: float, rate: float, seed: int = 1) -> Seen:
    """Start so many executions evenly within a time, and follow each to its last poll."""
    return _Run(rate, random.Random(seed)).run(executions, within_seconds)  # noqa: S311 - repeatable, not secret


@dataclass(frozen=True)
class Call:
    """Hold a call that is due: of which execution, which step it is, and what was tried before."""

    one: int
    step: int = 0
    attempt: int = 0
    retry: int = 0
    polls: int = 0


class _Run:
    def __init__(self, rate: float, chance: random.Random) -> None:
        self._bucket, self._chance, self._settings = Bucket(rate), chance, Settings()
        self._steps = steps()
        self._poll = _step(read_definition("operation", _FOLDER)["States"], "Poll", _READ_ATTEMPTS)
        self._queue: list[tuple[float, int, Call]] = []
        self._sequence = itertools.count()
        self._begun: list[float] = []
        self._ends_after: list[float] = []
        self._acted: dict[int, float] = {}
        self._calls = self._throttled = self._failed = 0

    def run(self, executions: int, within_seconds: float) -> Seen:
        self._begun = [self._chance.uniform(0, within_seconds) for _ in range(executions)]
        self._ends_after = [max(8.0, self._chance.lognormvariate(4.7, 0.7)) for _ in range(executions)]
        for one, moment in enumerate(self._begun):
            self._push(moment, Call(one))
        while self._queue:
            moment, _number, call = heapq.heappop(self._queue)
            self._calls += 1
            if self._bucket.takes(moment):
                self._answered(moment, call)
            else:
                self._throttled += 1
                self._refused(moment, call)
        waited = sorted(moment - self._begun[one] for one, moment in self._acted.items())
        median = waited[len(waited) // 2] if waited else 0.0
        return Seen(self._failed / executions, self._throttled / self._calls, self._calls / executions, median)

    def _push(self, moment: float, call: Call) -> None:
        heapq.heappush(self._queue, (moment, next(self._sequence), call))

    def _is_poll(self, call: Call) -> bool:
        return call.step == len(self._steps)

    def _answered(self, moment: float, call: Call) -> None:
        if not self._is_poll(call) and call.step + 1 < len(self._steps):
            same = self._steps[call.step + 1].state == self._steps[call.step].state
            self._push(moment + _CALL_SECONDS, Call(call.one, call.step + 1, 0, call.retry if same else 0))
            return
        self._acted.setdefault(call.one, moment)
        if moment - self._acted[call.one] < self._ends_after[call.one]:
            self._wait(moment, call)

    def _refused(self, moment: float, call: Call) -> None:
        now = self._poll if self._is_poll(call) else self._steps[call.step]
        if call.attempt + 1 < now.attempts:
            self._push(moment + self._chance.random() * 2**call.attempt, replace(call, attempt=call.attempt + 1))
        elif call.retry < now.retries:
            wait = min(now.interval * 2**call.retry, now.longest) * self._chance.random()
            self._push(moment + wait, replace(call, step=self._first_of_state(call), attempt=0, retry=call.retry + 1))
        elif self._is_poll(call):  # its Catch: the next one comes
            self._wait(moment, call)
        else:
            self._failed += 1

    def _first_of_state(self, call: Call) -> int:
        """Return the call with which the state begins anew."""
        if self._is_poll(call):
            return call.step
        return next(number for number, step in enumerate(self._steps) if step.state == self._steps[call.step].state)

    def _wait(self, moment: float, call: Call) -> None:
        if call.polls < self._settings.max_polls:
            due = moment + self._settings.poll_interval_seconds
            self._push(due, Call(call.one, len(self._steps), polls=call.polls + 1))


def _step(states: Any, name: str, attempts: int) -> Step:
    (retry,) = [one for one in states[name]["Retry"] if "RdsThrottled" in one["ErrorEquals"]]
    longest = float(retry.get("MaxDelaySeconds", 10**6))
    return Step(name, attempts, retry["MaxAttempts"], float(retry["IntervalSeconds"]), longest)


def report() -> str:
    """Return the table, for a bucket of 50 RDS calls a second."""
    cases = {
        "1,000 at once": (1000, 1.0),
        "300 at once": (300, 1.0),
        "1,000 in two minutes": (1000, 120.0),
        "10,000 in an hour": (10_000, 3600.0),
    }
    lines = []
    for name, (number, seconds) in cases.items():
        seen = started(number, seconds, 50.0)
        lines.append(
            f"{name:22} {seen.failed:6.1%} failed  {seen.throttled:5.1%} throttled  {seen.calls:4.1f} calls each  "
            f"acted after {seen.acted_after:.0f} s"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    print(report())
