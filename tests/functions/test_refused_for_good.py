"""A refused id stays refused: nothing that comes late, or is driven again, does what the record says was not done."""

from __future__ import annotations

import json
import time

import pytest

from rds_operations.model import clock
from tests.functions.cloud import LOCK, REFUSAL_QUEUE, Cloud, Document
from tests.functions.meanwhile import before
from tests.unit.builders import a_body, an_admission, an_envelope, an_execution

LOST = {"Error": "States.Timeout", "Cause": ""}
OPERATIONS = ["create_snapshot", "reboot_instance", "modify_backup_window"]


@pytest.fixture(autouse=True)
def _instance(cloud: Cloud) -> None:
    cloud.create_instance()


def stopped(cloud: Cloud, operation: str = "create_snapshot") -> Document:
    return cloud.ended("by-hand", given=a_body(operation))


def to_admit(cloud: Cloud, key: str | None = None, request_id: str = "request-1") -> Document:
    """The work of an ADMISSION right before its Admit."""
    envelope = an_envelope(a_body(), **({} if key is None else {"idempotency_key": key}))
    given = {"machine": "ADMISSION", "envelope": envelope, "execution": an_admission(request_id)}
    work = cloud.call("validate", given)
    return work | cloud.call("classify", work)


# A direct start.


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("state", ["Validate", "Classify", "Execute"])
def test_a_direct_start_that_was_stopped_and_is_driven_again_does_nothing(
    cloud: Cloud, state: str, operation: str
) -> None:
    """Step Functions goes on with the state that it was stopped in."""
    work = cloud.by_hand(operation)
    stopped(cloud, operation)
    if state != "Execute":
        work = cloud.by_hand(operation)
    work = cloud.executed(work)
    assert work["refusal"]["code"] == "idempotency_key_reused"
    assert cloud.audited(work)["error"] == "OperationRefused"
    assert (cloud.actions, cloud.items(), cloud.events()) == ([], [], ["refused"])


def test_a_direct_start_that_was_stopped_and_ends_again_is_one_record(cloud: Cloud) -> None:
    stopped(cloud)
    stopped(cloud)
    cloud.audited({**cloud.by_hand(), "error": LOST})
    assert (cloud.events(), cloud.refused_ids()) == (["refused"], ["by-hand"])


def test_an_order_that_is_opened_while_its_execution_is_closed_ends_as_an_operation(cloud: Cloud) -> None:
    """Stopped in Execute, which goes on: the request is there by the time of the record."""
    work = cloud.by_hand("reboot_instance")
    with before(cloud, "audit", "TransactWriteItems", lambda: cloud.executed(work)):
        stopped(cloud, "reboot_instance")
    assert cloud.events() == ["accepted", "completed"]
    lock = cloud.lock()
    assert lock, "its call may still be under way"
    assert lock["expires_at"] <= time.time() + 60
    assert cloud.refused_ids() == []
    assert cloud.late_watches() == ["by-hand"]


def test_an_execution_that_is_closed_while_its_order_is_opened_does_nothing(cloud: Cloud) -> None:
    work = cloud.by_hand("reboot_instance")
    with before(cloud, "execute", "TransactWriteItems", lambda: stopped(cloud, "reboot_instance")):
        assert cloud.executed(work)["refusal"]["code"] == "idempotency_key_reused"
    assert (cloud.actions, cloud.items(), cloud.events()) == ([], [], ["refused"])


def test_a_refused_direct_start_is_no_operation_to_anybody(cloud: Cloud) -> None:
    stopped(cloud)
    assert cloud.status("by-hand")["statusCode"] == 404
    assert cloud.sweep() == {}


# ADMISSION, whose Admit lands after its own Audit.


@pytest.mark.parametrize("key", ["a-key", None])
def test_an_admit_that_lands_after_its_own_audit_opens_nothing(cloud: Cloud, key: str | None) -> None:
    work = to_admit(cloud, key)
    answer = cloud.answered({**work, "error": LOST}, key)
    assert (answer["statusCode"], "nothing was done" in answer["error"]) == (503, True)
    assert "start" not in cloud.call("admit", work)
    assert (cloud.items(), cloud.events()) == ([], ["refused"])


def test_a_repetition_is_an_operation_of_its_own_where_the_first_request_was_refused(cloud: Cloud) -> None:
    work = to_admit(cloud, "a-key")
    cloud.answered({**work, "error": LOST}, "a-key")
    cloud.call("admit", work)
    again = cloud.request(a_body(), "a-key", "request-2")
    assert again["start"]["name"] != work["request"]["operation_id"]
    cloud.audited(cloud.executed(cloud.begin(again["start"])))
    refused = {record["operation_id"] for record in cloud.records() if record["event"] == "refused"}
    assert refused == {work["request"]["operation_id"]}
    assert sorted(cloud.events()) == ["accepted", "completed", "refused"]


def test_an_admit_that_lands_while_its_own_audit_looks_is_closed(cloud: Cloud) -> None:
    work = to_admit(cloud, "a-key")
    with before(cloud, "audit", "TransactWriteItems", lambda: cloud.call("admit", work)):
        answer = cloud.answered({**work, "error": LOST}, "a-key")
    assert answer["statusCode"] == 503
    assert (cloud.held(), cloud.events()) == ([], ["accepted", "completed"])


def test_a_refusal_that_waited_in_the_queue_leaves_alone_what_a_repetition_has_done(cloud: Cloud) -> None:
    work = to_admit(cloud, "a-key")
    start = work | cloud.call("admit", work)
    message = {"work": {**work, "error": LOST}, "execution": an_admission("request-1")}
    body = {"machine": "ADMISSION", **message, "envelope": an_envelope(a_body(), idempotency_key="a-key")}
    cloud.queues.send_message(QueueUrl=REFUSAL_QUEUE, MessageBody=json.dumps(body))
    again = cloud.request(a_body(), "a-key", "request-2")
    assert again["start"] == start["start"]
    assert cloud.sweep() == {"recorded": 1}
    assert cloud.audited(cloud.executed(cloud.begin(again["start"])))["success"] is True
    assert cloud.events() == ["accepted", "completed"]


def refused_again(cloud: Cloud, work: Document) -> Document:
    """Admit is repeated while another operation has the instance. What its first attempt has written is under way."""
    cloud.put(operation_id=LOCK, owner="another", expires_at=clock.to_epoch(clock.now()) + 60)
    work = work | cloud.call("admit", {**work, "retries": 1})
    assert work["refusal"]["code"] == "operation_in_progress"
    cloud.drop(LOCK)
    return work


def test_a_first_attempt_that_lands_after_the_refusal_of_the_second_opens_nothing(cloud: Cloud) -> None:
    work = to_admit(cloud, "a-key")
    assert cloud.answered(refused_again(cloud, work), "a-key")["statusCode"] == 409
    assert "start" not in cloud.call("admit", work)
    assert (cloud.items(), cloud.events()) == ([], ["refused"])


@pytest.mark.parametrize("waited", [False, True], ids=["answered", "waited in the queue"])
def test_a_first_attempt_that_lands_before_the_record_of_the_refusal_is_closed(cloud: Cloud, waited: bool) -> None:
    work = to_admit(cloud, "a-key")
    refused = refused_again(cloud, work)
    cloud.call("admit", work)
    if waited:
        envelope = an_envelope(a_body(), idempotency_key="a-key")
        body = {"machine": "ADMISSION", "work": refused, "execution": an_admission("request-1"), "envelope": envelope}
        cloud.queues.send_message(QueueUrl=REFUSAL_QUEUE, MessageBody=json.dumps(body))
        assert cloud.sweep() == {"recorded": 1}
    else:
        assert cloud.answered(refused, "a-key")["code"] == "operation_in_progress"
    assert (cloud.held(), cloud.events()) == ([], ["accepted", "completed"])
    assert json.loads(cloud.records()[-1]["result"])["code"] == "operation_in_progress"


def test_a_refusal_of_which_nothing_is_under_way_takes_no_id(cloud: Cloud) -> None:
    """It would cost a second write."""
    cloud.request(a_body())
    cloud.answered(cloud.request(a_body("reboot_instance"), request_id="request-2"))
    cloud.retag("prod")
    cloud.answered(cloud.request(a_body("reboot_instance"), request_id="request-3"))
    assert sorted(cloud.events()) == ["accepted", "refused", "refused"]
    assert cloud.refused_ids() == []


def test_a_direct_start_under_the_id_of_a_request_that_broke_is_refused(cloud: Cloud) -> None:
    work = to_admit(cloud)
    cloud.answered({**work, "error": LOST})
    name = work["request"]["operation_id"]
    given = {"machine": "OPERATION", "body": json.dumps(a_body()), "execution": an_execution(name)}
    begun = cloud.call("validate", given)
    assert cloud.executed(begun | cloud.call("classify", begun))["refusal"]["code"] == "idempotency_key_reused"
    assert cloud.actions == []
