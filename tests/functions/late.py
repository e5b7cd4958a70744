"""For tests of late ends."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from rds_operations.model import clock
from tests.builders import a_body
from tests.functions.calls import Answer, Call, error
from tests.functions.fake_aws import LATE_WATCH_MACHINE, Document, FakeAws

WINDOW = "04:00-05:00"


def item(aws: FakeAws, operation_id: str) -> Document:
    found = aws.item(operation_id)
    assert found
    return found


def never_taken(aws: FakeAws, operation: str, request_id: str = "request-1", **parameters: Any) -> str:
    """Return the id of an operation that claimed and ended, but whose call never came to RDS."""
    work = aws.admit(a_body(operation, **parameters), request_id=request_id)
    assert "start" in work, work
    work = aws.begin(work["start"])
    work = unavailable(aws, work)
    assert aws.audit(work)["error"] == "OperationTimedOut"
    return str(work["request"]["operation_id"])


def unavailable(aws: FakeAws, work: Document) -> Document:
    """Execute, while RDS takes no call and gives no definite answer."""

    def answer(call: Call) -> Answer | None:
        acts = call.hand == "acting" and not call.action.startswith("Describe")
        return error("ServiceUnavailable", 503) if acts else None

    with aws.calls.answering(answer):
        return aws.execute(work)


def let_lock_end(aws: FakeAws) -> None:
    lock = aws.lock()
    assert lock
    aws.put(**{**lock, "expires_at": 1})


def watched(aws: FakeAws, operation_id: str) -> Document:
    """Run one poll of the late watch, on its input from Audit."""
    arn = LATE_WATCH_MACHINE.replace(":stateMachine:", ":execution:") + f":{operation_id}"
    given = json.loads(aws.states.describe_execution(executionArn=arn)["input"])
    return aws.poll({**given, "machine": "LATE_WATCH"}, 1)


def settled(aws: FakeAws, operation_id: str) -> Document:
    """Return the result document after a poll of the late watch that saw the end."""
    work = watched(aws, operation_id)
    assert work["progress"]["finished"] is True, work["progress"]
    return aws.call("audit", {"machine": "LATE_WATCH", "work": work})


def by_sweep(aws: FakeAws, operation_id: str) -> Document:
    """Return the same by the sweep, without the late watch."""
    aws.overdue(operation_id)
    assert aws.sweep()["settled"] == 1
    document: Document = aws.status(operation_id)["body"]
    return document


both = pytest.mark.parametrize("end", [settled, by_sweep])
End = Callable[[FakeAws, str], Document]


def restarted(call: Call) -> Answer | None:
    shown = {"Events": [{"Message": "DB instance restarted", "Date": clock.now()}]}
    return (SimpleNamespace(status_code=200), shown) if call.action == "DescribeEvents" else None
