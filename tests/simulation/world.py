"""Virtual time: what happens next happens at once, and the clock says that it took its time.

Two kinds of things take time. A *process* is a generator, which yields the seconds to wait, or a `Signal`. A *thread*
runs a function's real code and waits inside of its calls to AWS. Only one of them runs at any moment, and which one
depends on the virtual time alone: a history is the same each time.
"""

from __future__ import annotations

import heapq
import threading
from collections.abc import Callable, Generator
from datetime import UTC, datetime, timedelta
from typing import Any

BEGINNING = datetime(2025, 11, 13, 10, 0, tzinfo=UTC)
Process = Generator[Any, Any, Any]


class Signal:
    """Something that will have happened, once; who waits for it is told the value."""

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
    """Thrown into what still waits when the history is over."""


class Worker:
    """A thread for functions' code, one function after the other."""

    def __init__(self, world: World) -> None:
        self.lock = threading.Lock()
        self.lock.acquire()
        self.action: Callable[[], None] = lambda: None
        self.ended = False
        self._world = world
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._thread.start()

    def end(self) -> None:
        self.ended = True
        self.lock.release()
        self._thread.join()

    def _live(self) -> None:
        self.lock.acquire()
        while not self.ended:
            self._world.run_in(self)
            if not self.ended:
                self.lock.acquire()


class World:
    """The clock, and what is still to happen."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.broken: BaseException | None = None
        self._agenda: list[tuple[float, int, Callable[[], object] | Worker]] = []
        self._number = 0
        self._workers: list[Worker] = []
        self._idle: list[Worker] = []
        self._current: Worker | None = None
        self._main = threading.Lock()
        self._main.acquire()
        self._over: Callable[[], bool] = lambda: False

    def now(self) -> datetime:
        return BEGINNING + timedelta(seconds=self.seconds)

    def at(self, seconds: float, action: Callable[[], object] | Worker) -> None:
        self._number += 1
        heapq.heappush(self._agenda, (max(seconds, self.seconds), self._number, action))

    def after(self, seconds: float, action: Callable[[], object]) -> None:
        self.at(self.seconds + seconds, action)

    def begin(self, process: Process) -> None:
        """Let a process run, from now on."""
        self.after(0, lambda: self._step(process, None))

    def in_thread(self, action: Callable[[], None]) -> None:
        """Run an action that waits by `sleep`, from now on."""
        self.after(0, lambda: self._hand_over(action))

    def sleep(self, seconds: float) -> None:
        """Wait, in a thread. Where nothing else happens meanwhile, only the clock goes on."""
        worker, until = self._current, self.seconds + seconds
        assert worker
        if self.broken or worker.ended:
            raise Ended
        if not self._agenda or self._agenda[0][0] > until:
            self.seconds = until
            return
        self.at(until, worker)
        if self._go_on() is not worker:
            worker.lock.acquire()
        if worker.ended:
            raise Ended
        self._current = worker

    def break_with(self, error: BaseException) -> None:
        """The simulation itself is at fault: it ends, whatever the code in a thread makes of this."""
        self.broken = self.broken or error
        raise Ended

    def run(self, over: Callable[[], bool]) -> None:
        """Until it is over, or nothing is left to happen. Raises what has broken the simulation."""
        self._over = over
        if self._go_on() is not self:
            self._main.acquire()
        for worker in self._workers:
            worker.end()
        if self.broken:
            raise self.broken

    def run_in(self, worker: Worker) -> None:
        """Do a thread's work, and go on with the agenda until that is another thread's turn."""
        self._current = worker
        try:
            worker.action()
        except Ended:
            pass
        except BaseException as error:
            self.broken = self.broken or error
        if not worker.ended:
            self._idle.append(worker)
            self._go_on()

    def _go_on(self) -> Worker | World:
        """Do what is next. Return the thread that goes on: it was woken already, if it is not the caller's own."""
        caller = self._current
        while not (self.broken or not self._agenda or self._over()):
            self.seconds, _number, action = heapq.heappop(self._agenda)
            self._current = None
            try:
                woken = action if isinstance(action, Worker) else action()
            except BaseException as error:
                self.broken = self.broken or error
                break
            if isinstance(woken, Worker):
                if woken is not action or woken is not caller:  # who sleeps in this very thread only has to return
                    woken.lock.release()
                return woken
        if caller is not None:
            self._main.release()
        return self

    def _hand_over(self, action: Callable[[], None]) -> Worker:
        if not self._idle:
            self._idle.append(Worker(self))
            self._workers.append(self._idle[-1])
        worker = self._idle.pop()
        worker.action = action
        return worker

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
