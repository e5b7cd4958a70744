"""The next task: an operation to start if an instance is free, else one to read."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
_LOOK_EVERY_SECONDS = 0.5
_PATIENCE_SECONDS = 600


@dataclass(frozen=True)
class Job:
    """Describe an operation to start. A repetition after a 5xx has the same `key`, so it cannot act twice."""

    operation: str
    key: str
    attempt: int = 1


@dataclass(frozen=True)
class Start:
    job: Job
    instance_id: str


@dataclass(frozen=True)
class Look:
    operation_id: str
    instance_id: str


class Board:
    """Share the tasks between all clients. An instance is free before its operation starts and after that has ended."""

    def __init__(self, jobs: Iterable[Job], instances: Iterable[str]) -> None:
        self._jobs = deque(jobs)
        self._free = deque(instances)
        self._looks: deque[tuple[float, Look]] = deque()
        self._in_hand = 0
        self._changed = threading.Condition()
        self._deadline = time.monotonic() + _PATIENCE_SECONDS

    def take(self) -> Start | Look | None:
        """Wait for the next task. Return None when all is done, or the time is over."""
        with self._changed:
            while True:
                if (self._over() and not self._in_hand) or time.monotonic() > self._deadline:
                    return None
                found = self._next()
                if found:
                    self._in_hand += 1
                    return found
                self._changed.wait(self._pause())

    def done(self, task: Start | Look, *, then: Job | Look | None = None) -> None:
        """Finish a task. `then` is a job to repeat or a later read; without a read the instance is free."""
        with self._changed:
            self._in_hand -= 1
            if isinstance(then, Job):
                self._jobs.appendleft(then)
            if isinstance(then, Look):
                self._looks.append((time.monotonic() + _LOOK_EVERY_SECONDS, then))
            else:
                self._free.append(task.instance_id)
            self._changed.notify_all()

    def _over(self) -> bool:
        return not self._jobs and not self._looks

    def _next(self) -> Start | Look | None:
        if self._looks and self._looks[0][0] <= time.monotonic():
            return self._looks.popleft()[1]
        if self._jobs and self._free:
            return Start(self._jobs.popleft(), self._free.popleft())
        return None

    def _pause(self) -> float:
        """Return the seconds until the first read is due or the time is over."""
        due = self._looks[0][0] if self._looks else self._deadline
        return max(0.0, min(due, self._deadline) - time.monotonic())
