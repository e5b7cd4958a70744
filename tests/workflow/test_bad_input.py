"""Any input gets a 4xx that says what is wrong, and starts and writes nothing."""

import json
from typing import Any

import pytest

from tests.workflow.service import Service, reboot_of, snapshot_of

NULLS = {"operation": None, "instance_id": None, "parameters": None}
MANY_TAGS = [{"Key": f"k{n}", "Value": "v"} for n in range(1000)]
RAW: dict[str, str | bytes | None] = {
    "not JSON": "{operation",
    "an array": "[]",
    "a number": "42",
    "a string": '"create_snapshot"',
    "null": "null",
    "empty": "",
    "no body": None,
    "300 KB": json.dumps({"operation": "create_snapshot", "x": "y" * 300_000}),
    "deeply nested": "[" * 500 + "]" * 500,
    "nested to the parser's limit": '{"operation":' + "[" * 985 + "]" * 985 + "}",
    "beyond the parser's limit": '{"operation":' + "[" * 5000 + "]" * 5000 + "}",
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"operation": "x"}'.encode("utf-16"),
    "a number of many digits": '{"operation": ' + "1" * 6000 + "}",
    "characters that XML lacks": '{"operation": "\ufffe\uffff\x7f\x85"}',
    "invalid UTF-8": b'{"operation": "\xff\xfe"}',
    "lone surrogate": '{"operation": "\\ud800"}',
    "duplicate keys": '{"operation": "x", "operation": "y"}',
    "NaN": '{"operation": NaN}',
}
BODIES: dict[str, Any] = {
    "empty object": {},
    "null in every field": NULLS,
    "wrong types": {"operation": 1, "instance_id": [], "parameters": "x"},
    "operation an object": {**reboot_of("dev-1"), "operation": {"a": 1}},
    "instance a number": {**reboot_of("dev-1"), "instance_id": 7},
    "parameters a list": {**reboot_of("dev-1"), "parameters": [1]},
    "1,000 tags": snapshot_of("dev-1", tags=MANY_TAGS),
    "control characters": {**reboot_of("dev-1"), "instance_id": "dev\u0000\u001b[31m"},
    "emoji": {**reboot_of("dev-1"), "instance_id": "dev-😀"},
    "emoji operation": {"operation": "💥" * 100, "instance_id": "dev-1"},
    "a very long instance_id": {**reboot_of("dev-1"), "instance_id": "d" * 10_000},
    "apostrophes and quotes": {"operation": 'it\'s "quoted" \\ $context.requestId #set($x=1)'},
    "tag keys reserved": snapshot_of("dev-1", tags=[{"Key": "aws:x", "Value": "v"}]),
    "tags without Value": snapshot_of("dev-1", tags=[{"Key": "x"}]),
    "window of 29 minutes": {
        "operation": "modify_backup_window",
        "instance_id": "dev-1",
        "parameters": {"backup_window": "03:00-03:29"},
    },
}


def assert_4xx(service: Service, send: Any) -> None:
    before = (service.operation_executions(), len(service.aws("rds").describe_db_snapshots()["DBSnapshots"]))
    answer = send()
    assert 400 <= answer.status < 500, answer
    assert set(answer.body) <= {"error", "code"}
    assert len(answer.body["error"]) > 10
    assert answer.body["error"].isprintable()
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    after = (service.operation_executions(), len(service.aws("rds").describe_db_snapshots()["DBSnapshots"]))
    assert before == after


@pytest.mark.parametrize("body", RAW.values(), ids=RAW.keys())
def test_raw_body(service: Service, body: str | bytes | None) -> None:
    before = len(service.records("-"))
    assert_4xx(service, lambda: service.send("POST", "/operations", body))
    assert len(service.records("-")) == before + 1


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_json_body(service: Service, body: Any) -> None:
    assert_4xx(service, lambda: service.post(body))


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml"])
def test_other_content_type(service: Service, content_type: str) -> None:
    body = json.dumps(reboot_of("dev-1"))
    answer = service.send("POST", "/operations", body, **{"Content-Type": content_type})
    assert (answer.status, answer.body["code"]) == (415, "unsupported_media_type")


def test_charset_in_the_content_type_is_no_other_content_type(service: Service) -> None:
    answer = service.post(reboot_of("no-such"), **{"Content-Type": "application/json; charset=utf-8"})
    assert answer.status == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [("DELETE", "/operations"), ("GET", "/operations/x/y"), ("POST", "/x"), ("PUT", "/operations/x")],
)
def test_no_such_route(service: Service, method: str, path: str) -> None:
    answer = service.send(method, path, "{}")
    assert answer.status == 403  # API Gateway answers an unknown route itself
    assert answer.body["code"] == "unknown_route"
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_bad_idempotency_keys(service: Service) -> None:
    for key in ("two words", "k" * 256):
        answer = service.post(reboot_of("dev-1"), Idempotency_Key=key)
        assert answer.status == 400
        assert answer.body["error"].startswith("Invalid Idempotency-Key")


@pytest.mark.parametrize("key", ["", " ", "\t"], ids=repr)
def test_an_empty_or_blank_idempotency_key_is_refused(service: Service, key: str) -> None:
    """Its sender believes that the second POST does nothing, so neither may act."""
    instance = service.new_instance()
    for _attempt in range(2):
        answer = service.post(reboot_of(instance), Idempotency_Key=key)
        assert (answer.status, answer.body["code"]) == (400, "invalid_request")
        assert answer.body["error"].startswith("Invalid Idempotency-Key")
    assert [record["event"] for record in service.records(instance)] == ["refused", "refused"]
    assert not service.rebooted(instance)


def test_two_idempotency_keys_are_refused(service: Service) -> None:
    instance = service.new_instance()
    answer = service.post(reboot_of(instance), **{"Idempotency-Key": "one", "idempotency-key": "two"})
    assert (answer.status, answer.body["code"]) == (400, "invalid_request")
    assert [record["event"] for record in service.records(instance)] == ["refused"]


def test_bodies_just_within_and_just_beyond_the_limit(service: Service) -> None:
    beyond = service.send("POST", "/operations", json.dumps({"operation": "x" * 40_000}))
    assert (beyond.status, beyond.body["code"]) == (413, "request_too_large")
    within = service.send("POST", "/operations", json.dumps({"operation": "é" * 30_000}, ensure_ascii=False))
    assert (within.status, within.body["code"]) == (400, "operation_not_allowed")
