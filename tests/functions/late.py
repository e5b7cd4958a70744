"""What tests of late ends do: an operation that RDS never took, the late watch's look, the sweep's."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from rds_operations.model import clock
from tests.functions.calls import Answer, Call, error
from tests.functions.cloud import LATE_WATCH_MACHINE, Cloud, Document
from tests.unit.builders import a_body

WINDOW = "04:00-05:00"


def item(cloud: Cloud, operation_id: str) -> Document:
    found = cloud.item(operation_id)
    assert found
    return found


def never_taken(cloud: Cloud, operation: str, request_id: str = "request-1", **parameters: Any) -> str:
    """The id of an operation that ended before RDS was done: it has claimed, but its call never came to RDS."""
    work = cloud.request(a_body(operation, **parameters), request_id=request_id)
    assert "start" in work, work
    work = cloud.begin(work["start"])
    work = unavailable(cloud, work)
    assert cloud.audited(work)["error"] == "OperationTimedOut"
    return str(work["request"]["operation_id"])


def unavailable(cloud: Cloud, work: Document) -> Document:
    """Execute, of which RDS takes no call and does not say so."""

    def answer(call: Call) -> Answer | None:
        acts = call.hand == "acting" and not call.action.startswith("Describe")
        return error("ServiceUnavailable", 503) if acts else None

    with cloud.calls.answering(answer):
        return cloud.executed(work)


def let_lock_end(cloud: Cloud) -> None:
    """As if its time had passed."""
    lock = cloud.lock()
    assert lock
    cloud.put(**{**lock, "expires_at": 1})


def watched(cloud: Cloud, operation_id: str) -> Document:
    """One look of the late watch, on what Audit has given it."""
    arn = LATE_WATCH_MACHINE.replace(":stateMachine:", ":execution:") + f":{operation_id}"
    given = json.loads(cloud.states.describe_execution(executionArn=arn)["input"])
    return cloud.polled({**given, "machine": "LATE_WATCH"}, 1)


def settled(cloud: Cloud, operation_id: str) -> Document:
    """The result document after a look of the late watch that was the end."""
    work = watched(cloud, operation_id)
    assert work["progress"]["finished"] is True, work["progress"]
    return cloud.call("audit", {"machine": "LATE_WATCH", "work": work})


def by_sweep(cloud: Cloud, operation_id: str) -> Document:
    """The same, where the late watch is lost."""
    cloud.overdue(operation_id)
    assert cloud.sweep()["settled"] == 1
    document: Document = cloud.status(operation_id)["body"]
    return document


both = pytest.mark.parametrize("end", [settled, by_sweep])
End = Callable[[Cloud, str], Document]


def restarted(call: Call) -> Answer | None:
    """RDS shows a restart, a moment ago."""
    shown = {"Events": [{"Message": "DB instance restarted", "Date": clock.now()}]}
    return (SimpleNamespace(status_code=200), shown) if call.action == "DescribeEvents" else None
