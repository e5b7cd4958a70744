"""The sweep closes what was left open, by what the execution and RDS show."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.builders import EXECUTION_PREFIX, a_body
from tests.functions.fake_aws import OPERATION_MACHINE, Document, FakeAws


def open_operation(aws: FakeAws, operation: str = "create_snapshot", *, started: bool = True) -> str:
    """Accept an operation that is long overdue. Its execution, if started, runs until `stop`."""
    aws.create_instance()
    work = aws.admit(a_body(operation), "a-key")
    operation_id: str = work["request"]["operation_id"]
    if started:
        aws.states.start_execution(stateMachineArn=OPERATION_MACHINE, name=operation_id)
    aws.overdue(operation_id)
    return operation_id


def acted(aws: FakeAws, operation: str = "create_snapshot") -> str:
    operation_id = open_operation(aws, operation)
    aws.execute(aws.begin({"name": operation_id, "input": a_body(operation)}))
    aws.overdue(operation_id)
    return operation_id


def stop(aws: FakeAws, operation_id: str) -> None:
    aws.states.stop_execution(executionArn=EXECUTION_PREFIX + operation_id)


def closing(aws: FakeAws) -> Document:
    record = aws.records()[-1]
    return {**record, "result": json.loads(record["result"])}


def test_what_is_not_due_is_left_alone(aws: FakeAws) -> None:
    aws.create_instance()
    aws.accept()
    assert aws.sweep() == {}
    assert aws.events() == ["accepted"]


def test_an_operation_that_never_began_is_closed_and_its_instance_is_free(aws: FakeAws) -> None:
    operation_id = open_operation(aws, started=False)
    assert aws.sweep() == {"closed": 1}
    record = closing(aws)
    assert (record["event"], record["recorded_by"], record["success"]) == ("completed", "sweep", False)
    assert record["result"]["error"] == "OperationNotStarted: Its execution was never started; nothing was done"
    assert aws.lock() is None
    assert aws.status(operation_id)["body"]["status"] == "failed"
    assert aws.sweep() == {}
    assert aws.actions == []


def test_one_whose_execution_runs_is_left_to_it(aws: FakeAws) -> None:
    operation_id = acted(aws)
    assert aws.sweep() == {"left": 1}
    assert aws.events() == ["accepted"]
    item = aws.item(operation_id)
    assert item
    assert "ended_at" not in item


def test_one_whose_execution_was_stopped_ends_as_rds_shows_it(aws: FakeAws) -> None:
    operation_id = acted(aws)  # moto's snapshots are available at once
    stop(aws, operation_id)
    assert aws.sweep() == {"closed": 1}
    record = closing(aws)
    assert (record["recorded_by"], record["success"]) == ("sweep", True)
    assert record["result"]["status"] == "available"
    assert record["result"]["snapshot_arn"].endswith(record["result"]["snapshot_id"])
    assert aws.lock() is None


def test_one_that_rds_is_still_at_times_out_and_is_watched_on(aws: FakeAws) -> None:
    operation_id = acted(aws, "reboot_instance")  # moto never shows a restart
    stop(aws, operation_id)
    assert aws.sweep() == {"closed": 1}
    assert closing(aws)["result"]["status"] == "timeout"
    assert aws.late_watches() == [operation_id]
    assert aws.actions == ["RebootDBInstance"]


def test_one_that_was_stopped_with_a_forged_cause_ends_as_rds_shows_it(aws: FakeAws) -> None:
    operation_id = acted(aws, "reboot_instance")
    forged = {"request": aws.begin({"name": operation_id, "input": a_body("reboot_instance")})["request"]}
    forged["progress"] = {"status": "available", "finished": True, "success": True}
    arn = EXECUTION_PREFIX + operation_id
    aws.states.stop_execution(executionArn=arn, error="AuditFailed", cause=json.dumps(forged))
    aws.sweep()
    assert closing(aws)["result"]["status"] == "timeout"


def test_one_that_was_stopped_before_it_acted_says_that(aws: FakeAws) -> None:
    stop(aws, open_operation(aws))
    aws.sweep()
    assert closing(aws)["result"]["error"] == "ExecutionAborted: The execution was stopped"
    assert aws.late_watches() == []


@pytest.mark.parametrize("operation", ["create_snapshot", "reboot_instance", "modify_backup_window"])
def test_where_rds_cannot_be_looked_at_the_record_is_written_all_the_same(aws: FakeAws, operation: str) -> None:
    operation_id = acted(aws, operation)
    stop(aws, operation_id)
    with aws.calls.refusing("sweep", "rds", "", "AccessDenied"):
        assert aws.sweep() == {"closed": 1}
    assert closing(aws)["result"]["status"] == "timeout"
    assert aws.late_watches() == [operation_id]


def test_one_that_cannot_be_closed_does_not_keep_the_others_waiting(
    aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.create_instance()
    aws.put(operation_id="broken", unfinished="operation", due_at=1)
    operation_id = aws.admit(a_body())["request"]["operation_id"]
    aws.overdue(operation_id)
    assert aws.sweep() == {"failed": 1, "closed": 1}
    failures = [line for line in capsys.readouterr().out.splitlines() if "AuditWriteFailures" in line]
    assert [json.loads(line)["operation_id"] for line in failures] == ["broken"]


# Operations that were closed before RDS was done.


def timed_out(aws: FakeAws) -> str:
    aws.create_instance()
    work = aws.execute(aws.accept("reboot_instance"))
    assert aws.audit(work)["error"] == "OperationTimedOut"
    operation_id: str = work["request"]["operation_id"]
    return operation_id


def late(aws: FakeAws, operation_id: str, **progress: Any) -> Document:
    """Run a late watch's Audit with this progress."""
    return aws.call("audit", {"machine": "LATE_WATCH", "work": watched(aws, operation_id, **progress)})


def watched(aws: FakeAws, operation_id: str, **progress: Any) -> Document:
    """Return Audit's input for the late watch, with this progress."""
    item = aws.item(operation_id) or {}
    names = ("operation_id", "operation", "instance_id", "account_id", "region")
    request = {name: item[name] for name in names if name in item} or {"operation_id": operation_id}
    request |= {"parameters": json.loads(item.get("parameters", "{}"))}
    return {"request": request, "since": item.get("acting_at", ""), "progress": {"status": "rebooting", **progress}}


def test_a_time_out_is_watched_on_and_on_record_once_it_is_known_what_became_of_it(aws: FakeAws) -> None:
    operation_id = timed_out(aws)
    assert aws.late_watches() == [operation_id]
    before = closing(aws)["result"]
    seen = {"status": "available", "finished": True, "success": True}
    document = late(aws, operation_id, **seen)
    before.pop("note")
    assert {**before, "final_status": "available"}.items() <= document.items()
    assert aws.status(operation_id)["body"].items() >= document.items()
    record = closing(aws)
    assert (record["event"], record["recorded_by"], record["success"]) == ("final", "late_watch", True)
    assert record["result"]["final_status"] == "available"
    assert late(aws, operation_id, **seen) == document
    assert aws.events().count("final") == 1
    assert aws.sweep() == {}


@pytest.mark.parametrize(
    "forged",
    [
        {"request": {"operation": "modify_backup_window"}},
        {"request": {"instance_id": "another-01"}},
        {"request": {"account_id": "999999999999"}},
        {"request": {"parameters": {"force_failover": True}}},
        {"since": "2020-01-01T00:00:00.000Z"},
    ],
    ids=str,
)
def test_a_late_watch_of_another_request_settles_nothing(aws: FakeAws, forged: Document) -> None:
    """Someone other than Audit started it under this operation's id."""
    operation_id = timed_out(aws)
    before = aws.item(operation_id)
    work = watched(aws, operation_id, finished=True, success=True)
    work = {**work, **forged, "request": {**work["request"], **forged.get("request", {})}}
    with pytest.raises(Exception, match="is on record for another request") as raised:
        aws.call("audit", {"machine": "LATE_WATCH", "work": work})
    assert type(raised.value).__name__ == "RecordMismatch"
    assert aws.item(operation_id) == before
    assert "final" not in aws.events()


def test_a_late_watch_that_never_saw_the_end_says_so(aws: FakeAws) -> None:
    operation_id = timed_out(aws)
    assert late(aws, operation_id)["final_status"] == "timeout"
    assert closing(aws)["success"] is False


def test_a_late_watch_that_was_stopped_is_ended_by_the_sweep(aws: FakeAws) -> None:
    operation_id = timed_out(aws)
    aws.overdue(operation_id)
    assert aws.sweep() == {"settled": 1}
    assert closing(aws)["recorded_by"] == "sweep"
    assert aws.status(operation_id)["body"]["final_status"] == "timeout"
    assert aws.sweep() == {}


def test_a_late_watch_that_cannot_be_started_hides_no_outcome(aws: FakeAws) -> None:
    aws.states.delete_state_machine(stateMachineArn=aws.late_watch_machine)
    operation_id = timed_out(aws)
    assert aws.events() == ["accepted", "completed"]
    item = aws.item(operation_id)
    assert item
    assert item["unfinished"] == "watch"


def test_an_item_that_is_gone_after_ninety_days_is_nothing_to_settle(aws: FakeAws) -> None:
    assert late(aws, "no-such-operation") == {}
