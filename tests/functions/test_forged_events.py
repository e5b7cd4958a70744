"""Anyone who may invoke Execute or Audit writes its event, but the recorded request decides."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rds_operations.model.errors import RecordMismatch
from rds_operations.settings.callers import CallerSettings
from tests.builders import EXECUTION_PREFIX, TARGETS, a_body
from tests.functions.fake_aws import Document, FakeAws

CALLER, BOSS = "apikey:key-id-1", "the-boss"
FORGED: Document = {
    "caller": {"userId": BOSS, "principal": BOSS},
    "request_id": "request-of-the-boss",
    "execution_arn": "arn:aws:states:::execution:of-the-boss",
    "idempotency_key": "key-of-the-boss",
}
DONE: Document = {"status": "available", "finished": True, "success": True}


@pytest.fixture(autouse=True)
def _instance(aws: FakeAws) -> None:
    aws.create_instance()


def forged(work: Document, **request: Any) -> Document:
    return {**work, "request": {**work["request"], **FORGED, **request}}


def callers(aws: FakeAws) -> set[str]:
    return {json.loads(record["user_identity"])["userId"] for record in aws.records()}


def test_a_direct_start_is_its_executions_whatever_the_event_says(aws: FakeAws) -> None:
    work = aws.execute(forged(aws.start_directly()))
    aws.audit(work)
    assert callers(aws) == {"states:StartExecution"}
    for record in aws.records():
        assert (record["execution_arn"], record["request_id"]) == (EXECUTION_PREFIX + "by-hand", "")
    (item,) = (item for item in aws.items() if "fingerprint" in item)
    assert item["idempotency_key"] == ""
    assert BOSS not in json.dumps([aws.items(), aws.records()], default=str)


def test_the_caller_on_record_counts_and_not_the_events(aws: FakeAws) -> None:
    work = aws.execute(forged(aws.accept()))
    aws.audit(work)
    assert callers(aws) == {CALLER}
    (session,) = aws.calls.of("execute", "sts")
    assert BOSS not in session.params["SourceIdentity"]


def test_a_permission_is_that_of_the_caller_on_record(aws: FakeAws) -> None:
    work = aws.accept("reboot_instance")
    aws.deploy(TARGETS, CallerSettings({BOSS: {}}))
    assert aws.execute(forged(work))["refusal"]["code"] == "caller_not_permitted"
    assert aws.actions == []


def test_a_direct_start_does_not_borrow_a_permission(aws: FakeAws) -> None:
    aws.deploy(TARGETS, CallerSettings({BOSS: {}}))
    assert aws.execute(forged(aws.start_directly()))["refusal"]["code"] == "caller_not_permitted"
    assert aws.actions == []


def test_a_verdict_in_an_event_opens_nothing(aws: FakeAws) -> None:
    work = aws.start_directly()
    aws.retag("Production")
    executed = aws.execute({**work, "verdict": {"environment": "development", "source": "tag Environment=dev"}})
    assert executed["refusal"]["code"] == "production_instance"
    assert aws.actions == []


@pytest.mark.parametrize(
    "other",
    [{"instance_id": "other"}, {"operation": "reboot_instance", "parameters": {"force_failover": False}}],
    ids=["instance", "operation"],
)
def test_another_request_under_an_accepted_id_does_nothing(aws: FakeAws, other: Document) -> None:
    aws.create_instance("dev", "other")
    work = aws.execute(forged(aws.accept(), **other))
    assert work["refusal"]["code"] == "idempotency_key_reused"
    assert aws.actions == []


def test_a_success_is_not_believed_of_what_has_not_acted(aws: FakeAws) -> None:
    work = aws.accept()
    with pytest.raises(RecordMismatch, match="has not acted, so it cannot have succeeded"):
        aws.audit({**work, "progress": DONE})
    assert aws.events() == ["accepted"]


def test_a_success_of_what_has_not_acted_is_closed_behind_as_a_failure(aws: FakeAws) -> None:
    """The machine's own Audit did not believe it. The operation must still end."""
    work = aws.accept()
    operation_id = work["request"]["operation_id"]
    cause = json.dumps({**work, "progress": DONE})
    outcome = aws.end(operation_id, "FAILED", error="AuditFailed", cause=cause)
    assert outcome["error"] == "OperationFailed"
    assert "cannot have succeeded" in outcome["document"]["error"]
    assert (aws.events(), aws.lock()) == (["accepted", "completed"], None)


def test_an_end_is_not_believed_of_another_execution(aws: FakeAws) -> None:
    work = aws.execute(aws.accept())
    given = {"machine": "OPERATION", "work": {**work, "progress": DONE}}
    for name in ("another", ""):
        execution = {"Id": EXECUTION_PREFIX + name, "Name": name, "StartTime": "2025-11-13T10:30:00.000Z"}
        with pytest.raises(RecordMismatch, match="is on record for another execution"):
            aws.call("audit", {**given, "execution": execution})
    assert aws.events() == ["accepted"]
    assert aws.lock()


def test_a_refusal_that_calls_itself_a_success_is_not_recorded(aws: FakeAws) -> None:
    aws.retag("Production")
    work = aws.admit(a_body())
    with pytest.raises(ValueError, match="a refusal is a status, a code and a sentence"):
        aws.answer({**work, "refusal": {**work["refusal"], "success": True}})
    assert aws.records() == []
