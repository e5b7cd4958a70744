"""Faults that meet: answers that are lost, writes that land late, reads that are behind. What is said stays true."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError

from rds_operations.model.errors import RdsUnreachable
from tests.functions.calls import Answer, Call, error
from tests.functions.cloud import REFUSAL_QUEUE, Cloud
from tests.unit.builders import INSTANCE_ID, SNAPSHOT_ID, a_body, an_admission, an_envelope, an_execution

LOST = {"Error": "States.Timeout", "Cause": ""}


@pytest.fixture(autouse=True)
def _instance(cloud: Cloud) -> None:
    cloud.create_instance()


def item(cloud: Cloud, operation_id: str) -> dict[str, Any]:
    found = cloud.item(operation_id)
    assert found
    return found


# Who a request is.


def test_a_request_id_that_a_client_chose_is_nobodys_identity(cloud: Cloud) -> None:
    """API Gateway lets a client choose it; the name of ADMISSION's execution is the platform's."""
    envelope = {**an_envelope(), "request_id": "chosen"}
    requests = [
        cloud.call("validate", {"machine": "ADMISSION", "envelope": envelope, "execution": an_execution(name)})[
            "request"
        ]
        for name in ("request-1", "request-2")
    ]
    assert requests[0]["operation_id"] != requests[1]["operation_id"]
    assert "chosen" not in json.dumps(requests)


def test_a_name_that_is_taken_closes_no_order_of_another(cloud: Cloud) -> None:
    name = cloud.request(a_body())["start"]["name"]
    work = cloud.executed(cloud.begin({"name": name, "input": a_body("reboot_instance")}))
    assert cloud.audited(work, name)["error"] == "OperationRefused"
    assert "ended_at" not in item(cloud, name)
    assert sorted(cloud.events()) == ["accepted", "refused"]
    assert cloud.actions == []


def test_a_direct_start_whose_validate_broke_is_one_record(cloud: Cloud) -> None:
    given = {"machine": "OPERATION", "work": {"error": LOST}, "body": json.dumps(a_body())}
    start = an_execution("by-hand", StartTime=1763029800123)
    cloud.call("audit", {**given, "execution": start})
    cloud.ended("by-hand", "FAILED", a_body(), error="OperationFailed", cause="{}")
    (record,) = cloud.records()
    assert record["instance_id"] == INSTANCE_ID


# What the answer says.


def test_a_key_leads_to_no_operation_that_never_began(cloud: Cloud) -> None:
    work = cloud.request(a_body(), "a-key")
    cloud.overdue(work["request"]["operation_id"])
    assert cloud.sweep() == {"closed": 1}
    assert "start" in cloud.request(a_body(), "a-key", request_id="request-2")


def test_a_lost_start_of_an_earlier_requests_order_is_not_told_as_nothing_done(cloud: Cloud) -> None:
    first = cloud.request(a_body(), "a-key")
    again = cloud.request(a_body(), "a-key", request_id="request-2")
    assert again["start"] == first["start"]
    answer = cloud.answered({**again, "error": LOST})
    assert answer["statusCode"] == 503
    assert "may have begun" in answer["error"]
    assert sorted(cloud.events()) == ["accepted", "refused"]


def test_an_order_that_is_given_back_while_admission_closes_it_stays_accepted(cloud: Cloud) -> None:
    work = cloud.request(a_body())
    operation_id = work["request"]["operation_id"]
    unclaimed = item(cloud, operation_id)
    cloud.put(**{**unclaimed, "acting_at": "2026-01-01T00:00:00.000Z"})
    events = cloud.modules["audit"].store._client.meta.events

    def give_back(**_event: Any) -> None:
        cloud.put(**unclaimed)

    events.register("after-call.dynamodb.TransactWriteItems", give_back)
    try:
        assert cloud.answered({**work, "error": LOST})["statusCode"] == 202
    finally:
        events.unregister("after-call.dynamodb.TransactWriteItems", give_back)


# What RDS shows late.


REFUSALS = ["DBSnapshotAlreadyExists", "InvalidDBInstanceState", "SnapshotQuotaExceeded", "AccessDenied"]
each_refusal = pytest.mark.parametrize("refusal", REFUSALS)


@each_refusal
def test_a_refused_second_call_fails_no_snapshot_that_does_not_show_yet(cloud: Cloud, refusal: str) -> None:
    work = cloud.accepted()
    cloud.executed(work)
    with cloud.calls.acting() as rds:
        rds.refuse("DescribeDBSnapshots", "DBSnapshotNotFound", status=404)
        rds.refuse("CreateDBSnapshot", refusal)
        rds.refuse("DescribeDBSnapshots", "DBSnapshotNotFound", status=404)
        work = cloud.executed(work)
    assert work["progress"]["finished"] is False
    work = cloud.polled(work, 1)
    assert work["progress"]["success"] is True
    assert cloud.audited(work)["success"] is True
    assert len(cloud.snapshots()) == 1


@each_refusal
def test_after_a_refused_second_call_a_look_finds_the_first_ones_snapshot(cloud: Cloud, refusal: str) -> None:
    work = cloud.accepted()
    cloud.executed(work)

    def refuse(call: Call) -> Answer | None:
        if call.action == "CreateDBSnapshot":
            return error(refusal)
        first_look = [made.action for made in cloud.calls.of("execute", "rds")].count("DescribeDBSnapshots") == 1
        return error("DBSnapshotNotFound", 404) if call.action == "DescribeDBSnapshots" and first_look else None

    with cloud.calls.answering(refuse):
        progress = cloud.executed(work)["progress"]
    assert (progress["finished"], progress["success"]) == (True, True)
    assert progress["details"]["snapshot_arn"] == cloud.snapshots()[0]["DBSnapshotArn"]


@each_refusal
def test_a_look_that_is_refused_after_a_refused_second_call_ends_nothing(cloud: Cloud, refusal: str) -> None:
    work = cloud.accepted()
    cloud.executed(work)
    with cloud.calls.acting() as rds:
        rds.refuse("DescribeDBSnapshots", "DBSnapshotNotFound", status=404)
        rds.refuse("CreateDBSnapshot", refusal)
        rds.refuse("DescribeDBSnapshots", "AccessDenied", status=403)
        work = cloud.executed(work)
    assert work["progress"]["finished"] is False
    assert cloud.polled(work, 1)["progress"]["success"] is True


@each_refusal
def test_a_refused_second_call_after_one_that_never_acted_is_watched_on(cloud: Cloud, refusal: str) -> None:
    work = cloud.accepted()
    with cloud.calls.acting() as rds:
        rds.refuse("CreateDBSnapshot", "InternalFailure", status=500)
        cloud.executed(work)
        rds.refuse("DescribeDBSnapshots", "DBSnapshotNotFound", status=404)
        rds.refuse("CreateDBSnapshot", refusal)
        rds.refuse("DescribeDBSnapshots", "DBSnapshotNotFound", status=404)
        work = cloud.executed(work)
    work = cloud.polled(work, 1)
    assert work["progress"]["finished"] is False
    assert cloud.audited(work)["error"] == "OperationTimedOut"
    assert cloud.late_watches() == [work["request"]["operation_id"]]
    assert cloud.snapshots() == []


def test_ones_own_snapshot_whose_tags_do_not_show_yet_is_waited_for(cloud: Cloud) -> None:
    work = cloud.accepted()
    cloud.executed(work)
    snapshot = cloud.backend.database_snapshots[SNAPSHOT_ID]
    tags, snapshot.tags = snapshot.tags, []
    work = cloud.executed(work)
    assert work["progress"]["finished"] is False
    work = cloud.polled(work, 1)  # the first look that counts: Execute's comes a moment after the call
    assert work["progress"]["finished"] is False
    without = cloud.polled(work, 2)["progress"]
    assert without["error"] == f"DBSnapshotAlreadyExists: Snapshot {SNAPSHOT_ID} already exists"
    snapshot.tags = tags
    assert cloud.polled(work, 2)["progress"]["success"] is True


# What RDS did not take.


def test_a_throttled_call_whose_claim_cannot_be_given_back_is_told_as_not_done(cloud: Cloud) -> None:
    work = cloud.accepted("reboot_instance")
    with cloud.calls.acting() as rds, cloud.calls.refusing("execute", "dynamodb", "UpdateItem", "InternalServerError"):
        rds.refuse("RebootDBInstance", "Throttling", "Rate exceeded")
        work = cloud.executed(work)
    outcome = cloud.audited(work)
    assert outcome["error"] == "OperationFailed"
    assert outcome["document"]["error"] == "Throttling: Rate exceeded; nothing was done"
    assert cloud.late_watches() == []


@pytest.mark.parametrize("operation", ["create_snapshot", "reboot_instance", "modify_backup_window"])
def test_a_call_that_was_never_sent_may_be_repeated(cloud: Cloud, operation: str) -> None:
    work = cloud.accepted(operation)

    def no_connection(request: Any) -> None:
        if "Describe" not in str(request.body):
            raise ConnectTimeoutError(endpoint_url=request.url)

    with cloud.calls.sending(no_connection), pytest.raises(RdsUnreachable):
        cloud.executed(work)
    assert "acting_at" not in item(cloud, work["request"]["operation_id"])
    cloud.executed(work)
    assert "acting_at" in item(cloud, work["request"]["operation_id"])


# The sweep, when nothing else answers.


def test_a_table_that_cannot_be_read_keeps_no_refusal_waiting(cloud: Cloud) -> None:
    cloud.put(operation_id="lost", unfinished="operation", due_at=1)
    cloud.create_instance("prod", "prod-01")
    request = {**a_body(), "instance_id": "prod-01"}
    given = {"machine": "ADMISSION", "execution": an_admission(), "envelope": an_envelope(request)}
    message = {**given, "work": cloud.request(request)}
    cloud.queues.send_message(QueueUrl=REFUSAL_QUEUE, MessageBody=json.dumps(message))
    with cloud.calls.refusing("sweep", "dynamodb", "GetItem", "InternalServerError"):
        assert cloud.sweep() == {"recorded": 1, "failed": 1}


def test_a_queue_that_cannot_be_read_keeps_no_operation_waiting(cloud: Cloud) -> None:
    cloud.queues.delete_queue(QueueUrl=REFUSAL_QUEUE)
    cloud.overdue(cloud.request(a_body())["request"]["operation_id"])
    assert cloud.sweep() == {"failed": 1, "closed": 1}
