"""Extension: a few invocations of one function at once; the others wait for their turn.

MiniStack starts a process for every invocation that finds the others busy, as AWS starts an environment. AWS has the
machines for it. Here many starts share a few cores, each takes seconds, and the Tasks that wait for them time out.
No function of this project invokes one, so waiting cannot deadlock.
"""

import threading
from collections import defaultdict
from typing import Any

from ministack.services import lambda_svc


def install(at_once: int) -> None:
    execute = lambda_svc._execute_function_warm
    turns: dict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(at_once))
    choosing = threading.Lock()

    def in_turn(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        with choosing:
            turn = turns[(func.get("config") or func)["FunctionArn"]]
        with turn:
            result: dict[str, Any] = execute(func, event, request_id)
            return result

    lambda_svc._execute_function_warm = in_turn
