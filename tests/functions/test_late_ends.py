"""What became of an operation that ended before RDS was done: seen once, kept, and never another operation's end."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from rds_operations.aws.operation_store import CALL_OVER
from rds_operations.model import clock
from tests.functions.calls import Answer, Call
from tests.functions.cloud import OPERATION_MACHINE, Cloud, Document
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
from tests.unit.builders import EXECUTION_PREFIX, INSTANCE_ID, a_body


@pytest.fixture(autouse=True)
def _instance(cloud: Cloud) -> None:
    cloud.create_instance()


def second_reboot(cloud: Cloud) -> str:
    let_lock_end(cloud)
    work = cloud.request(a_body("reboot_instance"), request_id="request-2")
    work = cloud.executed(cloud.begin(work["start"]))
    assert cloud.actions[-1] == "RebootDBInstance"
    return str(work["request"]["operation_id"])


# Another operation acts on the instance.


@both
def test_a_restart_by_a_later_reboot_is_not_taken_for_an_earlier_ones(cloud: Cloud, end: End) -> None:
    first = never_taken(cloud, "reboot_instance")
    second_reboot(cloud)
    with cloud.calls.answering(restarted):
        document = end(cloud, first)
    assert (document["final_status"], document["success"]) == ("timeout", False)
    assert document["final_note"].startswith("Unknown: another operation")
    assert cloud.records()[-1]["success"] is False


@both
def test_a_later_reboot_that_fails_fails_no_earlier_one(cloud: Cloud, end: End) -> None:
    first = never_taken(cloud, "reboot_instance")
    second_reboot(cloud)
    cloud.backend.databases[INSTANCE_ID].status = "incompatible-parameters"
    document = end(cloud, first)
    assert document["final_status"] == "timeout"
    assert "final_error" not in document


@both
def test_a_later_window_is_not_taken_for_an_earlier_ones(cloud: Cloud, end: End) -> None:
    first = never_taken(cloud, "modify_backup_window", backup_window=WINDOW)
    let_lock_end(cloud)
    request = a_body("modify_backup_window", backup_window=WINDOW)
    work = cloud.executed(cloud.begin(cloud.request(request, request_id="request-2")["start"]))
    assert cloud.audited(work)["success"] is True
    assert end(cloud, first)["final_status"] == "timeout"


@both
@pytest.mark.parametrize("other", ["create_snapshot", "modify_backup_window"])
def test_a_restart_with_no_later_reboot_is_the_operations_own(cloud: Cloud, end: End, other: str) -> None:
    first = never_taken(cloud, "reboot_instance")
    let_lock_end(cloud)
    cloud.executed(cloud.begin(cloud.request(a_body(other), request_id="request-2")["start"]))
    with cloud.calls.answering(restarted):
        document = end(cloud, first)
    assert document["final_status"] == "available"
    assert "final_note" not in document


def test_one_that_the_sweep_closes_after_a_later_reboot_is_not_closed_as_done(cloud: Cloud) -> None:
    work = cloud.executed(cloud.accepted("reboot_instance"))
    operation_id = work["request"]["operation_id"]
    second_reboot(cloud)
    cloud.overdue(operation_id)
    with cloud.calls.answering(restarted):
        assert cloud.sweep() == {"closed": 1}
    assert item(cloud, operation_id)["status"] == "timeout"
    assert cloud.late_watches() == [operation_id]


def test_an_instance_that_fails_after_it_was_restarted_has_been_rebooted(cloud: Cloud) -> None:
    work = cloud.executed(cloud.accepted("reboot_instance"))
    cloud.backend.databases[INSTANCE_ID].status = "incompatible-parameters"
    with cloud.calls.answering(restarted):
        assert cloud.polled(work, 1)["progress"]["success"] is True


# What the late watch begins with, and what it leaves.


def test_a_redrive_of_what_is_closed_gives_the_late_watch_no_end(cloud: Cloud) -> None:
    """Stopped after it acted, when no late watch could be started; then driven again from Execute."""
    work = cloud.accepted()
    operation_id = work["request"]["operation_id"]
    cloud.executed(work)
    with cloud.calls.refusing("audit", "stepfunctions", "StartExecution", "StateMachineDoesNotExist"):
        cloud.ended(operation_id)
    work = cloud.executed(work)
    assert work["progress"]["finished"] is True
    cloud.audited(work)
    with cloud.calls.refusing("poll", "rds", "DescribeDBSnapshots", "DBSnapshotNotFound", 404):
        assert watched(cloud, operation_id)["progress"]["finished"] is False


def test_an_end_seen_after_a_redrive_is_recorded_at_once(cloud: Cloud) -> None:
    """Stopped and closed after it acted; then driven again, and its poll sees the restart, which none may see later."""
    work = cloud.executed(cloud.accepted("reboot_instance"))
    cloud.ended(work["request"]["operation_id"])
    with cloud.calls.answering(restarted):
        work = cloud.polled(work, 1)
    document = cloud.audited(work)["document"]
    assert (document["status"], document["success"], document["final_status"]) == ("failed", False, "available")
    assert cloud.status(document["operation_id"])["body"]["final_status"] == "available"
    assert [record["event"] for record in cloud.records()] == ["accepted", "completed", "final"]
    assert cloud.records()[-1]["recorded_by"] == "operation"
    cloud.audited(work)
    assert len(cloud.records()) == 3


def test_of_two_who_settle_the_second_says_what_the_first_has_recorded(cloud: Cloud) -> None:
    operation_id = never_taken(cloud, "reboot_instance")
    with cloud.calls.answering(restarted):
        work = watched(cloud, operation_id)
    with before(cloud, "audit", "TransactWriteItems", lambda: by_sweep(cloud, operation_id)):
        document = cloud.call("audit", {"machine": "LATE_WATCH", "work": work})
    assert document["final_status"] == "timeout"
    assert document == cloud.status(operation_id)["body"]


def test_an_end_seen_after_a_redrive_and_a_later_reboot_is_nobodys(cloud: Cloud) -> None:
    work = cloud.executed(cloud.accepted("reboot_instance"))
    cloud.ended(work["request"]["operation_id"])
    second_reboot(cloud)
    with cloud.calls.answering(restarted):
        work = cloud.polled(work, 1)
    assert "final_status" not in cloud.audited(work)["document"]
    assert cloud.item(work["request"]["operation_id"])["unfinished"] == "watch"  # type: ignore[index]


def unrecorded(cloud: Cloud, operation_id: str, **changes: Any) -> Callable[[Call], Answer | None]:
    """Step Functions shows that a late watch saw the end, and that its Audit failed."""
    stored = item(cloud, operation_id)
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


def test_an_end_that_a_late_watch_saw_and_could_not_record_is_recorded_from_its_cause(cloud: Cloud) -> None:
    operation_id = never_taken(cloud, "reboot_instance")
    with cloud.calls.answering(unrecorded(cloud, operation_id)):
        document = by_sweep(cloud, operation_id)
    assert document["final_status"] == "available"
    assert (cloud.records()[-1]["recorded_by"], cloud.records()[-1]["success"]) == ("sweep", True)


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
def test_the_cause_of_another_orders_late_watch_settles_nothing_and_stops_nothing(
    cloud: Cloud, changes: Document
) -> None:
    operation_id = never_taken(cloud, "reboot_instance")
    with cloud.calls.answering(unrecorded(cloud, operation_id, **changes)):
        assert by_sweep(cloud, operation_id)["final_status"] == "timeout"


# The instance, while a call may be under way.


def test_no_other_operation_begins_while_a_stopped_ones_call_may_be_under_way(cloud: Cloud) -> None:
    """The backstop closes it between its claim and its call."""
    work = cloud.accepted("reboot_instance")
    operation_id = work["request"]["operation_id"]
    answers: list[Document] = []

    def stop(call: Call) -> None:
        if (call.state, call.action) == ("execute", "RebootDBInstance") and not answers:
            answers.append({})
            cloud.ended(operation_id)
            answers.append(cloud.request(a_body("modify_backup_window"), request_id="request-2"))

    with cloud.calls.answering(stop):
        cloud.executed(work)
    assert answers[-1]["refusal"]["code"] == "operation_in_progress"
    lock = cloud.lock()
    assert lock
    assert lock["expires_at"] <= clock.to_epoch(clock.now() + CALL_OVER)
    let_lock_end(cloud)
    assert "start" in cloud.request(a_body("modify_backup_window"), request_id="request-3")


def test_what_acts_and_tells_nobody_is_closed_by_the_sweep_that_comes_after_five_minutes(cloud: Cloud) -> None:
    """Stopped, and its event lost: its instance is not locked for as long as an execution can run."""
    work = cloud.by_hand("reboot_instance")
    cloud.executed(work)
    in_five_minutes = clock.to_epoch(clock.now() + timedelta(minutes=5))
    assert item(cloud, "by-hand")["due_at"] <= in_five_minutes
    cloud.states.start_execution(stateMachineArn=OPERATION_MACHINE, name="by-hand")
    cloud.states.stop_execution(executionArn=EXECUTION_PREFIX + "by-hand")
    cloud.overdue("by-hand")
    assert cloud.sweep() == {"closed": 1}
    assert cloud.late_watches() == ["by-hand"]
