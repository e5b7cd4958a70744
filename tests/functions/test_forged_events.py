"""Whoever may invoke Execute or Audit writes their events. The request on record decides, not the event."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rds_operations.model.errors import RecordMismatch
from rds_operations.settings.callers import CallerSettings
from tests.functions.cloud import Cloud, Document
from tests.unit.builders import EXECUTION_PREFIX, TARGETS, a_body

CALLER, BOSS = "apikey:key-id-1", "the-boss"
FORGED: Document = {
    "caller": {"userId": BOSS, "principal": BOSS},
    "request_id": "request-of-the-boss",
    "execution_arn": "arn:aws:states:::execution:of-the-boss",
    "idempotency_key": "key-of-the-boss",
}
DONE: Document = {"status": "available", "finished": True, "success": True}


@pytest.fixture(autouse=True)
def _instance(cloud: Cloud) -> None:
    cloud.create_instance()


def forged(work: Document, **request: Any) -> Document:
    return {**work, "request": {**work["request"], **FORGED, **request}}


def callers(cloud: Cloud) -> set[str]:
    return {json.loads(record["user_identity"])["userId"] for record in cloud.records()}


def test_an_order_that_nobody_has_accepted_is_its_executions_whatever_the_event_says(cloud: Cloud) -> None:
    work = cloud.executed(forged(cloud.by_hand()))
    cloud.audited(work)
    assert callers(cloud) == {"states:StartExecution"}
    for record in cloud.records():
        assert (record["execution_arn"], record["request_id"]) == (EXECUTION_PREFIX + "by-hand", "")
    (item,) = (item for item in cloud.items() if "fingerprint" in item)
    assert item["idempotency_key"] == ""
    assert BOSS not in json.dumps([cloud.items(), cloud.records()], default=str)


def test_an_accepted_order_stays_its_callers_whatever_the_event_says(cloud: Cloud) -> None:
    work = cloud.executed(forged(cloud.accepted()))
    cloud.audited(work)
    assert callers(cloud) == {CALLER}
    (session,) = cloud.calls.of("execute", "sts")
    assert BOSS not in session.params["SourceIdentity"]


def test_a_permission_is_that_of_the_caller_on_record(cloud: Cloud) -> None:
    work = cloud.accepted("reboot_instance")
    cloud.deploy(TARGETS, CallerSettings({BOSS: {}}))
    assert cloud.executed(forged(work))["refusal"]["code"] == "caller_not_permitted"
    assert cloud.actions == []


def test_a_direct_start_does_not_borrow_a_permission(cloud: Cloud) -> None:
    cloud.deploy(TARGETS, CallerSettings({BOSS: {}}))
    assert cloud.executed(forged(cloud.by_hand()))["refusal"]["code"] == "caller_not_permitted"
    assert cloud.actions == []


def test_a_verdict_in_an_event_opens_nothing(cloud: Cloud) -> None:
    work = cloud.by_hand()
    cloud.retag("Production")
    executed = cloud.executed({**work, "verdict": {"environment": "development", "source": "tag Environment=dev"}})
    assert executed["refusal"]["code"] == "production_instance"
    assert cloud.actions == []


@pytest.mark.parametrize(
    "other",
    [{"instance_id": "other"}, {"operation": "reboot_instance", "parameters": {"force_failover": False}}],
    ids=["instance", "operation"],
)
def test_another_order_under_an_accepted_id_does_nothing(cloud: Cloud, other: Document) -> None:
    cloud.create_instance("dev", "other")
    work = cloud.executed(forged(cloud.accepted(), **other))
    assert work["refusal"]["code"] == "idempotency_key_reused"
    assert cloud.actions == []


def test_a_success_is_not_believed_of_what_has_not_acted(cloud: Cloud) -> None:
    work = cloud.accepted()
    with pytest.raises(RecordMismatch, match="has not acted, so it cannot have succeeded"):
        cloud.audited({**work, "progress": DONE})
    assert cloud.events() == ["accepted"]


def test_a_success_of_what_has_not_acted_is_closed_behind_as_a_failure(cloud: Cloud) -> None:
    """Where the machine's own Audit has not believed it, nobody may be left with an operation that never ends."""
    work = cloud.accepted()
    operation_id = work["request"]["operation_id"]
    cause = json.dumps({**work, "progress": DONE})
    outcome = cloud.ended(operation_id, "FAILED", error="AuditFailed", cause=cause)
    assert outcome["error"] == "OperationFailed"
    assert "cannot have succeeded" in outcome["document"]["error"]
    assert (cloud.events(), cloud.lock()) == (["accepted", "completed"], None)


def test_an_end_is_not_believed_of_another_execution(cloud: Cloud) -> None:
    work = cloud.executed(cloud.accepted())
    given = {"machine": "OPERATION", "work": {**work, "progress": DONE}}
    for name in ("another", ""):
        execution = {"Id": EXECUTION_PREFIX + name, "Name": name, "StartTime": "2025-11-13T10:30:00.000Z"}
        with pytest.raises(RecordMismatch, match="is on record for another execution"):
            cloud.call("audit", {**given, "execution": execution})
    assert cloud.events() == ["accepted"]
    assert cloud.lock()


def test_a_refusal_that_calls_itself_a_success_is_not_recorded(cloud: Cloud) -> None:
    cloud.retag("Production")
    work = cloud.request(a_body())
    with pytest.raises(ValueError, match="a refusal is a status, a code and a sentence"):
        cloud.answered({**work, "refusal": {**work["refusal"], "success": True}})
    assert cloud.records() == []
