"""Audit: every attempt ends on record, exactly once."""

import json
import time
from typing import Any

import boto3
import pytest

from rds_operations.aws.operation_store import CALL_OVER
from rds_operations.model.errors import TableBusy, TableUnavailable
from tests.builders import EXECUTION_PREFIX, INSTANCE_ID, REQUESTED_AT, SNAPSHOT_ID, a_body
from tests.functions.fake_aws import AUDIT_TABLE, LOCK, Document, FakeAws, a_work

FAULT = {"Error": "KeyError", "Cause": '{"errorMessage": "boom", "stackTrace": ["secret path"]}'}


def done(aws: FakeAws, operation: str = "create_snapshot") -> Document:
    """Return an operation that RDS has done, just before its Audit."""
    aws.create_instance()
    return aws.execute(aws.accept(operation))


def stored_lock(aws: FakeAws) -> Document:
    lock = aws.lock()
    assert lock
    return lock


def assert_open(aws: FakeAws, operation_id: str) -> None:
    item, lock = aws.item(operation_id), aws.lock()
    assert item
    assert lock
    assert "ended_at" not in item
    assert lock["owner"] == operation_id
    assert "completed" not in aws.events()


# Late refusals by OPERATION.


def test_a_tag_that_turns_to_production_is_a_refusal_and_no_error_metric(
    aws: FakeAws, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.create_instance()
    start = aws.admit(a_body())["start"]
    aws.retag("prod")
    work = aws.begin(start)
    first = aws.audit(work)
    assert first["error"] == "OperationRefused"
    assert aws.audit(work) == first
    assert aws.actions == []
    assert aws.events() == ["accepted", "completed"]
    assert "OperationErrors" not in capsys.readouterr().out


def test_a_direct_start_on_a_busy_instance_is_a_refusal(aws: FakeAws) -> None:
    aws.create_instance()
    aws.accept()
    outcome = aws.audit(aws.execute(aws.start_directly("reboot_instance")))
    assert outcome["error"] == "OperationRefused"
    assert aws.actions == []
    assert sorted(aws.events()) == ["accepted", "refused"]


# Refusals by ADMISSION.


@pytest.mark.parametrize(
    ("environment", "status", "verdict"), [("prod", 403, "production"), ("", 403, "unknown"), (None, 404, "unknown")]
)
def test_every_403_and_404_is_a_record(aws: FakeAws, environment: str | None, status: int, verdict: str) -> None:
    if environment is not None:
        aws.create_instance(environment)
    work = aws.admit(a_body())
    answer = aws.answer(work)
    assert {"status": answer.pop("statusCode"), **answer} == work["refusal"]
    assert work["refusal"]["status"] == status
    (record,) = aws.records()
    assert record["audit_id"] == f"{INSTANCE_ID}#{REQUESTED_AT}#{work['request']['operation_id']}#refused"
    assert (record["event"], record["success"], record["environment"]) == ("refused", False, verdict)
    assert json.loads(record["result"]) == {"success": False, **work["refusal"]}
    assert json.loads(record["user_identity"])["sourceIp"] == "203.0.113.42"
    assert aws.items() == []


def test_a_refusal_that_is_audited_twice_is_one_record(aws: FakeAws) -> None:
    work = aws.admit(a_body())
    assert aws.answer(work) == aws.answer(work)
    assert aws.events() == ["refused"]


def test_a_request_that_names_nothing_sound_is_recorded_apart(aws: FakeAws) -> None:
    assert aws.answer(aws.admit({"instance_id": "no such id"}))["statusCode"] == 400
    (record,) = aws.records()
    assert (record["instance_id"], record["operation"], record["operation_id"]) == ("-", "-", "request-1")


@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [
        (FAULT, 500, "internal_error"),
        ({"Error": "States.Timeout"}, 503, "try_again"),
        ({"Error": "RdsThrottled", "Cause": '{"errorMessage": "secret"}'}, 503, "try_again"),
        ({"Error": "RdsUnavailable"}, 503, "try_again"),
        ({"Error": "TableBusy"}, 503, "try_again"),
    ],
)
@pytest.mark.parametrize("validated", [True, False])
def test_an_admission_that_broke_is_recorded_and_its_cause_kept_back(
    aws: FakeAws, fault: Document, status: int, code: str, validated: bool
) -> None:
    answer = aws.answer({**(a_work() if validated else {}), "error": fault})
    assert (answer["statusCode"], answer["code"]) == (status, code)
    assert "secret" not in str(answer)
    (record,) = aws.records()
    assert (record["event"], record["instance_id"], record["success"]) == ("refused", INSTANCE_ID, False)
    assert "secret path" not in record["result"]


def test_an_admission_that_broke_after_admit_closes_its_operation(aws: FakeAws) -> None:
    aws.create_instance()
    work = aws.admit(a_body())
    assert aws.answer({**work, "error": FAULT})["statusCode"] == 500
    item = aws.item(work["request"]["operation_id"])
    assert item
    assert (item["status"], aws.lock()) == ("failed", None)
    assert aws.events() == ["accepted", "completed"]
    assert aws.execute(aws.begin(work["start"]))["progress"]["success"] is False
    assert aws.actions == []


def test_an_admission_that_broke_after_the_start_stays_accepted(aws: FakeAws) -> None:
    aws.create_instance()
    work = aws.admit(a_body())
    aws.execute(aws.begin(work["start"]))
    answer = aws.answer({**work, "error": FAULT})
    assert answer == {"statusCode": 202, **json.loads(work["reply"]["body"])}
    assert_open(aws, work["request"]["operation_id"])
    assert aws.events() == ["accepted"]


def test_an_admission_that_broke_leaves_other_operations_alone(aws: FakeAws) -> None:
    aws.create_instance()
    first = aws.admit(a_body(), key="my-key", request_id="request-1")
    again = aws.admit(a_body(), key="my-key", request_id="request-2")
    aws.answer({**again, "error": FAULT})
    assert_open(aws, first["request"]["operation_id"])
    assert sorted(aws.events()) == ["accepted", "refused"]


# Ends of OPERATION.


@pytest.mark.parametrize("operation", ["create_snapshot", "modify_backup_window"])
def test_the_closing_record_the_final_status_and_the_lock_go_together(aws: FakeAws, operation: str) -> None:
    work = done(aws, operation)
    outcome = aws.audit(work)
    item = aws.item(work["request"]["operation_id"])
    assert item
    assert (outcome["success"], outcome["error"]) == (True, "")
    assert (item["status"], aws.lock()) == ("available", None)
    assert json.loads(item["result"]) == outcome["document"] == json.loads(outcome["cause"])
    opening, closing = aws.records()
    assert (opening["event"], closing["event"], closing["success"]) == ("accepted", "completed", True)
    assert closing["timestamp"] == item["ended_at"]
    assert json.loads(closing["result"]) == outcome["document"]
    for name in ("parameters", "user_identity", "request_id", "execution_arn", "environment_source", "operation_id"):
        assert closing[name] == opening[name]


@pytest.mark.parametrize(
    ("ending", "status", "error"),
    [
        ({}, "available", ""),
        ({"progress": {"status": "creating"}}, "timeout", "OperationTimedOut"),
        ({"progress": {"status": "failed", "finished": True, "error": "no"}}, "failed", "OperationFailed"),
        ({"error": FAULT}, "failed", "OperationFailed"),
    ],
)
def test_called_twice_there_is_one_closing_record_and_the_same_outcome(
    aws: FakeAws, ending: Document, status: str, error: str
) -> None:
    work = done(aws) | ending
    first = aws.audit(work)
    assert (first["document"]["status"], first["error"]) == (status, error)
    assert aws.audit(work) == first
    assert aws.events() == ["accepted", "completed"]


def test_an_instance_that_became_production_is_refused_at_the_last_moment(aws: FakeAws) -> None:
    aws.create_instance()
    start = aws.admit(a_body())["start"]
    aws.retag("Production")
    outcome = aws.audit(aws.begin(start))
    assert outcome["error"] == "OperationRefused"
    assert outcome["document"]["environment"] == "production"
    closing = aws.records()[-1]
    assert (closing["event"], closing["environment"], closing["success"]) == ("completed", "production", False)
    assert (aws.lock(), aws.snapshots()) == (None, [])


def test_the_caller_on_record_is_the_one_that_asked_and_not_the_execution(aws: FakeAws) -> None:
    aws.audit(done(aws))
    closing = aws.records()[-1]
    assert json.loads(closing["user_identity"])["userId"] == "apikey:key-id-1"


def test_a_refused_direct_start_is_a_record(aws: FakeAws) -> None:
    outcome = aws.audit(aws.start_directly())
    assert (outcome["success"], outcome["error"]) == (False, "OperationRefused")
    (record,) = aws.records()
    assert (record["event"], record["operation_id"]) == ("refused", "by-hand")
    assert json.loads(record["user_identity"])["userId"] == "states:StartExecution"
    assert aws.items() == []


def test_an_envelope_forged_for_a_direct_start_touches_no_other_operation(aws: FakeAws) -> None:
    aws.create_instance()
    victim = aws.accept()["request"]["operation_id"]
    envelope = {"envelope": {"body": {}, "request_id": victim, "caller": {"userArn": "arn:aws:iam::1:user/ceo"}}}
    aws.audit(aws.begin({"name": "forged", "input": envelope}), "forged")
    assert_open(aws, victim)
    record = next(record for record in aws.records() if record["event"] == "refused")
    assert (record["operation_id"], json.loads(record["user_identity"])["userId"]) == (
        "forged",
        "states:StartExecution",
    )


def test_a_lock_that_was_taken_over_is_left_to_its_new_owner(aws: FakeAws) -> None:
    work = done(aws)
    aws.put(operation_id=LOCK, owner="next", expires_at=int(time.time()) + 60)
    assert aws.audit(work)["success"] is True
    lock = aws.lock()
    assert lock
    assert lock["owner"] == "next"


def test_a_lock_that_is_taken_over_while_closing_is_left_to_its_new_owner(aws: FakeAws) -> None:
    work = done(aws)

    def take_over(**_event: Any) -> None:
        aws.put(operation_id=LOCK, owner="next", expires_at=int(time.time()) + 60)

    calls, transaction = aws.modules["audit"].store._client.meta.events, "before-call.dynamodb.TransactWriteItems"
    calls.register(transaction, take_over)
    try:
        assert aws.audit(work)["success"] is True
    finally:
        calls.unregister(transaction, take_over)
    assert aws.events() == ["accepted", "completed"]
    lock = aws.lock()
    assert lock
    assert lock["owner"] == "next"


def test_an_operation_whose_item_goes_away_while_closing_is_worth_repeating(aws: FakeAws) -> None:
    work = done(aws)
    operation_id = work["request"]["operation_id"]
    item = aws.item(operation_id)
    assert item

    def go_away(**_event: Any) -> None:
        aws.drop(operation_id)

    calls, transaction = aws.modules["audit"].store._client.meta.events, "before-call.dynamodb.TransactWriteItems"
    calls.register(transaction, go_away)
    try:
        with pytest.raises(TableBusy):
            aws.audit(work)
    finally:
        calls.unregister(transaction, go_away)
    assert aws.events() == ["accepted"]
    aws.put(**item)
    assert aws.audit(work)["success"] is True


# EventBridge's backstop.


@pytest.mark.parametrize(
    ("status", "code", "told"),
    [
        ("ABORTED", "stopped", {"error": "ExecutionAborted: The execution was stopped"}),
        ("TIMED_OUT", "timed_out", {"note": "ExecutionTimedOut: The execution ran out of time"}),
        ("FAILED", "internal_error", {"error": "ExecutionFailed: The execution broke: no details"}),
    ],
)
def test_the_end_of_an_execution_closes_its_operation_and_soon_its_lock(
    aws: FakeAws, status: str, code: str, told: dict[str, str]
) -> None:
    operation_id = done(aws)["request"]["operation_id"]
    document = aws.end(operation_id, status, a_body())["document"]
    asked = ". RDS may already have received the call; final_status will show the result"
    assert (
        document.items()
        >= {"success": False, "code": code, **{key: text + asked for key, text in told.items()}}.items()
    )
    assert stored_lock(aws)["expires_at"] <= time.time() + CALL_OVER.total_seconds()
    assert aws.events() == ["accepted", "completed"]
    assert json.loads(aws.records()[-1]["user_identity"])["userId"] == "apikey:key-id-1"


def test_the_end_of_an_execution_leaves_a_closed_operation_alone(aws: FakeAws) -> None:
    work = done(aws)
    outcome = aws.audit(work)
    items = aws.items()
    assert aws.end(work["request"]["operation_id"], "FAILED") == outcome
    assert aws.items() == items
    assert aws.events() == ["accepted", "completed"]


def test_an_outcome_that_could_not_be_recorded_is_recorded_from_the_cause(aws: FakeAws) -> None:
    work = done(aws)
    event = {"error": "AuditFailed", "cause": json.dumps(work)}
    outcome = aws.end(work["request"]["operation_id"], "FAILED", a_body(), **event)
    assert outcome["success"] is True
    assert outcome["document"]["snapshot_id"] == SNAPSHOT_ID
    assert aws.records()[-1]["success"] is True


@pytest.mark.parametrize("given", [None, a_body(), {"envelope": 1}, []])
def test_the_end_of_a_direct_start_that_was_never_accepted_is_a_record(aws: FakeAws, given: Any) -> None:
    aws.end("by-hand", given=given)
    aws.end("by-hand", given=given)
    (record,) = aws.records()
    assert (record["event"], record["operation_id"]) == ("refused", "by-hand")
    assert record["timestamp"] == "2025-11-13T10:30:00.123Z"
    assert record["execution_arn"] == EXECUTION_PREFIX + "by-hand"


# All or nothing.


def test_what_cannot_be_recorded_is_not_closed_and_is_counted(aws: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    work = done(aws)
    aws.dynamodb.delete_table(TableName=AUDIT_TABLE)
    with pytest.raises(TableUnavailable):
        aws.audit(work)
    item, lock = aws.item(work["request"]["operation_id"]), aws.lock()
    assert item
    assert lock
    assert "ended_at" not in item
    metric = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert metric["AuditWriteFailures"] == [1.0]
    assert metric["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Region"]]


def test_a_refusal_that_cannot_be_recorded_is_counted_too(aws: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    work = aws.admit(a_body())
    aws.dynamodb.delete_table(TableName=AUDIT_TABLE)
    with pytest.raises(TableUnavailable):
        aws.answer(work)
    assert "AuditWriteFailures" in capsys.readouterr().out


# The specification's three queries, on the boto3 Table resource.


def test_the_queries_of_the_specification(aws: FakeAws) -> None:
    aws.audit(done(aws))
    aws.answer(aws.admit(a_body() | {"instance_id": "prod-01"}, request_id="request-2"))
    dynamodb: Any = boto3.resource("dynamodb").meta.client
    by_instance = dynamodb.query(
        TableName="rds_audit_log",
        KeyConditionExpression="instance_id = :id",
        ExpressionAttributeValues={":id": "dev-postgres-01"},
    )
    assert [item["event"] for item in by_instance["Items"]] == ["accepted", "completed"]
    by_user = dynamodb.scan(
        TableName="rds_audit_log",
        FilterExpression="contains(user_identity, :user)",
        ExpressionAttributeValues={":user": "key-id-1"},
    )
    assert by_user["Count"] == 3
    failed = dynamodb.scan(
        TableName="rds_audit_log",
        FilterExpression="success = :false",
        ExpressionAttributeValues={":false": False},
    )
    assert [item["instance_id"] for item in failed["Items"]] == ["prod-01"]


def test_an_admission_that_broke_before_its_operation_began_frees_its_key(aws: FakeAws) -> None:
    aws.create_instance()
    work = aws.admit(a_body(), key="monday-1")
    assert aws.answer({**work, "error": FAULT})["statusCode"] == 500
    again = aws.admit(a_body(), key="monday-1", request_id="request-2")
    assert again["start"]["name"] != work["start"]["name"]
    assert aws.execute(aws.begin(again["start"]))["progress"]["success"] is True
