"""Extension: an invocation that runs while its function is updated comes to its end.

Lambda gives the next ones to the new version. MiniStack kills the process of the running ones, too.
https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
"""

import threading
from collections.abc import Iterable
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc


def install() -> None:
    kill, invalidate, release = lambda_runtime.kill_workers, lambda_svc.invalidate_worker, lambda_svc.release_worker
    lock = threading.Lock()
    outdated: set[Any] = set()
    updating = threading.local()

    def invalidate_idle(*args: Any, **kwargs: Any) -> None:
        updating.is_on = True
        try:
            invalidate(*args, **kwargs)
        finally:
            updating.is_on = False

    def kill_idle(workers: Iterable[Any]) -> None:
        workers = list(workers)
        if getattr(updating, "is_on", False):
            with lock:
                busy = {worker for worker in workers if worker.in_use}
                outdated.update(busy)
            workers = [worker for worker in workers if worker not in busy]
        kill(workers)

    def release_and_end(worker: Any) -> None:
        release(worker)
        with lock:
            is_outdated = worker in outdated
            outdated.discard(worker)
        if is_outdated:
            kill([worker])

    lambda_runtime.kill_workers = kill_idle
    lambda_svc.invalidate_worker = invalidate_idle
    lambda_svc.release_worker = release_and_end
