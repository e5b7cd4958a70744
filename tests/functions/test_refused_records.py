"""Every `refused` record has the same `result`, whether ADMISSION, OPERATION, the backstop or the sweep writes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.builders import a_body, an_admission, an_envelope
from tests.functions.fake_aws import REFUSAL_QUEUE, Document, FakeAws

Written = Callable[[FakeAws], Any]
BROKEN = {"Error": "KeyError", "Cause": '{"errorMessage": "boom"}'}
BUSY = {"Error": "TableBusy", "Cause": '{"errorMessage": "Others were faster"}'}


def admission(**work: Any) -> Written:
    return lambda aws: aws.answer(work or aws.admit(a_body()))


def admission_of_a_request(fault: Document) -> Written:
    return lambda aws: aws.answer({"request": aws.admit(a_body())["request"], "error": fault})


def admission_whose_request_another_has_opened(aws: FakeAws) -> None:
    aws.retag("dev")
    aws.admit(a_body(), "a-key", "request-1")
    aws.answer({**aws.admit(a_body(), "a-key", "request-2"), "error": BROKEN})


def operation(**more: Any) -> Written:
    return lambda aws: aws.audit({**aws.start_directly(), **more})


def operation_on_a_busy_instance(aws: FakeAws) -> None:
    aws.retag("dev")
    aws.accept()
    aws.audit(aws.execute(aws.start_directly("reboot_instance")))


def operation_that_is_on_no_record(aws: FakeAws) -> None:
    """Claim success without a recorded operation."""
    aws.audit({"request": aws.start_directly()["request"], "progress": {"status": "available", "success": True}})


def backstop(**detail: Any) -> Written:
    return lambda aws: aws.end("by-hand", given=a_body(), **detail)


def sweep(fault: Document | None = None) -> Written:
    def write(aws: FakeAws) -> None:
        work = {"error": fault} if fault else aws.admit(a_body())
        message = {"work": work, "execution": an_admission("request-1"), "envelope": an_envelope(a_body())}
        body = json.dumps({"machine": "ADMISSION", **message})
        aws.queues.send_message(QueueUrl=REFUSAL_QUEUE, MessageBody=body)
        assert aws.sweep() == {"recorded": 1}

    return write


REFUSAL = {"status": 409, "code": "pending_changes", "error": "Other changes are pending"}
WRITERS: dict[str, tuple[Written, str, int, str]] = {
    "ADMISSION refuses": (admission(), "admission", 403, "production_instance"),
    "ADMISSION breaks": (admission(error=BROKEN), "admission", 500, "internal_error"),
    "ADMISSION is busy": (admission(error=BUSY), "admission", 503, "try_again"),
    "ADMISSION breaks with a request": (admission_of_a_request(BROKEN), "admission", 500, "internal_error"),
    "ADMISSION is busy with a request": (admission_of_a_request(BUSY), "admission", 503, "try_again"),
    "ADMISSION cannot start again": (admission_whose_request_another_has_opened, "admission", 503, "try_again"),
    "OPERATION refuses": (operation(), "operation", 403, "production_instance"),
    "OPERATION meets an obstacle": (operation(refusal=None, not_ready=REFUSAL), "operation", 409, "pending_changes"),
    "OPERATION finds the lock": (operation_on_a_busy_instance, "operation", 409, "operation_in_progress"),
    "OPERATION breaks": (operation(error=BROKEN), "operation", 500, "internal_error"),
    "OPERATION is busy": (operation(error=BUSY), "operation", 503, "try_again"),
    "OPERATION is on no record": (operation_that_is_on_no_record, "operation", 500, "internal_error"),
    "an execution is stopped": (backstop(), "backstop", 500, "internal_error"),
    "an execution runs out of time": (backstop(status="TIMED_OUT"), "backstop", 500, "internal_error"),
    "an execution could not record": (
        backstop(status="FAILED", error="AuditFailed", cause=json.dumps({"refusal": REFUSAL})),
        "backstop",
        409,
        "pending_changes",
    ),
    "a refusal that waited": (sweep(), "sweep", 403, "production_instance"),
    "a fault that waited": (sweep(BUSY), "sweep", 503, "try_again"),
}


@pytest.mark.parametrize(("write", "by", "status", "code"), WRITERS.values(), ids=WRITERS)
def test_every_refused_record_has_one_shape(aws: FakeAws, write: Written, by: str, status: int, code: str) -> None:
    aws.create_instance("prod")
    write(aws)
    (record,) = [record for record in aws.records() if record["event"] == "refused"]
    result = json.loads(record["result"])
    decided = {"environment_source"} if code == "production_instance" else set()
    assert set(result) == {"success", "status", "code", "error"} | decided
    assert (record["recorded_by"], result["status"], result["code"]) == (by, status, code)
    assert record["success"] is result["success"] is False
    assert result["error"]


def test_the_end_of_an_operation_that_was_refused_at_the_last_moment_has_the_code(aws: FakeAws) -> None:
    aws.create_instance()
    work = aws.admit(a_body())
    aws.retag("prod")
    outcome = aws.audit(aws.begin(work["start"]))
    closing = json.loads(aws.records()[-1]["result"])
    assert (aws.events()[-1], closing["code"]) == ("completed", "production_instance")
    assert closing == outcome["document"] == json.loads(outcome["cause"])
    assert aws.status(work["request"]["operation_id"])["body"].items() >= closing.items()
