"""Operations that were accepted and failed: the answer, the execution and the record agree."""

import json
from typing import Any

from local.instance_tags import FAILS, NEVER, REBOOT_TAG, SNAPSHOT_TAG, THROTTLE_TAG
from tests.workflow.service import Service, reboot_of, snapshot_of


def assert_failed(service: Service, operation_id: str, instance_id: str, error: str) -> dict[str, Any]:
    document = service.result(operation_id)
    assert document["success"] is False
    assert isinstance(document["duration_seconds"], float)
    execution = service.execution(operation_id)
    assert execution["status"] == "FAILED"
    assert execution["error"] == error
    ended = json.loads(execution["cause"])
    assert ended.items() <= document.items()
    closing = service.records(instance_id)[-1]
    assert closing["event"] == "completed"
    assert closing["success"] is False
    assert json.loads(closing["result"]) == ended
    assert not service.is_locked(instance_id)
    return document


def test_snapshot_name_taken_is_an_aws_error(service: Service) -> None:
    instance = service.new_instance()
    service.aws("rds").create_db_snapshot(DBSnapshotIdentifier=f"{instance}-manual", DBInstanceIdentifier=instance)
    service.aws("rds").get_waiter("db_snapshot_available").wait(
        DBSnapshotIdentifier=f"{instance}-manual", WaiterConfig={"Delay": 1}
    )
    document = assert_failed(service, service.accepted(snapshot_of(instance)), instance, "OperationFailed")
    assert document["error"].startswith("DBSnapshotAlreadyExists: ")
    assert document["code"] == "snapshot_exists"
    assert len(service.snapshots(instance)) == 1


def test_snapshot_that_fails(service: Service) -> None:
    instance = service.new_instance(tags={"Environment": "dev", SNAPSHOT_TAG: FAILS})
    document = assert_failed(service, service.accepted(snapshot_of(instance)), instance, "OperationFailed")
    assert document["status"] == "failed"
    assert document["error"].startswith(f"Snapshot {instance}-manual ended in the state failed")
    assert document["code"] == "snapshot_failed"


def test_snapshot_that_never_ends_times_out_after_exactly_ten_polls(service: Service) -> None:
    instance = service.new_instance(tags={"Environment": "dev", SNAPSHOT_TAG: NEVER})
    operation_id = service.accepted(snapshot_of(instance))
    document = assert_failed(service, operation_id, instance, "OperationTimedOut")
    assert document["status"] == "timeout"
    assert "error" not in document
    assert (document["code"], document["note"].partition(".")[0]) == (
        "timed_out",
        "RDS had not finished at the last poll",
    )
    states = service.states(service.execution(operation_id)["executionArn"])
    assert states.count("Poll") == states.count("Wait") == 10


def test_snapshot_available_at_the_tenth_poll_still_counts(service: Service) -> None:
    """At 60 times real time, the tenth poll comes after 5 s and the functions' own time."""
    instance = service.new_instance(tags={"Environment": "dev", SNAPSHOT_TAG: "285"})
    document = service.result(service.accepted(snapshot_of(instance)))
    assert document["success"] is True


def test_reboot_that_ends_in_a_terminal_state(service: Service) -> None:
    instance = service.new_instance(tags={"Environment": "dev", REBOOT_TAG: FAILS})
    document = assert_failed(service, service.accepted(reboot_of(instance)), instance, "OperationFailed")
    assert document["error"] == f"Instance {instance} is in the state incompatible-parameters"


def test_reboot_that_never_ends_times_out(service: Service) -> None:
    instance = service.new_instance(tags={"Environment": "dev", REBOOT_TAG: NEVER})
    document = assert_failed(service, service.accepted(reboot_of(instance)), instance, "OperationTimedOut")
    assert document["status"] == "timeout"
    assert document["force_failover"] is False


def test_throttled_describe_recovers_within_a_poll(service: Service) -> None:
    instance = service.new_instance(tags={"Environment": "dev", THROTTLE_TAG: "4"})
    document = service.result(service.accepted(snapshot_of(instance)))
    assert document["success"] is True


def test_a_poll_that_fails_altogether_does_not_end_the_operation(service: Service) -> None:
    """One Poll with all attempts and retries makes nine reads; the next Poll succeeds."""
    instance = service.new_instance(tags={"Environment": "dev", THROTTLE_TAG: "10"})
    operation_id = service.accepted(snapshot_of(instance))
    assert service.result(operation_id)["success"] is True
    assert service.states(service.execution(operation_id)["executionArn"]).count("Poll") == 2
