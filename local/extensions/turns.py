"""Extension: a few invocations of one function at once; the others wait, first come, first served.

MiniStack starts a process for every invocation that finds the others busy, as AWS starts an environment. AWS has the
machines for it. Here many starts share a few cores, each takes seconds, and the Tasks that wait for them time out.
No function of this project invokes one, so waiting cannot deadlock.
"""

import threading
from collections import defaultdict, deque
from typing import Any

from ministack.services import lambda_svc


def install(at_once: int) -> None:
    execute = lambda_svc._execute_function_warm
    choosing = threading.Lock()
    of_function: dict[str, Turns] = defaultdict(lambda: Turns(at_once))

    def in_turn(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        with choosing:
            turns = of_function[(func.get("config") or func)["FunctionArn"]]
        turns.enter()
        try:
            result: dict[str, Any] = execute(func, event, request_id)
        finally:
            turns.leave()
        return result

    lambda_svc._execute_function_warm = in_turn


class Turns:
    """A semaphore whose turns are handed over in order: one that comes later never overtakes."""

    def __init__(self, at_once: int) -> None:
        self._free = at_once
        self._waiting: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    def enter(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            my_turn = threading.Event()
            self._waiting.append(my_turn)
        my_turn.wait()

    def leave(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1
