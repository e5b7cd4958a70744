"""The result of an operation that ended before RDS was done: seen once, kept, and never another operation's end."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from rds_operations.aws.operation_store import CALL_OVER
from rds_operations.model import clock
from rds_operations.model.errors import ClosedOtherwise
from tests.builders import EXECUTION_PREFIX, INSTANCE_ID, a_body
from tests.functions.calls import Answer, Call
from tests.functions.fake_aws import OPERATION_MACHINE, Document, FakeAws
from tests.functions.late import (
    WINDOW,
    End,
    both,
    by_sweep,
    item,
    let_lock_end,
    never_taken,
    restarted,
    watched,
)
from tests.functions.meanwhile import before


@pytest.fixture(autouse=True)
def _instance(aws: FakeAws) -> None:
    aws.create_instance()


def second_reboot(aws: FakeAws) -> str:
    let_lock_end(aws)
    work = aws.admit(a_body("reboot_instance"), request_id="request-2")
    work = aws.execute(aws.begin(work["start"]))
    assert aws.actions[-1] == "RebootDBInstance"
    return str(work["request"]["operation_id"])


# Another operation acts on the instance.


@both
def test_a_restart_by_a_later_reboot_is_not_taken_for_an_earlier_ones(aws: FakeAws, end: End) -> None:
    first = never_taken(aws, "reboot_instance")
    second_reboot(aws)
    with aws.calls.answering(restarted):
        document = end(aws, first)
    assert (document["final_status"], document["success"]) == ("timeout", False)
    assert document["final_note"].startswith("Unknown: another operation")
    assert aws.records()[-1]["success"] is False


@both
def test_a_later_reboot_that_fails_fails_no_earlier_one(aws: FakeAws, end: End) -> None:
    first = never_taken(aws, "reboot_instance")
    second_reboot(aws)
    aws.backend.databases[INSTANCE_ID].status = "incompatible-parameters"
    document = end(aws, first)
    assert document["final_status"] == "timeout"
    assert "final_error" not in document


@both
def test_a_later_window_is_not_taken_for_an_earlier_ones(aws: FakeAws, end: End) -> None:
    first = never_taken(aws, "modify_backup_window", backup_window=WINDOW)
    let_lock_end(aws)
    request = a_body("modify_backup_window", backup_window=WINDOW)
    work = aws.execute(aws.begin(aws.admit(request, request_id="request-2")["start"]))
    assert aws.audit(work)["success"] is True
    assert end(aws, first)["final_status"] == "timeout"


@both
@pytest.mark.parametrize("other", ["create_snapshot", "modify_backup_window"])
def test_a_restart_with_no_later_reboot_is_the_operations_own(aws: FakeAws, end: End, other: str) -> None:
    first = never_taken(aws, "reboot_instance")
    let_lock_end(aws)
    aws.execute(aws.begin(aws.admit(a_body(other), request_id="request-2")["start"]))
    with aws.calls.answering(restarted):
        document = end(aws, first)
    assert document["final_status"] == "available"
    assert "final_note" not in document


def test_one_that_the_sweep_closes_after_a_later_reboot_is_not_closed_as_done(aws: FakeAws) -> None:
    work = aws.execute(aws.accept("reboot_instance"))
    operation_id = work["request"]["operation_id"]
    second_reboot(aws)
    aws.overdue(operation_id)
    with aws.calls.answering(restarted):
        assert aws.sweep() == {"closed": 1}
    assert item(aws, operation_id)["status"] == "timeout"
    assert aws.late_watches() == [operation_id]


def test_an_instance_that_fails_after_it_was_restarted_has_been_rebooted(aws: FakeAws) -> None:
    work = aws.execute(aws.accept("reboot_instance"))
    aws.backend.databases[INSTANCE_ID].status = "incompatible-parameters"
    with aws.calls.answering(restarted):
        assert aws.poll(work, 1)["progress"]["success"] is True


# What the late watch starts and ends with.


def test_a_redrive_of_what_is_closed_gives_the_late_watch_no_end(aws: FakeAws) -> None:
    """It was stopped after it acted, when no late watch could start, and redriven from Execute."""
    work = aws.accept()
    operation_id = work["request"]["operation_id"]
    aws.execute(work)
    with aws.calls.refusing("audit", "stepfunctions", "StartExecution", "StateMachineDoesNotExist"):
        aws.end(operation_id)
    work = aws.execute(work)
    assert work["progress"]["finished"] is True
    aws.audit(work)
    with aws.calls.refusing("poll", "rds", "DescribeDBSnapshots", "DBSnapshotNotFound", 404):
        assert watched(aws, operation_id)["progress"]["finished"] is False


def test_an_end_seen_after_a_redrive_is_recorded_at_once(aws: FakeAws) -> None:
    """It was closed after it acted and then redriven. Its poll sees the restart, which may not be visible later."""
    work = aws.execute(aws.accept("reboot_instance"))
    aws.end(work["request"]["operation_id"])
    with aws.calls.answering(restarted):
        work = aws.poll(work, 1)
    document = aws.audit(work)["document"]
    assert (document["status"], document["success"], document["final_status"]) == ("failed", False, "available")
    assert aws.status(document["operation_id"])["body"]["final_status"] == "available"
    assert [record["event"] for record in aws.records()] == ["accepted", "completed", "final"]
    assert aws.records()[-1]["recorded_by"] == "operation"
    aws.audit(work)
    assert len(aws.records()) == 3


def test_an_execution_whose_operation_was_closed_as_failed_does_not_end_well(aws: FakeAws) -> None:
    """Its own Audit sees a success. What it saw is on record before it says so; Audit failure then ends it."""
    work = aws.execute(aws.accept("reboot_instance"))
    aws.end(work["request"]["operation_id"])
    with aws.calls.answering(restarted):
        work = aws.poll(work, 1)
    with pytest.raises(ClosedOtherwise, match="OperationFailed"):
        aws.audit(work, succeeds=True)
    assert [record["event"] for record in aws.records()] == ["accepted", "completed", "final"]
    outcome = aws.audit(work | {"error": {"Error": "ClosedOtherwise", "Cause": "{}"}})
    assert (outcome["error"], outcome["document"]["final_status"]) == ("OperationFailed", "available")
    assert len(aws.records()) == 3


def test_of_two_who_settle_the_second_says_what_the_first_has_recorded(aws: FakeAws) -> None:
    operation_id = never_taken(aws, "reboot_instance")
    with aws.calls.answering(restarted):
        work = watched(aws, operation_id)
    with before(aws, "audit", "TransactWriteItems", lambda: by_sweep(aws, operation_id)):
        document = aws.call("audit", {"machine": "LATE_WATCH", "work": work})
    assert document["final_status"] == "timeout"
    assert document.items() <= aws.status(operation_id)["body"].items()


def test_an_end_seen_after_a_redrive_and_a_later_reboot_is_nobodys(aws: FakeAws) -> None:
    work = aws.execute(aws.accept("reboot_instance"))
    aws.end(work["request"]["operation_id"])
    second_reboot(aws)
    with aws.calls.answering(restarted):
        work = aws.poll(work, 1)
    assert "final_status" not in aws.audit(work)["document"]
    assert aws.item(work["request"]["operation_id"])["unfinished"] == "watch"  # type: ignore[index]


def unrecorded(aws: FakeAws, operation_id: str, **changes: Any) -> Callable[[Call], Answer | None]:
    """Let Step Functions show that a late watch saw the end, and that its Audit failed."""
    stored = item(aws, operation_id)
    names = ("operation_id", "operation", "instance_id", "account_id", "region")
    request = {name: stored[name] for name in names} | {"parameters": json.loads(stored["parameters"])}
    progress = {"status": "available", "finished": True, "success": True}
    work = {"request": request, "since": stored["acting_at"], "progress": progress, **changes}
    shown: Document = {"status": "FAILED", "error": "AuditFailed", "cause": json.dumps(work)}
    shown |= {"executionArn": "arn:of-the-watch", "name": "watch", "startDate": clock.now()}

    def answer(call: Call) -> Answer | None:
        return (
            (SimpleNamespace(status_code=200), shown)
            if (call.state, call.action) == ("sweep", "DescribeExecution")
            else None
        )

    return answer


def test_an_end_that_a_late_watch_could_not_record_comes_from_its_cause(aws: FakeAws) -> None:
    operation_id = never_taken(aws, "reboot_instance")
    with aws.calls.answering(unrecorded(aws, operation_id)):
        document = by_sweep(aws, operation_id)
    assert document["final_status"] == "available"
    assert (aws.records()[-1]["recorded_by"], aws.records()[-1]["success"]) == ("sweep", True)


@pytest.mark.parametrize(
    "changes",
    [
        {"since": "2020-01-01T00:00:00.000Z"},
        {"request": {"operation_id": "another"}},
        {"request": "none"},
        {"progress": {"status": "available", "finished": False, "success": True}},
        {"progress": "done"},
    ],
    ids=str,
)
def test_the_cause_of_another_late_watch_settles_nothing(aws: FakeAws, changes: Document) -> None:
    operation_id = never_taken(aws, "reboot_instance")
    with aws.calls.answering(unrecorded(aws, operation_id, **changes)):
        assert by_sweep(aws, operation_id)["final_status"] == "timeout"


# The instance, while a call may still run.


def test_no_other_operation_begins_while_a_stopped_ones_call_may_be_under_way(aws: FakeAws) -> None:
    """The backstop closes it between its claim and its call."""
    work = aws.accept("reboot_instance")
    operation_id = work["request"]["operation_id"]
    answers: list[Document] = []

    def stop(call: Call) -> None:
        if (call.state, call.action) == ("execute", "RebootDBInstance") and not answers:
            answers.append({})
            aws.end(operation_id)
            answers.append(aws.admit(a_body("modify_backup_window"), request_id="request-2"))

    with aws.calls.answering(stop):
        aws.execute(work)
    assert answers[-1]["refusal"]["code"] == "operation_in_progress"
    lock = aws.lock()
    assert lock
    assert lock["expires_at"] <= clock.to_epoch(clock.now() + CALL_OVER)
    let_lock_end(aws)
    assert "start" in aws.admit(a_body("modify_backup_window"), request_id="request-3")


def test_an_operation_that_stops_after_acting_is_closed_by_the_sweep(aws: FakeAws) -> None:
    """Its event is lost, but its instance stays locked for less than the longest execution."""
    work = aws.start_directly("reboot_instance")
    aws.execute(work)
    in_five_minutes = clock.to_epoch(clock.now() + timedelta(minutes=5))
    assert item(aws, "by-hand")["due_at"] <= in_five_minutes
    aws.states.start_execution(stateMachineArn=OPERATION_MACHINE, name="by-hand")
    aws.states.stop_execution(executionArn=EXECUTION_PREFIX + "by-hand")
    aws.overdue("by-hand")
    assert aws.sweep() == {"closed": 1}
    assert aws.late_watches() == ["by-hand"]
