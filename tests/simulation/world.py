"""Virtual time: each event happens at once, and the clock moves on by the time it takes.

Two things take time. A *process* is a generator, which yields the seconds to wait, or a `Signal`. A greenlet runs a
function's real code and waits inside its calls to AWS. Only one of them runs at any moment, chosen by virtual time
alone, so a history is the same each time.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

from greenlet import getcurrent, greenlet

BEGINNING = datetime(2025, 11, 13, 10, 0, tzinfo=UTC)
Process = Generator[Any, Any, Any]


class Signal:
    """Tell those who wait, once, that something has happened, with a value."""

    def __init__(self) -> None:
        self.done = False
        self.value: Any = None
        self.waiting: list[Callable[[], None]] = []

    def tell(self, value: Any = None) -> None:
        if not self.done:
            self.done, self.value = True, value
            for wake in self.waiting:
                wake()


class Ended(BaseException):
    """End what still waits when the history is over."""


class World:
    """Hold the clock, and what is still to happen."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.broken: BaseException | None = None
        self._agenda: list[tuple[float, int, Callable[[], object]]] = []
        self._number = 0
        self._loop = getcurrent()
        self._waiting: set[greenlet] = set()

    def now(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.seconds)

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        self._number += 1
        heapq.heappush(self._agenda, (max(seconds, self.seconds), self._number, action))

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        self.at(self.seconds + seconds, action)

    def begin(self, process: Process) -> None:
        """Start a process now."""
        self.after(0, lambda: self._step(process, None))

    def run_code(self, action: Callable[[], None]) -> None:
        """Start an action now that waits by `sleep`."""
        self.after(0, lambda: greenlet(action, self._loop).switch())

    def sleep(self, seconds: float) -> None:
        """Wait, in an action's code. If nothing else happens meanwhile, only the clock moves on."""
        if self.broken:
            raise Ended
        until = self.seconds + seconds
        if not self._agenda or self._agenda[0][0] > until:
            self.seconds = until
            return
        waits = getcurrent()
        self.at(until, waits.switch)
        self._waiting.add(waits)
        self._loop.switch()
        self._waiting.remove(waits)

    def break_with(self, error: BaseException) -> None:
        """End the history because of the simulation's own fault, whatever the action's code does."""
        self.broken = self.broken or error
        raise Ended

    def run(self, over: Callable[[], bool]) -> None:
        """Run until it is over, or nothing is left to happen. Raises what has broken the simulation."""
        self._loop = getcurrent()
        while self._agenda and not over():
            self.seconds, _number, action = heapq.heappop(self._agenda)
            try:
                action()
            except Ended:
                break
        for waits in list(self._waiting):
            with suppress(Ended):
                waits.throw(Ended)
        if self.broken:
            raise self.broken

    def _step(self, process: Process, value: Any) -> None:
        try:
            wish = process.send(value)
        except StopIteration:
            return
        if isinstance(wish, Signal):
            self._wait_for(process, wish)
        else:
            self.after(wish, lambda: self._step(process, None))

    def _wait_for(self, process: Process, signal: Signal) -> None:
        def wake() -> None:
            self.after(0, lambda: self._step(process, signal.value))

        wake() if signal.done else signal.waiting.append(wake)
