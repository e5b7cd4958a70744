"""Runs one history, from its seed to the last check."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from rds_operations.model import clock
from tests.simulation import deployment
from tests.simulation.calls import take_all_calls
from tests.simulation.cloud import Chance, Cloud
from tests.simulation.definitions import load
from tests.simulation.dice import Dice
from tests.simulation.ending import check, check_answers, operations
from tests.simulation.functions import handlers
from tests.simulation.people import People
from tests.simulation.plan import Action, make_plan, population
from tests.simulation.watcher import Violation
from tests.simulation.world import Process, World

Document = dict[str, Any]
_FIRST_ACTION = 20.0
_FAULTS_GO_ON = (600.0, 600.0, 900.0, 900.0, 3000.0, 9000.0)
"""Seconds after the last action: some as long as operations run, others as long as late watches."""
_LOOK_AGAIN = 60.0
_BOUND = float(deployment.LONGEST_SECONDS + deployment.LATE_WATCH_SECONDS + 4 * deployment.SWEEP_SECONDS)
"""Seconds from the last fault until everything must be settled."""
_worlds: list[World] = []


@dataclass(frozen=True)
class Product:
    handlers: dict[str, Callable[[Document, object], Document]]
    definitions: dict[str, Document]


@dataclass(frozen=True)
class History:
    seed: int
    plan: list[Action]
    struck: dict[str, str]
    violations: list[Violation]
    counts: Counter[str]
    story: str


def product(folder: Any) -> Product:
    """Load the product, once in a process. The simulation takes over its clock and calls."""
    names = {"admission": deployment.ADMISSION, "operation": deployment.OPERATION, "late_watch": deployment.LATE_WATCH}
    definitions = {arn: load(folder / "statemachine", name, deployment.SUBSTITUTIONS) for name, arn in names.items()}
    definitions[deployment.OPERATION]["TimeoutSeconds"] = deployment.SETTINGS.longest_execution_seconds
    definitions[deployment.LATE_WATCH]["TimeoutSeconds"] = deployment.SETTINGS.longest_late_watch_seconds
    found = Product(handlers(list(deployment.TIMEOUTS)), definitions)
    clock.now = _now
    take_all_calls()
    return found


def _now() -> datetime:
    return _worlds[-1].now()


def run(
    product: Product, seed: int, plan: list[Action] | None = None, faults: Mapping[str, str] | None = None
) -> History:
    """Run a seed's history. `plan` replaces its actions, `faults` its faults."""
    plan = make_plan(seed) if plan is None else plan
    chance = Chance(seed, faults)
    cloud = Cloud(chance, product.handlers, product.definitions)
    _worlds[:] = [cloud.world]
    people = People(cloud)
    over: list[bool] = []
    for where, environment in population().items():
        cloud.rds.create(where, environment)
    cloud.world.after(0, lambda: cloud.lambdas.invoke("inventory", {}, "inventory 0"))
    cloud.world.begin(cloud.every(deployment.SWEEP_SECONDS, "sweep"))
    cloud.world.begin(cloud.every(deployment.INVENTORY_SECONDS, "inventory"))
    for action in plan:
        cloud.world.at(_FIRST_ACTION + action.at, partial(people.do, action))
    last = max((action.at for action in plan), default=0.0)
    cloud.world.begin(_settle(cloud, people, last + Dice(seed, "calm").one_of(_FAULTS_GO_ON), over))
    cloud.world.run(lambda: bool(over))
    return History(seed, plan, chance.struck, cloud.watcher.violations, cloud.counts, cloud.story.text())


def _settle(cloud: Cloud, people: People, calm_at: float, over: list[bool]) -> Process:
    """Wait until no more faults strike and everything has ended, then check it."""
    yield calm_at
    cloud.chance.calm = True
    cloud.story.tell("the world", "nothing goes wrong any more")
    while not _is_quiet(cloud) and cloud.world.seconds < calm_at + _BOUND:
        yield _LOOK_AGAIN
    reports = {}
    for item in operations(cloud):
        operation_id = item["operation_id"]
        answer = yield cloud.lambdas.invoke("status", _get(item), f"GET {operation_id}")
        reports[operation_id] = json.loads(answer["body"])
    check(cloud, people, reports)
    check_answers(cloud, people)
    if not _is_quiet(cloud):
        cloud.watcher.found("not settled within the bound", f"{_BOUND} s after the last fault")
    cloud.counts["operations"] += len(reports)
    over.append(True)


def _is_quiet(cloud: Cloud) -> bool:
    running = any(execution.status == "RUNNING" for execution in cloud.states.executions.values())
    unfinished = any("unfinished" in item for item in operations(cloud))
    waiting = cloud.queues.waiting(deployment.QUEUE)
    return not (running or unfinished or waiting or cloud.watcher.held_locks())


def _get(item: Document) -> Document:
    """Return an auditor's GET as API Gateway's proxy event."""
    return {
        "pathParameters": {"operation_id": item["operation_id"]},
        "stageVariables": {"authentication": "api_key"},
        "requestContext": {"identity": {"apiKeyId": deployment.ALL.removeprefix("apikey:")}},
    }
