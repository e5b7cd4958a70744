"""Clients that start operations and follow them, and what they see."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from tests.load.board import Board, Job, Look, Start
from tests.operation_cases import CASES
from tests.workflow.service import Answer, Service

_MOST_ATTEMPTS = 5
NAMES = tuple(CASES)


@dataclass
class Seen:
    """Hold what all clients see; `post`, `get` and `lists` are in seconds."""

    post: list[float] = field(default_factory=list)
    get: list[float] = field(default_factory=list)
    lists: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    accepted: dict[str, float] = field(default_factory=dict)
    endings: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


def jobs(number: int, prefix: str, names: tuple[str, ...] = NAMES) -> list[Job]:
    return [Job(names[n % len(names)], f"{prefix}-{n}") for n in range(number)]


def run(service: Service, board: Board, clients: int) -> Seen:
    seen = Seen()
    with ThreadPoolExecutor(clients) as pool:
        for client in [pool.submit(_work, service, board, seen) for _ in range(clients)]:
            client.result()
    return seen


def _work(service: Service, board: Board, seen: Seen) -> None:
    while task := board.take():
        then: Job | Look | None = None
        try:
            then = _start(service, task, seen) if isinstance(task, Start) else _look(service, task, seen)
        finally:
            board.done(task, then=then)


def _start(service: Service, task: Start, seen: Seen) -> Job | Look | None:
    parameters = CASES[task.job.operation].on(task.instance_id, task.job.key)
    body = {"operation": task.job.operation, "instance_id": task.instance_id, "parameters": parameters}
    answer, seconds = _timed(lambda: service.post(body, Idempotency_Key=task.job.key))
    with seen.lock:
        seen.post.append(seconds)
        seen.answers[f"POST {answer.status}"] += 1
        if answer.status == 202:
            seen.accepted[answer.body["operation_id"]] = time.monotonic()
            return Look(answer.body["operation_id"], task.instance_id)
        seen.wrong.append(f"POST {body} -> {answer.status} {answer.text}")
    again = answer.status >= 500 and task.job.attempt < _MOST_ATTEMPTS
    return replace(task.job, attempt=task.job.attempt + 1) if again else None


def _look(service: Service, task: Look, seen: Seen) -> Look | None:
    answer, seconds = _timed(lambda: service.get(task.operation_id))
    with seen.lock:
        seen.get.append(seconds)
        seen.answers[f"GET {answer.status}"] += 1
        if answer.status != 200:
            seen.wrong.append(f"GET {task.operation_id} -> {answer.status} {answer.text}")
            return task if answer.status >= 500 else None
        if "success" not in answer.body:
            return task
        seen.endings[f"{answer.body['operation']} {answer.body['status']}"] += 1
    _list(service, task, seen)
    return None


def _list(service: Service, task: Look, seen: Seen) -> None:
    """Read the records of an instance as a page does, once its operation has ended: the newest is the end."""
    path = f"/records?instance_id={task.instance_id}&limit=5"
    answer, seconds = _timed(lambda: service.send("GET", path))
    with seen.lock:
        seen.lists.append(seconds)
        seen.answers[f"LIST {answer.status}"] += 1
        found = [(record["operation_id"], record["event"]) for record in answer.body.get("records", [])]
        if (task.operation_id, "completed") not in found:
            seen.wrong.append(f"GET {path} -> {answer.status} without the end of {task.operation_id}")


def _timed(send: Callable[[], Answer]) -> tuple[Answer, float]:
    begun = time.monotonic()
    answer = send()
    return answer, time.monotonic() - begun
