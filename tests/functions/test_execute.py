"""Execute: acts at most once, and only on what is on record."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ConnectionClosedError

from rds_operations.aws import clients
from rds_operations.model.errors import RdsThrottled
from tests.builders import EXECUTION_PREFIX, INSTANCE_ID, SNAPSHOT_ID, a_body
from tests.functions.calls import error
from tests.functions.fake_aws import LOCK, LONGEST_SECONDS, Document, FakeAws
from tests.operation_cases import CASES

ACTIONS = {name: case.acting_call for name, case in CASES.items()}
NOTHING_DONE = "is closed or has lost its lock; nothing was done"


@pytest.fixture(autouse=True)
def _instance(aws: FakeAws) -> None:
    aws.create_instance()


def changes(aws: FakeAws) -> list[str]:
    return [action for action in aws.actions if not action.startswith("Describe")]


def test_a_snapshot_is_made_with_the_callers_tags_and_the_services_own(aws: FakeAws) -> None:
    work = aws.execute(aws.accept(tags=[{"Key": "Purpose", "Value": "Pre-upgrade"}]))
    (snapshot,) = aws.snapshots()
    operation_id = work["request"]["operation_id"]
    assert (snapshot["DBSnapshotIdentifier"], snapshot["DBInstanceIdentifier"]) == (SNAPSHOT_ID, INSTANCE_ID)
    assert snapshot["TagList"] == [
        {"Key": "Purpose", "Value": "Pre-upgrade"},
        {"Key": "rds-operations:operation-id", "Value": operation_id},
    ]
    assert work["progress"]["details"]["snapshot_arn"] == snapshot["DBSnapshotArn"]
    item, lock = aws.item(operation_id), aws.lock()
    assert item
    assert lock
    assert (item["status"], item["acting_at"]) == ("creating", work["since"])
    assert lock["expires_at"] == pytest.approx(time.time() + LONGEST_SECONDS, abs=10)


# aws-solutions/instance-scheduler-on-aws#142: any tag in the call, and ours has one, stops RDS from copying tags.
@pytest.mark.parametrize("attempts", [1, 2])
def test_a_snapshot_is_sent_the_tags_that_its_instance_has_at_the_last_look(aws: FakeAws, attempts: int) -> None:
    aws.rds.modify_db_instance(DBInstanceIdentifier=INSTANCE_ID, CopyTagsToSnapshot=True)
    work = aws.accept(tags=[{"Key": "Team", "Value": "dba"}])
    arn = aws.rds.describe_db_instances(DBInstanceIdentifier=INSTANCE_ID)["DBInstances"][0]["DBInstanceArn"]
    aws.rds.add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "CostCenter", "Value": "4711"}])
    if attempts == 2:  # the first one's call is lost, so the second acts
        with aws.calls.answering(lambda call: error("X", 500) if call.action == "CreateDBSnapshot" else None):
            aws.execute(work)
    aws.execute(work)
    sent = [call.params for call in aws.calls.made if call.action == "CreateDBSnapshot"][-1]
    tags = {sent[f"Tags.Tag.{n}.Key"]: sent[f"Tags.Tag.{n}.Value"] for n in range(1, 5)}
    own = {"Environment": "dev", "CostCenter": "4711", "Team": "dba"}
    assert tags == own | {"rds-operations:operation-id": work["request"]["operation_id"]}
    assert "Tags.Tag.5.Key" not in sent


def test_a_backup_window_is_changed_and_read_back(aws: FakeAws) -> None:
    work = aws.execute(aws.accept("modify_backup_window", backup_window="23:30-00:30"))
    (instance,) = aws.rds.describe_db_instances(DBInstanceIdentifier=INSTANCE_ID)["DBInstances"]
    assert instance["PreferredBackupWindow"] == "23:30-00:30"
    assert work["progress"]["details"] == {"backup_window": "23:30-00:30"}
    assert (work["progress"]["finished"], work["progress"]["success"]) == (True, True)


def test_a_reboot_is_asked_for_and_goes_on(aws: FakeAws) -> None:
    work = aws.execute(aws.accept("reboot_instance"))
    assert aws.actions == ["RebootDBInstance"]
    assert (work["progress"]["status"], work["progress"]["finished"]) == ("rebooting", False)


@pytest.mark.parametrize(("operation", "action"), ACTIONS.items())
@pytest.mark.parametrize("direct", [False, True])
def test_a_second_execute_does_not_act_again(aws: FakeAws, operation: str, action: str, direct: bool) -> None:
    work = aws.start_directly(operation) if direct else aws.accept(operation)
    first, second = aws.execute(work), aws.execute(work)
    assert changes(aws) == [action]
    assert second == first
    assert len(aws.snapshots()) == (operation == "create_snapshot")
    assert aws.events() == ["accepted"]


def test_a_snapshot_of_that_name_by_somebody_else_fails_with_the_words_of_aws(aws: FakeAws) -> None:
    aws.rds.create_db_snapshot(DBSnapshotIdentifier=SNAPSHOT_ID, DBInstanceIdentifier=INSTANCE_ID)
    work = aws.accept()
    first = aws.execute(work)["progress"]
    again = aws.poll(aws.execute(work), 1)["progress"]
    for progress in (first, again):
        assert (progress["finished"], progress["success"]) == (True, False)
        assert progress["error"].startswith("DBSnapshotAlreadyExists: ")
        assert SNAPSHOT_ID in progress["error"]
    assert len(aws.snapshots()) == 1


@pytest.mark.parametrize(("operation", "action"), ACTIONS.items())
def test_a_definite_error_of_aws_ends_the_operation(aws: FakeAws, operation: str, action: str) -> None:
    work = aws.accept(operation)
    with aws.calls.acting() as rds:
        rds.refuse(action, "InvalidDBInstanceState", "Instance is not available.")
        progress = aws.execute(work)["progress"]
    assert (progress["finished"], progress["success"]) == (True, False)
    assert progress["error"] == "InvalidDBInstanceState: Instance is not available."


def test_a_throttled_call_had_no_effect_and_may_be_repeated(aws: FakeAws) -> None:
    work = aws.accept()
    with aws.calls.acting() as rds:
        rds.refuse("CreateDBSnapshot", "Throttling", "Rate exceeded")
        with pytest.raises(RdsThrottled, match="Throttling: Rate exceeded"):
            aws.execute(work)
    item = aws.item(work["request"]["operation_id"])
    assert item
    assert item["status"] == "creating"
    assert "acting_at" not in item
    aws.execute(work)
    assert len(aws.snapshots()) == 1


def test_a_snapshot_without_a_definite_answer_is_looked_for_and_made_once(aws: FakeAws) -> None:
    work = aws.accept()
    with aws.calls.acting() as rds:
        rds.refuse("CreateDBSnapshot", "InternalFailure", status=500)
        lost = aws.execute(work)
    assert (lost["progress"]["status"], lost["progress"]["finished"]) == ("creating", False)
    aws.execute(work)
    aws.execute(work)
    assert len(aws.snapshots()) == 1


def test_a_reboot_without_a_definite_answer_is_never_repeated(aws: FakeAws) -> None:
    work = aws.accept("reboot_instance")
    with aws.calls.acting() as rds:
        rds.refuse("RebootDBInstance", "InternalFailure", status=500)
        lost = aws.execute(work)
    assert aws.execute(work) == lost
    assert changes(aws) == ["RebootDBInstance"]


def test_a_window_that_rds_does_not_show_yet_is_looked_at_again_and_not_set_again(aws: FakeAws) -> None:
    work = aws.accept("modify_backup_window")
    aws.backend.databases[INSTANCE_ID].update = lambda **_changes: None
    for _attempt in range(2):
        shown = aws.execute(work)
        assert (shown["progress"]["status"], shown["progress"]["finished"]) == ("modifying", False)
    assert changes(aws) == ["ModifyDBInstance"]
    assert aws.poll(shown, 1)["progress"]["finished"] is False
    aws.backend.databases[INSTANCE_ID].preferred_backup_window = "03:00-04:00"
    assert aws.execute(work)["progress"]["success"] is True
    assert changes(aws) == ["ModifyDBInstance"]


@pytest.mark.parametrize("operation", ACTIONS)
def test_a_closed_operation_does_nothing(aws: FakeAws, operation: str) -> None:
    work = aws.accept(operation)
    aws.end(work["request"]["operation_id"])
    progress = aws.execute(work)["progress"]
    assert (progress["finished"], progress["success"]) == (True, False)
    assert NOTHING_DONE in progress["error"]
    assert aws.actions == []


@pytest.mark.parametrize("lock", [None, {}, {"owner": "another-operation"}], ids=["gone", "released", "another's"])
def test_an_operation_that_lost_its_lock_does_nothing(aws: FakeAws, lock: Document | None) -> None:
    work = aws.accept()
    aws.drop(LOCK)
    if lock is not None:
        aws.put(operation_id=LOCK, expires_at=9_999_999_999, **lock)
    progress = aws.execute(work)["progress"]
    assert NOTHING_DONE in progress["error"]
    assert aws.actions == []


def test_a_direct_start_opens_its_own_item_lock_and_record(aws: FakeAws) -> None:
    aws.execute(aws.start_directly())
    item, lock = aws.item("by-hand"), aws.lock()
    assert item
    assert lock
    assert (item["status"], lock["owner"]) == ("creating", "by-hand")
    (record,) = aws.records()
    assert (record["event"], record["operation_id"]) == ("accepted", "by-hand")
    assert json.loads(record["user_identity"]) == {
        "userId": "states:StartExecution",
        "principal": "states:StartExecution",
        "executionArn": EXECUTION_PREFIX + "by-hand",
    }
    assert len(aws.snapshots()) == 1


def test_a_direct_start_on_a_busy_instance_does_nothing(aws: FakeAws) -> None:
    aws.accept("reboot_instance")
    progress = aws.execute(aws.start_directly())["progress"]
    assert (progress["finished"], progress["success"], progress["code"]) == (True, False, "operation_in_progress")
    assert progress["error"].startswith(f"reboot_instance has been running on {INSTANCE_ID} since ")
    assert aws.actions == []
    assert aws.item("by-hand") is None
    assert aws.events() == ["accepted"]


@pytest.mark.parametrize("other", [a_body(snapshot_id="another"), a_body("reboot_instance")])
def test_a_start_under_the_name_of_another_operation_does_nothing(aws: FakeAws, other: Document) -> None:
    accepted = aws.accept()["request"]["operation_id"]
    progress = aws.execute(aws.begin({"name": accepted, "input": other}))["progress"]
    assert (progress["finished"], progress["success"]) == (True, False)
    assert aws.actions == []


def test_no_record_no_action(aws: FakeAws) -> None:
    work: Any = aws.start_directly()
    aws.dynamodb.delete_table(TableName="rds_audit_log")
    with pytest.raises(Exception, match="Nothing could be written"):
        aws.execute(work)
    assert aws.actions == []
    assert aws.items() == []


@pytest.mark.parametrize("code", ["Throttling", "AccessDenied", "InternalFailure"])
def test_a_read_back_that_fails_does_not_look_like_no_change(aws: FakeAws, code: str) -> None:
    work = aws.accept("modify_backup_window")
    with aws.calls.acting() as rds:
        rds.say("ModifyDBInstance", {"DBInstance": {}})
        rds.refuse("DescribeDBInstances", code, status=500 if "Failure" in code else 400)
        assert aws.execute(work)["progress"]["finished"] is False
    assert aws.execute(work)["progress"]["finished"] is False
    assert changes(aws) == ["ModifyDBInstance"]


@pytest.mark.parametrize(
    ("operation", "look"),
    [("create_snapshot", "DescribeDBSnapshots"), ("modify_backup_window", "DescribeDBInstances")],
)
@pytest.mark.parametrize("code", ["Throttling", "AccessDenied", "InternalFailure"])
def test_a_second_execute_that_cannot_look_leaves_it_to_the_polls(
    aws: FakeAws, operation: str, look: str, code: str
) -> None:
    work = aws.accept(operation)
    aws.execute(work)
    with aws.calls.acting() as rds:
        rds.refuse(look, code, status=500 if "Failure" in code else 400)
        progress = aws.execute(work)["progress"]
    assert (progress["finished"], progress["success"]) == (False, False)
    assert changes(aws) == [ACTIONS[operation]]


def test_a_second_execute_that_is_throttled_is_no_failure(aws: FakeAws) -> None:
    """The first one crashed between its claim and its call."""
    work = aws.accept()
    with aws.calls.acting() as rds:
        rds.refuse("CreateDBSnapshot", "InternalFailure", status=500)
        aws.execute(work)
        rds.refuse("DescribeDBSnapshots", "DBSnapshotNotFound", status=404)
        rds.refuse("CreateDBSnapshot", "Throttling", "Rate exceeded")
        with pytest.raises(RdsThrottled):  # so that the state's Retry makes the call
            aws.execute(work)
    assert aws.execute(work)["progress"]["status"] in ("creating", "available")
    assert len(aws.snapshots()) == 1


@pytest.mark.parametrize("operation", ["create_snapshot", "reboot_instance", "modify_backup_window"])
def test_an_acting_call_is_sent_once_whatever_becomes_of_it(aws: FakeAws, operation: str) -> None:
    work = aws.accept(operation)
    sent: list[str] = []

    def lost(request: Any) -> None:
        if "Describe" not in str(request.body):
            sent.append(operation)
            raise ConnectionClosedError(endpoint_url=request.url)

    with aws.calls.sending(lost):
        assert aws.execute(work)["progress"]["finished"] is False
    assert sent == [operation]


def test_one_client_acts_for_all_operations_each_with_credentials_of_its_own(
    aws: FakeAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client for each would read the certificates and connect anew."""
    made: list[object] = []
    keys: list[str] = []
    make = clients.acting_client

    def counted(*arguments: Any) -> Any:
        made.append(arguments)
        client = make(*arguments)
        client.meta.events.register(
            "before-call.rds", lambda request_signer, **_event: keys.append(request_signer._credentials.access_key)
        )
        return client

    monkeypatch.setattr(clients, "acting_client", counted)
    aws.deploy()  # no client of an earlier test
    for number in range(2):
        aws.create_instance(instance_id=f"dev-{number}")
        body = {"operation": "reboot_instance", "instance_id": f"dev-{number}"}
        aws.audit(aws.execute(aws.begin(aws.admit(body, request_id=f"request-{number}")["start"])))
    assert len(made) == 1
    assert len(keys) == len(set(keys)) == 2
