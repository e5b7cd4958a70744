"""What ADMISSION could not record waits in a queue: what is good is recorded, what is not ADMISSION's is set aside."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.functions.cloud import DEAD_LETTERS, REFUSAL_QUEUE, Cloud, Document
from tests.unit.builders import INSTANCE_ID, a_body, a_context, an_admission, an_envelope

FAULT = {"Error": "RdsThrottled", "Cause": '{"errorMessage": "Rate exceeded"}'}


def kept(cloud: Cloud, request_id: str = "request-1", **work: Any) -> Document:
    """The message that ADMISSION leaves of a refusal, or of another end of its work."""
    return {
        "machine": "ADMISSION",
        "work": work or cloud.request(a_body(), request_id=request_id),
        "execution": an_admission(request_id),
        "envelope": an_envelope(a_body()),
    }


def send(cloud: Cloud, message: Document | str) -> None:
    body = message if isinstance(message, str) else json.dumps(message)
    cloud.queues.send_message(QueueUrl=REFUSAL_QUEUE, MessageBody=body)


@pytest.fixture(autouse=True)
def _production(cloud: Cloud) -> None:
    cloud.create_instance("prod")


def test_a_refusal_that_waited_is_recorded_as_it_was_then(cloud: Cloud) -> None:
    message = kept(cloud)
    send(cloud, message)
    assert cloud.sweep() == {"recorded": 1}
    (record,) = cloud.records()
    assert (record["event"], record["recorded_by"], record["instance_id"]) == ("refused", "sweep", INSTANCE_ID)
    assert record["timestamp"] == message["work"]["request"]["requested_at"]
    assert json.loads(record["result"])["code"] == "production_instance"
    assert cloud.waiting() == 0
    assert cloud.sweep() == {}


@pytest.mark.parametrize("validated", [True, False])
def test_a_fault_that_waited_is_recorded_whether_or_not_there_is_an_order(cloud: Cloud, validated: bool) -> None:
    request = {"request": cloud.request(a_body())["request"]} if validated else {}
    send(cloud, kept(cloud, **request, fault=FAULT))
    assert cloud.sweep() == {"recorded": 1}
    (record,) = cloud.records()
    assert (record["instance_id"], record["success"]) == (INSTANCE_ID, False)
    assert json.loads(record["user_identity"])["userId"] == "apikey:key-id-1"


def test_a_refusal_that_cannot_be_recorded_yet_keeps_waiting(cloud: Cloud) -> None:
    send(cloud, kept(cloud))
    with cloud.calls.refusing("sweep", "dynamodb", "PutItem", "InternalServerError"):
        assert cloud.sweep() == {"failed": 1}
    assert cloud.records() == []
    assert (cloud.waiting(), cloud.dead_letters()) == (1, [])


def test_a_refusal_that_was_recorded_after_all_is_not_recorded_twice(cloud: Cloud) -> None:
    message = kept(cloud)
    send(cloud, message)
    cloud.answered(message["work"])
    assert cloud.sweep() == {"recorded": 1}
    assert cloud.events() == ["refused"]


# What else may lie there.


def forged(cloud: Cloud, **refusal: Any) -> Document:
    """A good message whose refusal says something else."""
    message = kept(cloud, "request-forged")
    message["work"]["refusal"] |= refusal
    return message


def of_somebody_else(cloud: Cloud) -> Document:
    message = kept(cloud, "request-forged")
    message["work"]["request"]["caller"] |= {"userId": "ceo", "principal": "arn:aws:iam::1:user/ceo"}
    return message


def bad_messages(cloud: Cloud) -> list[str]:
    return [
        json.dumps(forged(cloud, success=True)),
        json.dumps(of_somebody_else(cloud)),
        "no JSON",
        "[1, 2]",
        "[" * 100_000,
        json.dumps({"work": 1}),
        json.dumps({**kept(cloud, "request-large"), "envelope": an_envelope("x" * 262_144)}),
    ]


def test_in_one_batch_the_good_are_recorded_and_the_bad_are_set_aside_and_counted(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    bad = bad_messages(cloud)
    for number, body in enumerate(bad):
        send(cloud, body)
        send(cloud, kept(cloud, f"request-{number}"))
    capsys.readouterr()
    assert cloud.sweep() == {"recorded": len(bad), "set_aside": len(bad)}
    assert {record["request_id"] for record in cloud.records()} == {f"request-{number}" for number in range(len(bad))}
    assert {record["success"] for record in cloud.records()} == {False}
    assert cloud.waiting() == 0
    assert sorted(cloud.dead_letters()) == sorted(bad)
    assert len([line for line in capsys.readouterr().out.splitlines() if "AuditWriteFailures" in line]) == len(bad)
    reasons = [str(vars(line)["reason"]) for line in caplog.records if "not a refusal" in line.message]
    assert len(reasons) == len(bad)
    assert "ceo" not in str(reasons)


def test_what_cannot_be_set_aside_stays_and_holds_up_nobody(cloud: Cloud) -> None:
    send(cloud, "no JSON")
    send(cloud, kept(cloud))
    with cloud.calls.refusing("sweep", "sqs", "SendMessage", "InternalError", 500):
        assert cloud.sweep() == {"failed": 1, "recorded": 1}
    assert (cloud.waiting(), cloud.dead_letters()) == (1, [])


def test_what_was_set_aside_but_not_deleted_is_never_lost(cloud: Cloud) -> None:
    send(cloud, "no JSON")
    with cloud.calls.refusing("sweep", "sqs", "DeleteMessage", "InternalError", 500):
        assert cloud.sweep() == {"failed": 1}
    assert cloud.waiting() == 1
    assert cloud.dead_letters() == ["no JSON"]


def test_a_fault_in_somebody_elses_name_closes_nothing(cloud: Cloud) -> None:
    cloud.create_instance("dev", "dev-2")
    request = a_body() | {"instance_id": "dev-2"}
    request = cloud.request(request, request_id="request-2")["request"]
    message = kept(cloud, "request-2", request=request, fault=FAULT)
    send(cloud, {**message, "envelope": an_envelope(request, caller=a_context(apiKeyId="key-id-2"))})
    assert cloud.sweep() == {"set_aside": 1}
    assert cloud.events() == ["accepted"]
    item = cloud.item(request["operation_id"])
    assert item
    assert "ended_at" not in item


def test_the_queue_of_dead_letters_is_not_read(cloud: Cloud) -> None:
    cloud.queues.send_message(QueueUrl=DEAD_LETTERS, MessageBody=json.dumps(kept(cloud)))
    assert cloud.sweep() == {}
    assert cloud.records() == []
