"""A refused id stays refused: no late or redriven attempt does what the record says was not done."""

from __future__ import annotations

import json
import time

import pytest

from rds_operations.model import clock
from tests.builders import a_body, an_admission, an_envelope, an_execution
from tests.functions.fake_aws import LOCK, REFUSAL_QUEUE, Document, FakeAws
from tests.functions.meanwhile import before

LOST = {"Error": "States.Timeout", "Cause": ""}
OPERATIONS = ["create_snapshot", "reboot_instance", "modify_backup_window"]


@pytest.fixture(autouse=True)
def _instance(aws: FakeAws) -> None:
    aws.create_instance()


def stopped(aws: FakeAws, operation: str = "create_snapshot") -> Document:
    return aws.end("by-hand", given=a_body(operation))


def to_admit(aws: FakeAws, key: str | None = None, request_id: str = "request-1") -> Document:
    """Return the work of an ADMISSION just before its Admit."""
    envelope = an_envelope(a_body(), **({} if key is None else {"idempotency_key": key}))
    given = {"machine": "ADMISSION", "envelope": envelope, "execution": an_admission(request_id)}
    work = aws.call("validate", given)
    return work | aws.call("classify", work)


# A direct start.


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("state", ["Validate", "Classify", "Execute"])
def test_a_direct_start_that_was_stopped_and_is_driven_again_does_nothing(
    aws: FakeAws, state: str, operation: str
) -> None:
    """Step Functions continues with the state in which it stopped."""
    work = aws.start_directly(operation)
    stopped(aws, operation)
    if state != "Execute":
        work = aws.start_directly(operation)
    work = aws.execute(work)
    assert work["refusal"]["code"] == "idempotency_key_reused"
    assert aws.audit(work)["error"] == "OperationRefused"
    assert (aws.actions, aws.items(), aws.events()) == ([], [], ["refused"])


def test_a_direct_start_that_was_stopped_and_ends_again_is_one_record(aws: FakeAws) -> None:
    stopped(aws)
    stopped(aws)
    aws.audit({**aws.start_directly(), "error": LOST})
    assert (aws.events(), aws.refused_ids()) == (["refused"], ["by-hand"])


def test_what_is_opened_while_its_execution_is_closed_ends_as_an_operation(aws: FakeAws) -> None:
    """Execute goes on after the stop, and has opened the request when the record is written."""
    work = aws.start_directly("reboot_instance")
    with before(aws, "audit", "TransactWriteItems", lambda: aws.execute(work)):
        stopped(aws, "reboot_instance")
    assert aws.events() == ["accepted", "completed"]
    lock = aws.lock()
    assert lock, "its call may still be under way"
    assert lock["expires_at"] <= time.time() + 60
    assert aws.refused_ids() == []
    assert aws.late_watches() == ["by-hand"]


def test_an_execution_that_is_closed_while_it_opens_does_nothing(aws: FakeAws) -> None:
    work = aws.start_directly("reboot_instance")
    with before(aws, "execute", "TransactWriteItems", lambda: stopped(aws, "reboot_instance")):
        assert aws.execute(work)["refusal"]["code"] == "idempotency_key_reused"
    assert (aws.actions, aws.items(), aws.events()) == ([], [], ["refused"])


def test_a_refused_direct_start_is_no_operation_to_anybody(aws: FakeAws) -> None:
    stopped(aws)
    assert aws.status("by-hand")["statusCode"] == 404
    assert aws.sweep() == {}


# ADMISSION, whose Admit lands after its own Audit.


@pytest.mark.parametrize("key", ["a-key", None])
def test_an_admit_that_lands_after_its_own_audit_opens_nothing(aws: FakeAws, key: str | None) -> None:
    work = to_admit(aws, key)
    answer = aws.answer({**work, "error": LOST}, key)
    assert (answer["statusCode"], "nothing was done" in answer["error"]) == (503, True)
    assert "start" not in aws.call("admit", work)
    assert (aws.items(), aws.events()) == ([], ["refused"])


def test_a_repetition_of_a_refused_request_is_a_new_operation(aws: FakeAws) -> None:
    work = to_admit(aws, "a-key")
    aws.answer({**work, "error": LOST}, "a-key")
    aws.call("admit", work)
    again = aws.admit(a_body(), "a-key", "request-2")
    assert again["start"]["name"] != work["request"]["operation_id"]
    aws.audit(aws.execute(aws.begin(again["start"])))
    refused = {record["operation_id"] for record in aws.records() if record["event"] == "refused"}
    assert refused == {work["request"]["operation_id"]}
    assert sorted(aws.events()) == ["accepted", "completed", "refused"]


def test_an_admit_that_lands_while_its_own_audit_looks_is_closed(aws: FakeAws) -> None:
    work = to_admit(aws, "a-key")
    with before(aws, "audit", "TransactWriteItems", lambda: aws.call("admit", work)):
        answer = aws.answer({**work, "error": LOST}, "a-key")
    assert answer["statusCode"] == 503
    assert (aws.held(), aws.events()) == ([], ["accepted", "completed"])


def test_a_refusal_that_waited_in_the_queue_leaves_alone_what_a_repetition_has_done(aws: FakeAws) -> None:
    work = to_admit(aws, "a-key")
    start = work | aws.call("admit", work)
    message = {"work": {**work, "error": LOST}, "execution": an_admission("request-1")}
    body = {"machine": "ADMISSION", **message, "envelope": an_envelope(a_body(), idempotency_key="a-key")}
    aws.queues.send_message(QueueUrl=REFUSAL_QUEUE, MessageBody=json.dumps(body))
    again = aws.admit(a_body(), "a-key", "request-2")
    assert again["start"] == start["start"]
    assert aws.sweep() == {"recorded": 1}
    assert aws.audit(aws.execute(aws.begin(again["start"])))["success"] is True
    assert aws.events() == ["accepted", "completed"]


def refused_again(aws: FakeAws, work: Document) -> Document:
    """Repeat Admit while another operation has the instance, and the first attempt's write has not landed."""
    aws.put(operation_id=LOCK, owner="another", expires_at=clock.to_epoch(clock.now()) + 60)
    work = work | aws.call("admit", {**work, "retries": 1})
    assert work["refusal"]["code"] == "operation_in_progress"
    aws.drop(LOCK)
    return work


def test_a_first_attempt_that_lands_after_the_refusal_of_the_second_opens_nothing(aws: FakeAws) -> None:
    work = to_admit(aws, "a-key")
    assert aws.answer(refused_again(aws, work), "a-key")["statusCode"] == 409
    assert "start" not in aws.call("admit", work)
    assert (aws.items(), aws.events()) == ([], ["refused"])


@pytest.mark.parametrize("waited", [False, True], ids=["answered", "waited in the queue"])
def test_a_first_attempt_that_lands_before_the_record_of_the_refusal_is_closed(aws: FakeAws, waited: bool) -> None:
    work = to_admit(aws, "a-key")
    refused = refused_again(aws, work)
    aws.call("admit", work)
    if waited:
        envelope = an_envelope(a_body(), idempotency_key="a-key")
        body = {"machine": "ADMISSION", "work": refused, "execution": an_admission("request-1"), "envelope": envelope}
        aws.queues.send_message(QueueUrl=REFUSAL_QUEUE, MessageBody=json.dumps(body))
        assert aws.sweep() == {"recorded": 1}
    else:
        assert aws.answer(refused, "a-key")["code"] == "operation_in_progress"
    assert (aws.held(), aws.events()) == ([], ["accepted", "completed"])
    assert json.loads(aws.records()[-1]["result"])["code"] == "operation_in_progress"


def test_a_refusal_of_which_nothing_is_under_way_takes_no_id(aws: FakeAws) -> None:
    """It would cost a second write."""
    aws.admit(a_body())
    aws.answer(aws.admit(a_body("reboot_instance"), request_id="request-2"))
    aws.retag("prod")
    aws.answer(aws.admit(a_body("reboot_instance"), request_id="request-3"))
    assert sorted(aws.events()) == ["accepted", "refused", "refused"]
    assert aws.refused_ids() == []


def test_a_direct_start_under_the_id_of_a_request_that_broke_is_refused(aws: FakeAws) -> None:
    work = to_admit(aws)
    aws.answer({**work, "error": LOST})
    name = work["request"]["operation_id"]
    given = {"machine": "OPERATION", "body": json.dumps(a_body()), "execution": an_execution(name)}
    begun = aws.call("validate", given)
    assert aws.execute(begun | aws.call("classify", begun))["refusal"]["code"] == "idempotency_key_reused"
    assert aws.actions == []
