"""Combined faults: lost answers, late writes, stale reads. Every answer stays true."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from rds_operations.model.errors import RdsUnreachable
from tests.builders import INSTANCE_ID, SNAPSHOT_ID, a_body, an_admission, an_envelope, an_execution
from tests.functions.calls import Answer, Call, error
from tests.functions.fake_aws import REFUSAL_QUEUE, FakeAws

LOST = {"Error": "States.Timeout", "Cause": ""}


@pytest.fixture(autouse=True)
def _instance(aws: FakeAws) -> None:
    aws.create_instance()


def item(aws: FakeAws, operation_id: str) -> dict[str, Any]:
    found = aws.item(operation_id)
    assert found
    return found


# The identity of a request.


def test_a_request_id_that_a_client_chose_is_nobodys_identity(aws: FakeAws) -> None:
    """A client can choose it in API Gateway; the name of ADMISSION's execution comes from AWS."""
    envelope = {**an_envelope(), "request_id": "chosen"}
    requests = [
        aws.call("validate", {"machine": "ADMISSION", "envelope": envelope, "execution": an_execution(name)})["request"]
        for name in ("request-1", "request-2")
    ]
    assert requests[0]["operation_id"] != requests[1]["operation_id"]
    assert "chosen" not in json.dumps(requests)


def test_a_name_that_is_taken_closes_nothing(aws: FakeAws) -> None:
    name = aws.admit(a_body())["start"]["name"]
    work = aws.execute(aws.begin({"name": name, "input": a_body("reboot_instance")}))
    assert aws.audit(work, name)["error"] == "OperationRefused"
    assert "ended_at" not in item(aws, name)
    assert sorted(aws.events()) == ["accepted", "refused"]
    assert aws.actions == []


def test_a_direct_start_whose_validate_broke_is_one_record(aws: FakeAws) -> None:
    given = {"machine": "OPERATION", "work": {"error": LOST}, "body": json.dumps(a_body())}
    start = an_execution("by-hand", StartTime=1763029800123)
    aws.call("audit", {**given, "execution": start})
    aws.end("by-hand", "FAILED", a_body(), error="OperationFailed", cause="{}")
    (record,) = aws.records()
    assert record["instance_id"] == INSTANCE_ID


# The answer.


def test_a_key_leads_to_no_operation_that_never_began(aws: FakeAws) -> None:
    work = aws.admit(a_body(), "a-key")
    aws.overdue(work["request"]["operation_id"])
    assert aws.sweep() == {"closed": 1}
    assert "start" in aws.admit(a_body(), "a-key", request_id="request-2")


def test_a_lost_start_of_an_earlier_request_may_have_begun(aws: FakeAws) -> None:
    first = aws.admit(a_body(), "a-key")
    again = aws.admit(a_body(), "a-key", request_id="request-2")
    assert again["start"] == first["start"]
    answer = aws.answer({**again, "error": LOST})
    assert answer["statusCode"] == 503
    assert "may have begun" in answer["error"]
    assert sorted(aws.events()) == ["accepted", "refused"]


def test_a_claim_given_back_while_admission_closes_stays_accepted(aws: FakeAws) -> None:
    work = aws.admit(a_body())
    operation_id = work["request"]["operation_id"]
    unclaimed = item(aws, operation_id)
    aws.put(**{**unclaimed, "acting_at": "2026-01-01T00:00:00.000Z"})
    events = aws.modules["audit"].store._client.meta.events

    def give_back(**_event: Any) -> None:
        aws.put(**unclaimed)

    events.register("after-call.dynamodb.TransactWriteItems", give_back)
    try:
        assert aws.answer({**work, "error": LOST})["statusCode"] == 202
    finally:
        events.unregister("after-call.dynamodb.TransactWriteItems", give_back)


# What RDS shows late.


REFUSALS = ["DBSnapshotAlreadyExists", "InvalidDBInstanceState", "SnapshotQuotaExceeded", "AccessDenied"]
each_refusal = pytest.mark.parametrize("refusal", REFUSALS)


@each_refusal
def test_a_refused_second_call_fails_no_snapshot_that_does_not_show_yet(aws: FakeAws, refusal: str) -> None:
    work = aws.accept()
    aws.execute(work)
    with aws.calls.acting() as rds:
        rds.refuse("DescribeDBSnapshots", "DBSnapshotNotFound", status=404)
        rds.refuse("CreateDBSnapshot", refusal)
        rds.refuse("DescribeDBSnapshots", "DBSnapshotNotFound", status=404)
        work = aws.execute(work)
    assert work["progress"]["finished"] is False
    work = aws.poll(work, 1)
    assert work["progress"]["success"] is True
    assert aws.audit(work)["success"] is True
    assert len(aws.snapshots()) == 1


@each_refusal
def test_after_a_refused_second_call_a_look_finds_the_first_ones_snapshot(aws: FakeAws, refusal: str) -> None:
    work = aws.accept()
    aws.execute(work)

    def refuse(call: Call) -> Answer | None:
        if call.action == "CreateDBSnapshot":
            return error(refusal)
        first_look = [made.action for made in aws.calls.of("execute", "rds")].count("DescribeDBSnapshots") == 1
        return error("DBSnapshotNotFound", 404) if call.action == "DescribeDBSnapshots" and first_look else None

    with aws.calls.answering(refuse):
        progress = aws.execute(work)["progress"]
    assert (progress["finished"], progress["success"]) == (True, True)
    assert progress["details"]["snapshot_arn"] == aws.snapshots()[0]["DBSnapshotArn"]


@each_refusal
def test_a_look_that_is_refused_after_a_refused_second_call_ends_nothing(aws: FakeAws, refusal: str) -> None:
    work = aws.accept()
    aws.execute(work)
    with aws.calls.acting() as rds:
        rds.refuse("DescribeDBSnapshots", "DBSnapshotNotFound", status=404)
        rds.refuse("CreateDBSnapshot", refusal)
        rds.refuse("DescribeDBSnapshots", "AccessDenied", status=403)
        work = aws.execute(work)
    assert work["progress"]["finished"] is False
    assert aws.poll(work, 1)["progress"]["success"] is True


@each_refusal
def test_a_refused_second_call_after_one_that_never_acted_is_watched_on(aws: FakeAws, refusal: str) -> None:
    work = aws.accept()
    with aws.calls.acting() as rds:
        rds.refuse("CreateDBSnapshot", "InternalFailure", status=500)
        aws.execute(work)
        rds.refuse("DescribeDBSnapshots", "DBSnapshotNotFound", status=404)
        rds.refuse("CreateDBSnapshot", refusal)
        rds.refuse("DescribeDBSnapshots", "DBSnapshotNotFound", status=404)
        work = aws.execute(work)
    work = aws.poll(work, 1)
    assert work["progress"]["finished"] is False
    assert aws.audit(work)["error"] == "OperationTimedOut"
    assert aws.late_watches() == [work["request"]["operation_id"]]
    assert aws.snapshots() == []


def test_ones_own_snapshot_whose_tags_do_not_show_yet_is_waited_for(aws: FakeAws) -> None:
    work = aws.accept()
    aws.execute(work)
    snapshot = aws.backend.database_snapshots[SNAPSHOT_ID]
    tags, snapshot.tags = snapshot.tags, []
    work = aws.execute(work)
    assert work["progress"]["finished"] is False
    work = aws.poll(work, 1)  # the first that counts: Execute's own comes a moment after the call
    assert work["progress"]["finished"] is False
    without = aws.poll(work, 2)["progress"]
    assert without["error"] == f"DBSnapshotAlreadyExists: Snapshot {SNAPSHOT_ID} already exists"
    snapshot.tags = tags
    assert aws.poll(work, 2)["progress"]["success"] is True


# What RDS did not take.


def test_a_throttled_call_whose_claim_cannot_be_given_back_is_told_as_not_done(aws: FakeAws) -> None:
    work = aws.accept("reboot_instance")
    with aws.calls.acting() as rds, aws.calls.refusing("execute", "dynamodb", "UpdateItem", "InternalServerError"):
        rds.refuse("RebootDBInstance", "Throttling", "Rate exceeded")
        work = aws.execute(work)
    outcome = aws.audit(work)
    assert outcome["error"] == "OperationFailed"
    assert outcome["document"]["error"] == "Throttling: Rate exceeded; nothing was done"
    assert aws.late_watches() == []


@pytest.mark.parametrize("operation", ["create_snapshot", "reboot_instance", "modify_backup_window"])
def test_a_call_that_was_never_sent_may_be_repeated(aws: FakeAws, operation: str) -> None:
    work = aws.accept(operation)

    def no_connection(request: Any) -> None:
        if "Describe" not in str(request.body):
            raise ConnectTimeoutError(endpoint_url=request.url)

    with aws.calls.sending(no_connection), pytest.raises(RdsUnreachable):
        aws.execute(work)
    assert "acting_at" not in item(aws, work["request"]["operation_id"])
    aws.execute(work)
    assert "acting_at" in item(aws, work["request"]["operation_id"])


# The sweep, when nothing else answers.


def test_a_table_that_cannot_be_read_keeps_no_refusal_waiting(aws: FakeAws) -> None:
    aws.put(operation_id="lost", unfinished="operation", due_at=1)
    aws.create_instance("prod", "prod-01")
    request = {**a_body(), "instance_id": "prod-01"}
    given = {"machine": "ADMISSION", "execution": an_admission(), "envelope": an_envelope(request)}
    message = {**given, "work": aws.admit(request)}
    aws.queues.send_message(QueueUrl=REFUSAL_QUEUE, MessageBody=json.dumps(message))
    with aws.calls.refusing("sweep", "dynamodb", "GetItem", "InternalServerError"):
        assert aws.sweep() == {"recorded": 1, "failed": 1}


def test_a_queue_that_cannot_be_read_keeps_no_operation_waiting(aws: FakeAws) -> None:
    aws.queues.delete_queue(QueueUrl=REFUSAL_QUEUE)
    aws.overdue(aws.admit(a_body())["request"]["operation_id"])
    assert aws.sweep() == {"failed": 1, "closed": 1}
