"""The platform says who called, whatever the caller sends."""

import json
from typing import Any

import pytest

from tests.workflow.service import Service, reboot_of, window_of

FORGED = {"userArn": "arn:aws:iam::111122223333:user/evil", "userId": "evil", "sourceIp": "6.6.6.6"}


def identity_of_last_record(service: Service, instance_id: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(service.records(instance_id)[-1]["user_identity"])
    return found


@pytest.mark.parametrize("key", ["caller", "user_identity", "envelope", "request_id", "requestContext"])
def test_forged_identity_in_the_body_is_refused_and_recorded_under_the_real_one(service: Service, key: str) -> None:
    instance = service.new_instance()
    answer = service.post({**reboot_of(instance), key: FORGED})
    assert answer.status == 400
    assert f"'{key}'" in answer.body["error"]
    identity = identity_of_last_record(service, instance)
    assert identity["userId"].startswith("apikey:")
    assert identity["sourceIp"] == "127.0.0.1"


def test_forged_identity_in_headers_changes_nothing_but_the_clients_own_words(service: Service) -> None:
    instance = service.new_instance()
    forged = '","caller":{"userArn":"evil"},"x":"'
    headers = {
        "User-Agent": f"it's {forged} \\",
        "Idempotency-Key": 'k1","caller":{"userArn":"evil"},"x":"',
        "X-Forwarded-For": "6.6.6.6",
        "X-Amzn-User-Arn": FORGED["userArn"],
        "X-Amzn-RequestId": f"chosen {forged}",
    }
    answer = service.send("POST", "/operations", json.dumps(window_of(instance)), **headers)
    assert answer.status == 202
    service.result(answer.body["operation_id"])
    for record in service.records(instance):
        identity = json.loads(record["user_identity"])
        ids = {"extendedRequestId", "requestId"}
        assert set(identity) == {"userId", "principal", "authentication", "sourceIp", "apiKeyId", "userAgent"} | ids
        assert identity["userId"] == f"apikey:{identity['apiKeyId']}"
        assert identity["sourceIp"] == "127.0.0.1"
        assert identity["userAgent"] == headers["User-Agent"]
        assert identity["requestId"] == headers["X-Amzn-RequestId"]
        assert "chosen" not in identity["extendedRequestId"]


def test_without_a_key_nobody_gets_in(service: Service) -> None:
    for key in (None, "", "wrong"):
        answer = service.send("POST", "/operations", json.dumps(reboot_of("dev-1")), **{"x-api-key": key})
        assert answer.status == 403
        assert answer.body["error"] == "Forbidden. Send a valid API key in the x-api-key header"


def test_the_key_itself_is_nowhere_on_record(service: Service) -> None:
    instance = service.new_instance()
    service.result(service.accepted(window_of(instance)))
    assert service.outputs["api_key"] not in json.dumps(service.records(instance), default=str)
    messages = [
        message
        for group in service.aws("logs").describe_log_groups()["logGroups"]
        for message in service.log_messages(group["logGroupName"])
    ]
    assert messages
    assert service.outputs["api_key"] not in "".join(messages)
