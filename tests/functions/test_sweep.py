"""The sweep: whatever was left open is closed, by looking at the execution and at RDS."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.functions.cloud import OPERATION_MACHINE, Cloud, Document
from tests.unit.builders import EXECUTION_PREFIX, a_body


def open_operation(cloud: Cloud, operation: str = "create_snapshot", *, started: bool = True) -> str:
    """Accepted, and long overdue; its execution, where it was started, runs until `stop`."""
    cloud.create_instance()
    work = cloud.request(a_body(operation), "a-key")
    operation_id: str = work["request"]["operation_id"]
    if started:
        cloud.states.start_execution(stateMachineArn=OPERATION_MACHINE, name=operation_id)
    cloud.overdue(operation_id)
    return operation_id


def acted(cloud: Cloud, operation: str = "create_snapshot") -> str:
    operation_id = open_operation(cloud, operation)
    cloud.executed(cloud.begin({"name": operation_id, "input": a_body(operation)}))
    cloud.overdue(operation_id)
    return operation_id


def stop(cloud: Cloud, operation_id: str) -> None:
    cloud.states.stop_execution(executionArn=EXECUTION_PREFIX + operation_id)


def closing(cloud: Cloud) -> Document:
    record = cloud.records()[-1]
    return {**record, "result": json.loads(record["result"])}


def test_what_is_not_due_is_left_alone(cloud: Cloud) -> None:
    cloud.create_instance()
    cloud.accepted()
    assert cloud.sweep() == {}
    assert cloud.events() == ["accepted"]


def test_an_operation_that_never_began_is_closed_and_its_instance_is_free(cloud: Cloud) -> None:
    operation_id = open_operation(cloud, started=False)
    assert cloud.sweep() == {"closed": 1}
    record = closing(cloud)
    assert (record["event"], record["recorded_by"], record["success"]) == ("completed", "sweep", False)
    assert record["result"]["error"] == "OperationNotStarted: Its execution was never started; nothing was done"
    assert cloud.lock() is None
    assert cloud.status(operation_id)["body"]["status"] == "failed"
    assert cloud.sweep() == {}
    assert cloud.actions == []


def test_one_whose_execution_runs_is_left_to_it(cloud: Cloud) -> None:
    operation_id = acted(cloud)
    assert cloud.sweep() == {"left": 1}
    assert cloud.events() == ["accepted"]
    item = cloud.item(operation_id)
    assert item
    assert "ended_at" not in item


def test_one_whose_execution_was_stopped_ends_as_rds_shows_it(cloud: Cloud) -> None:
    operation_id = acted(cloud)  # moto's snapshots are available at once
    stop(cloud, operation_id)
    assert cloud.sweep() == {"closed": 1}
    record = closing(cloud)
    assert (record["recorded_by"], record["success"]) == ("sweep", True)
    assert record["result"]["status"] == "available"
    assert record["result"]["snapshot_arn"].endswith(record["result"]["snapshot_id"])
    assert cloud.lock() is None


def test_one_that_rds_is_still_at_times_out_and_is_watched_on(cloud: Cloud) -> None:
    operation_id = acted(cloud, "reboot_instance")  # moto never shows a restart
    stop(cloud, operation_id)
    assert cloud.sweep() == {"closed": 1}
    assert closing(cloud)["result"]["status"] == "timeout"
    assert cloud.late_watches() == [operation_id]
    assert cloud.actions == ["RebootDBInstance"]


def test_one_that_was_stopped_with_a_forged_cause_ends_as_rds_shows_it(cloud: Cloud) -> None:
    operation_id = acted(cloud, "reboot_instance")
    forged = {"request": cloud.begin({"name": operation_id, "input": a_body("reboot_instance")})["request"]}
    forged["progress"] = {"status": "available", "finished": True, "success": True}
    arn = EXECUTION_PREFIX + operation_id
    cloud.states.stop_execution(executionArn=arn, error="AuditFailed", cause=json.dumps(forged))
    cloud.sweep()
    assert closing(cloud)["result"]["status"] == "timeout"


def test_one_that_was_stopped_before_it_acted_says_that(cloud: Cloud) -> None:
    stop(cloud, open_operation(cloud))
    cloud.sweep()
    assert closing(cloud)["result"]["error"] == "ExecutionAborted: The execution was stopped"
    assert cloud.late_watches() == []


@pytest.mark.parametrize("operation", ["create_snapshot", "reboot_instance", "modify_backup_window"])
def test_where_rds_cannot_be_looked_at_the_record_is_written_all_the_same(cloud: Cloud, operation: str) -> None:
    operation_id = acted(cloud, operation)
    stop(cloud, operation_id)
    with cloud.calls.refusing("sweep", "rds", "", "AccessDenied"):
        assert cloud.sweep() == {"closed": 1}
    assert closing(cloud)["result"]["status"] == "timeout"
    assert cloud.late_watches() == [operation_id]


def test_one_that_cannot_be_closed_does_not_keep_the_others_waiting(
    cloud: Cloud, capsys: pytest.CaptureFixture[str]
) -> None:
    cloud.create_instance()
    cloud.put(operation_id="broken", unfinished="operation", due_at=1)
    operation_id = cloud.request(a_body())["request"]["operation_id"]
    cloud.overdue(operation_id)
    assert cloud.sweep() == {"failed": 1, "closed": 1}
    failures = [line for line in capsys.readouterr().out.splitlines() if "AuditWriteFailures" in line]
    assert [json.loads(line)["operation_id"] for line in failures] == ["broken"]


# What was closed before RDS was done.


def timed_out(cloud: Cloud) -> str:
    cloud.create_instance()
    work = cloud.executed(cloud.accepted("reboot_instance"))
    assert cloud.audited(work)["error"] == "OperationTimedOut"
    operation_id: str = work["request"]["operation_id"]
    return operation_id


def late(cloud: Cloud, operation_id: str, **progress: Any) -> Document:
    """The Audit of a late watch that saw this."""
    return cloud.call("audit", {"machine": "LATE_WATCH", "work": watched(cloud, operation_id, **progress)})


def watched(cloud: Cloud, operation_id: str, **progress: Any) -> Document:
    """What Audit gave the late watch, with what that saw."""
    item = cloud.item(operation_id) or {}
    names = ("operation_id", "operation", "instance_id", "account_id", "region")
    request = {name: item[name] for name in names if name in item} or {"operation_id": operation_id}
    request |= {"parameters": json.loads(item.get("parameters", "{}"))}
    return {"request": request, "since": item.get("acting_at", ""), "progress": {"status": "rebooting", **progress}}


def test_a_time_out_is_watched_on_and_on_record_once_it_is_known_what_became_of_it(cloud: Cloud) -> None:
    operation_id = timed_out(cloud)
    assert cloud.late_watches() == [operation_id]
    before = cloud.status(operation_id)["body"]
    seen = {"status": "available", "finished": True, "success": True}
    document = late(cloud, operation_id, **seen)
    assert {**before, "final_status": "available"}.items() <= document.items()
    assert cloud.status(operation_id)["body"] == document
    record = closing(cloud)
    assert (record["event"], record["recorded_by"], record["success"]) == ("final", "late_watch", True)
    assert record["result"]["final_status"] == "available"
    assert late(cloud, operation_id, **seen) == document
    assert cloud.events().count("final") == 1
    assert cloud.sweep() == {}


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
def test_a_late_watch_of_another_order_settles_nothing(cloud: Cloud, forged: Document) -> None:
    """Somebody else than Audit has started it, under this operation's id."""
    operation_id = timed_out(cloud)
    before = cloud.item(operation_id)
    work = watched(cloud, operation_id, finished=True, success=True)
    work = {**work, **forged, "request": {**work["request"], **forged.get("request", {})}}
    with pytest.raises(Exception, match="is on record for another request") as raised:
        cloud.call("audit", {"machine": "LATE_WATCH", "work": work})
    assert type(raised.value).__name__ == "RecordMismatch"
    assert cloud.item(operation_id) == before
    assert "final" not in cloud.events()


def test_a_late_watch_that_never_saw_the_end_says_so(cloud: Cloud) -> None:
    operation_id = timed_out(cloud)
    assert late(cloud, operation_id)["final_status"] == "timeout"
    assert closing(cloud)["success"] is False


def test_a_late_watch_that_was_stopped_is_ended_by_the_sweep(cloud: Cloud) -> None:
    operation_id = timed_out(cloud)
    cloud.overdue(operation_id)
    assert cloud.sweep() == {"settled": 1}
    assert closing(cloud)["recorded_by"] == "sweep"
    assert cloud.status(operation_id)["body"]["final_status"] == "timeout"
    assert cloud.sweep() == {}


def test_a_late_watch_that_cannot_be_started_hides_no_outcome(cloud: Cloud) -> None:
    cloud.states.delete_state_machine(stateMachineArn=cloud.late_watch_machine)
    operation_id = timed_out(cloud)
    assert cloud.events() == ["accepted", "completed"]
    item = cloud.item(operation_id)
    assert item
    assert item["unfinished"] == "watch"


def test_an_item_that_is_gone_after_ninety_days_is_nothing_to_settle(cloud: Cloud) -> None:
    assert late(cloud, "no-such-operation") == {}
