"""Execute: acts at most once, and only on what is on record."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from rds_operations.model.errors import RdsThrottled
from tests.functions.calls import error
from tests.functions.cloud import LOCK, LONGEST_SECONDS, Cloud, Document
from tests.unit.builders import EXECUTION_PREFIX, INSTANCE_ID, SNAPSHOT_ID, a_body

ACTIONS = {
    "create_snapshot": "CreateDBSnapshot",
    "reboot_instance": "RebootDBInstance",
    "modify_backup_window": "ModifyDBInstance",
}
NOTHING_DONE = "is closed or has lost its lock; nothing was done"


@pytest.fixture(autouse=True)
def _instance(cloud: Cloud) -> None:
    cloud.create_instance()


def changes(cloud: Cloud) -> list[str]:
    return [action for action in cloud.actions if not action.startswith("Describe")]


def test_a_snapshot_is_made_with_the_callers_tags_and_the_services_own(cloud: Cloud) -> None:
    work = cloud.executed(cloud.accepted(tags=[{"Key": "Purpose", "Value": "Pre-upgrade"}]))
    (snapshot,) = cloud.snapshots()
    operation_id = work["request"]["operation_id"]
    assert (snapshot["DBSnapshotIdentifier"], snapshot["DBInstanceIdentifier"]) == (SNAPSHOT_ID, INSTANCE_ID)
    assert snapshot["TagList"] == [
        {"Key": "Purpose", "Value": "Pre-upgrade"},
        {"Key": "rds-operations:operation-id", "Value": operation_id},
    ]
    assert work["progress"]["details"]["snapshot_arn"] == snapshot["DBSnapshotArn"]
    item, lock = cloud.item(operation_id), cloud.lock()
    assert item
    assert lock
    assert (item["status"], item["acting_at"]) == ("creating", work["since"])
    assert lock["expires_at"] == pytest.approx(time.time() + LONGEST_SECONDS, abs=10)


# aws-solutions/instance-scheduler-on-aws#142: a call with a tag, and ours has one, switches RDS's own copying off.
@pytest.mark.parametrize("attempts", [1, 2])
def test_a_snapshot_is_sent_the_tags_that_its_instance_has_at_the_last_look(cloud: Cloud, attempts: int) -> None:
    cloud.rds.modify_db_instance(DBInstanceIdentifier=INSTANCE_ID, CopyTagsToSnapshot=True)
    work = cloud.accepted(tags=[{"Key": "Team", "Value": "dba"}])
    arn = cloud.rds.describe_db_instances(DBInstanceIdentifier=INSTANCE_ID)["DBInstances"][0]["DBInstanceArn"]
    cloud.rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "CostCenter", "Value": "4711"}])
    if attempts == 2:  # the call of the first is lost: the second begins it
        with cloud.calls.answering(lambda call: error("X", 500) if call.action == "CreateDBSnapshot" else None):
            cloud.executed(work)
    cloud.executed(work)
    sent = [call.params for call in cloud.calls.made if call.action == "CreateDBSnapshot"][-1]
    tags = {sent[f"Tags.Tag.{n}.Key"]: sent[f"Tags.Tag.{n}.Value"] for n in range(1, 5)}
    own = {"Environment": "dev", "CostCenter": "4711", "Team": "dba"}
    assert tags == own | {"rds-operations:operation-id": work["request"]["operation_id"]}
    assert "Tags.Tag.5.Key" not in sent


def test_a_backup_window_is_changed_and_read_back(cloud: Cloud) -> None:
    work = cloud.executed(cloud.accepted("modify_backup_window", backup_window="23:30-00:30"))
    (instance,) = cloud.rds.describe_db_instances(DBInstanceIdentifier=INSTANCE_ID)["DBInstances"]
    assert instance["PreferredBackupWindow"] == "23:30-00:30"
    assert work["progress"]["details"] == {"backup_window": "23:30-00:30"}
    assert (work["progress"]["finished"], work["progress"]["success"]) == (True, True)


def test_a_reboot_is_asked_for_and_goes_on(cloud: Cloud) -> None:
    work = cloud.executed(cloud.accepted("reboot_instance"))
    assert cloud.actions == ["RebootDBInstance"]
    assert (work["progress"]["status"], work["progress"]["finished"]) == ("rebooting", False)


@pytest.mark.parametrize(("operation", "action"), ACTIONS.items())
@pytest.mark.parametrize("direct", [False, True])
def test_the_second_execute_of_an_order_does_not_act_again(
    cloud: Cloud, operation: str, action: str, direct: bool
) -> None:
    work = cloud.by_hand(operation) if direct else cloud.accepted(operation)
    first, second = cloud.executed(work), cloud.executed(work)
    assert changes(cloud) == [action]
    assert second == first
    assert len(cloud.snapshots()) == (operation == "create_snapshot")
    assert cloud.events() == ["accepted"]


def test_a_snapshot_of_that_name_by_somebody_else_fails_with_the_words_of_aws(cloud: Cloud) -> None:
    cloud.rds.create_db_snapshot(DBSnapshotIdentifier=SNAPSHOT_ID, DBInstanceIdentifier=INSTANCE_ID)
    work = cloud.accepted()
    first = cloud.executed(work)["progress"]
    again = cloud.polled(cloud.executed(work), 1)["progress"]
    for progress in (first, again):
        assert (progress["finished"], progress["success"]) == (True, False)
        assert progress["error"].startswith("DBSnapshotAlreadyExists: ")
        assert SNAPSHOT_ID in progress["error"]
    assert len(cloud.snapshots()) == 1


@pytest.mark.parametrize(("operation", "action"), ACTIONS.items())
def test_a_definite_error_of_aws_ends_the_operation(cloud: Cloud, operation: str, action: str) -> None:
    work = cloud.accepted(operation)
    with cloud.calls.acting() as rds:
        rds.refuse(action, "InvalidDBInstanceState", "Instance is not available.")
        progress = cloud.executed(work)["progress"]
    assert (progress["finished"], progress["success"]) == (True, False)
    assert progress["error"] == "InvalidDBInstanceState: Instance is not available."


def test_a_throttled_call_had_no_effect_and_may_be_repeated(cloud: Cloud) -> None:
    work = cloud.accepted()
    with cloud.calls.acting() as rds:
        rds.refuse("CreateDBSnapshot", "Throttling", "Rate exceeded")
        with pytest.raises(RdsThrottled, match="Throttling: Rate exceeded"):
            cloud.executed(work)
    item = cloud.item(work["request"]["operation_id"])
    assert item
    assert item["status"] == "creating"
    assert "acting_at" not in item
    cloud.executed(work)
    assert len(cloud.snapshots()) == 1


def test_a_snapshot_without_a_definite_answer_is_looked_for_and_made_once(cloud: Cloud) -> None:
    work = cloud.accepted()
    with cloud.calls.acting() as rds:
        rds.refuse("CreateDBSnapshot", "InternalFailure", status=500)
        lost = cloud.executed(work)
    assert (lost["progress"]["status"], lost["progress"]["finished"]) == ("creating", False)
    cloud.executed(work)
    cloud.executed(work)
    assert len(cloud.snapshots()) == 1


def test_a_reboot_without_a_definite_answer_is_never_repeated(cloud: Cloud) -> None:
    work = cloud.accepted("reboot_instance")
    with cloud.calls.acting() as rds:
        rds.refuse("RebootDBInstance", "InternalFailure", status=500)
        lost = cloud.executed(work)
    assert cloud.executed(work) == lost
    assert changes(cloud) == ["RebootDBInstance"]


def test_a_window_that_rds_does_not_show_yet_is_looked_at_again_and_not_set_again(cloud: Cloud) -> None:
    work = cloud.accepted("modify_backup_window")
    cloud.backend.databases[INSTANCE_ID].update = lambda **_changes: None
    for _attempt in range(2):
        shown = cloud.executed(work)
        assert (shown["progress"]["status"], shown["progress"]["finished"]) == ("modifying", False)
    assert changes(cloud) == ["ModifyDBInstance"]
    assert cloud.polled(shown, 1)["progress"]["finished"] is False
    cloud.backend.databases[INSTANCE_ID].preferred_backup_window = "03:00-04:00"
    assert cloud.executed(work)["progress"]["success"] is True
    assert changes(cloud) == ["ModifyDBInstance"]


@pytest.mark.parametrize("operation", ACTIONS)
def test_a_closed_order_does_nothing(cloud: Cloud, operation: str) -> None:
    work = cloud.accepted(operation)
    cloud.ended(work["request"]["operation_id"])
    progress = cloud.executed(work)["progress"]
    assert (progress["finished"], progress["success"]) == (True, False)
    assert NOTHING_DONE in progress["error"]
    assert cloud.actions == []


@pytest.mark.parametrize("lock", [None, {}, {"owner": "another-operation"}], ids=["gone", "released", "another's"])
def test_an_order_that_lost_its_lock_does_nothing(cloud: Cloud, lock: Document | None) -> None:
    work = cloud.accepted()
    cloud.drop(LOCK)
    if lock is not None:
        cloud.put(operation_id=LOCK, expires_at=9_999_999_999, **lock)
    progress = cloud.executed(work)["progress"]
    assert NOTHING_DONE in progress["error"]
    assert cloud.actions == []


def test_a_direct_start_opens_its_own_item_lock_and_record(cloud: Cloud) -> None:
    cloud.executed(cloud.by_hand())
    item, lock = cloud.item("by-hand"), cloud.lock()
    assert item
    assert lock
    assert (item["status"], lock["owner"]) == ("creating", "by-hand")
    (record,) = cloud.records()
    assert (record["event"], record["operation_id"]) == ("accepted", "by-hand")
    assert json.loads(record["user_identity"]) == {
        "userId": "states:StartExecution",
        "principal": "states:StartExecution",
        "executionArn": EXECUTION_PREFIX + "by-hand",
    }
    assert len(cloud.snapshots()) == 1


def test_a_direct_start_on_a_busy_instance_does_nothing(cloud: Cloud) -> None:
    running = cloud.accepted("reboot_instance")["request"]["operation_id"]
    progress = cloud.executed(cloud.by_hand())["progress"]
    assert (progress["finished"], progress["success"]) == (True, False)
    assert running in progress["error"]
    assert cloud.actions == []
    assert cloud.item("by-hand") is None
    assert cloud.events() == ["accepted"]


@pytest.mark.parametrize("other", [a_body(snapshot_id="another"), a_body("reboot_instance")])
def test_a_start_under_the_name_of_another_order_does_nothing(cloud: Cloud, other: Document) -> None:
    accepted = cloud.accepted()["request"]["operation_id"]
    progress = cloud.executed(cloud.begin({"name": accepted, "input": other}))["progress"]
    assert (progress["finished"], progress["success"]) == (True, False)
    assert cloud.actions == []


def test_no_record_no_action(cloud: Cloud) -> None:
    work: Any = cloud.by_hand()
    cloud.dynamodb.delete_table(TableName="rds_audit_log")
    with pytest.raises(Exception, match="Nothing could be written"):
        cloud.executed(work)
    assert cloud.actions == []
    assert cloud.items() == []


@pytest.mark.parametrize("code", ["Throttling", "AccessDenied", "InternalFailure"])
def test_a_read_back_that_fails_does_not_look_like_no_change(cloud: Cloud, code: str) -> None:
    work = cloud.accepted("modify_backup_window")
    with cloud.calls.acting() as rds:
        rds.say("ModifyDBInstance", {"DBInstance": {}})
        rds.refuse("DescribeDBInstances", code, status=500 if "Failure" in code else 400)
        assert cloud.executed(work)["progress"]["finished"] is False
    assert cloud.executed(work)["progress"]["finished"] is False
    assert changes(cloud) == ["ModifyDBInstance"]


@pytest.mark.parametrize(
    ("operation", "look"),
    [("create_snapshot", "DescribeDBSnapshots"), ("modify_backup_window", "DescribeDBInstances")],
)
@pytest.mark.parametrize("code", ["Throttling", "AccessDenied", "InternalFailure"])
def test_a_second_execute_that_cannot_look_leaves_it_to_the_polls(
    cloud: Cloud, operation: str, look: str, code: str
) -> None:
    work = cloud.accepted(operation)
    cloud.executed(work)
    with cloud.calls.acting() as rds:
        rds.refuse(look, code, status=500 if "Failure" in code else 400)
        progress = cloud.executed(work)["progress"]
    assert (progress["finished"], progress["success"]) == (False, False)
    assert changes(cloud) == [ACTIONS[operation]]


def test_a_second_execute_that_is_throttled_is_no_failure(cloud: Cloud) -> None:
    """The first one crashed between its claim and its call."""
    work = cloud.accepted()
    with cloud.calls.acting() as rds:
        rds.refuse("CreateDBSnapshot", "InternalFailure", status=500)
        cloud.executed(work)
        rds.refuse("DescribeDBSnapshots", "DBSnapshotNotFound", status=404)
        rds.refuse("CreateDBSnapshot", "Throttling", "Rate exceeded")
        with pytest.raises(RdsThrottled):  # so that the state's Retry begins what was not begun
            cloud.executed(work)
    assert cloud.executed(work)["progress"]["status"] in ("creating", "available")
    assert len(cloud.snapshots()) == 1


@pytest.mark.parametrize("operation", ["create_snapshot", "reboot_instance", "modify_backup_window"])
def test_an_acting_call_is_sent_once_whatever_becomes_of_it(cloud: Cloud, operation: str) -> None:
    work = cloud.accepted(operation)
    sent: list[str] = []

    def lost(request: Any) -> None:
        if "Describe" not in str(request.body):
            sent.append(operation)
            raise ConnectionClosedError(endpoint_url=request.url)

    with cloud.calls.sending(lost):
        assert cloud.executed(work)["progress"]["finished"] is False
    assert sent == [operation]
