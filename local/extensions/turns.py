"""Extension: only a few invocations of one function run at once; the others wait in order.

MiniStack starts a process for every invocation that finds the others busy. On a few cores many starts take seconds
each, and the waiting Tasks time out. Waiting cannot deadlock, because no function invokes another.
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
    """Act as a semaphore that never lets a later caller overtake."""

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
