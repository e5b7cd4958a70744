"""A queue keeps what ADMISSION could not record. The sweep records good messages, and sets the others aside."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.builders import INSTANCE_ID, a_body, a_context, an_admission, an_envelope
from tests.functions.fake_aws import DEAD_LETTERS, REFUSAL_QUEUE, Document, FakeAws

FAULT = {"Error": "RdsThrottled", "Cause": '{"errorMessage": "Rate exceeded"}'}


def kept(aws: FakeAws, request_id: str = "request-1", **work: Any) -> Document:
    """Return ADMISSION's message about a refusal, or another end of its work."""
    return {
        "machine": "ADMISSION",
        "work": work or aws.admit(a_body(), request_id=request_id),
        "execution": an_admission(request_id),
        "envelope": an_envelope(a_body()),
    }


def send(aws: FakeAws, message: Document | str) -> None:
    body = message if isinstance(message, str) else json.dumps(message)
    aws.queues.send_message(QueueUrl=REFUSAL_QUEUE, MessageBody=body)


@pytest.fixture(autouse=True)
def _production(aws: FakeAws) -> None:
    aws.create_instance("prod")


def test_a_refusal_that_waited_is_recorded_as_it_was_then(aws: FakeAws) -> None:
    message = kept(aws)
    send(aws, message)
    assert aws.sweep() == {"recorded": 1}
    (record,) = aws.records()
    assert (record["event"], record["recorded_by"], record["instance_id"]) == ("refused", "sweep", INSTANCE_ID)
    assert record["timestamp"] == message["work"]["request"]["requested_at"]
    assert json.loads(record["result"])["code"] == "production_instance"
    assert aws.waiting() == 0
    assert aws.sweep() == {}


@pytest.mark.parametrize("validated", [True, False])
def test_an_error_that_waited_is_recorded_with_and_without_a_request(aws: FakeAws, validated: bool) -> None:
    request = {"request": aws.admit(a_body())["request"]} if validated else {}
    send(aws, kept(aws, **request, error=FAULT))
    assert aws.sweep() == {"recorded": 1}
    (record,) = aws.records()
    assert (record["instance_id"], record["success"]) == (INSTANCE_ID, False)
    assert json.loads(record["user_identity"])["userId"] == "apikey:key-id-1"


def test_a_refusal_that_cannot_be_recorded_yet_keeps_waiting(aws: FakeAws) -> None:
    send(aws, kept(aws))
    with aws.calls.refusing("sweep", "dynamodb", "PutItem", "InternalServerError"):
        assert aws.sweep() == {"failed": 1}
    assert aws.records() == []
    assert (aws.waiting(), aws.dead_letters()) == (1, [])


def test_a_refusal_that_was_recorded_after_all_is_not_recorded_twice(aws: FakeAws) -> None:
    message = kept(aws)
    send(aws, message)
    aws.answer(message["work"])
    assert aws.sweep() == {"recorded": 1}
    assert aws.events() == ["refused"]


# Other messages.


def forged(aws: FakeAws, **refusal: Any) -> Document:
    """Return a good message with a changed refusal."""
    message = kept(aws, "request-forged")
    message["work"]["refusal"] |= refusal
    return message


def of_somebody_else(aws: FakeAws) -> Document:
    message = kept(aws, "request-forged")
    message["work"]["request"]["caller"] |= {"userId": "ceo", "principal": "arn:aws:iam::1:user/ceo"}
    return message


def bad_messages(aws: FakeAws) -> list[str]:
    return [
        json.dumps(forged(aws, success=True)),
        json.dumps(of_somebody_else(aws)),
        "no JSON",
        "[1, 2]",
        "[" * 100_000,
        json.dumps({"work": 1}),
        json.dumps({**kept(aws, "request-large"), "envelope": an_envelope("x" * 262_144)}),
    ]


def test_in_one_batch_the_good_are_recorded_and_the_bad_are_set_aside_and_counted(
    aws: FakeAws, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    bad = bad_messages(aws)
    for number, body in enumerate(bad):
        send(aws, body)
        send(aws, kept(aws, f"request-{number}"))
    capsys.readouterr()
    assert aws.sweep() == {"recorded": len(bad), "set_aside": len(bad)}
    assert {record["request_id"] for record in aws.records()} == {f"request-{number}" for number in range(len(bad))}
    assert {record["success"] for record in aws.records()} == {False}
    assert aws.waiting() == 0
    assert sorted(aws.dead_letters()) == sorted(bad)
    assert len([line for line in capsys.readouterr().out.splitlines() if "AuditWriteFailures" in line]) == len(bad)
    reasons = [str(vars(line)["reason"]) for line in caplog.records if "not a refusal" in line.message]
    assert len(reasons) == len(bad)
    assert "ceo" not in str(reasons)


def test_what_cannot_be_set_aside_stays_and_holds_up_nobody(aws: FakeAws) -> None:
    send(aws, "no JSON")
    send(aws, kept(aws))
    with aws.calls.refusing("sweep", "sqs", "SendMessage", "InternalError", 500):
        assert aws.sweep() == {"failed": 1, "recorded": 1}
    assert (aws.waiting(), aws.dead_letters()) == (1, [])


def test_what_was_set_aside_but_not_deleted_is_never_lost(aws: FakeAws) -> None:
    send(aws, "no JSON")
    with aws.calls.refusing("sweep", "sqs", "DeleteMessage", "InternalError", 500):
        assert aws.sweep() == {"failed": 1}
    assert aws.waiting() == 1
    assert aws.dead_letters() == ["no JSON"]


def test_a_fault_in_somebody_elses_name_closes_nothing(aws: FakeAws) -> None:
    aws.create_instance("dev", "dev-2")
    request = a_body() | {"instance_id": "dev-2"}
    request = aws.admit(request, request_id="request-2")["request"]
    message = kept(aws, "request-2", request=request, error=FAULT)
    send(aws, {**message, "envelope": an_envelope(request, caller=a_context(apiKeyId="key-id-2"))})
    assert aws.sweep() == {"set_aside": 1}
    assert aws.events() == ["accepted"]
    item = aws.item(request["operation_id"])
    assert item
    assert "ended_at" not in item


def test_the_queue_of_dead_letters_is_not_read(aws: FakeAws) -> None:
    aws.queues.send_message(QueueUrl=DEAD_LETTERS, MessageBody=json.dumps(kept(aws)))
    assert aws.sweep() == {}
    assert aws.records() == []
