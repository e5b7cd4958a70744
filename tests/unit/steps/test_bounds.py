"""Answers and records stay short, whatever a caller sends."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rds_operations.model.refusals import Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.steps.validate import validate_api, validate_execution
from tests.builders import TARGETS, a_body, a_context, an_envelope, an_execution

LONGEST_TEXT = 2 * 1_024 + 100
"""For two texts of an identity together."""
LONG = 30_000
"""Less than the largest body."""
REGION = f"{'a' * LONG}-b-1"
# All characters are valid: only the length is wrong.
REQUESTS: dict[str, Any] = {
    "operation": {**a_body(), "operation": "a" * LONG},
    "instance": {**a_body(), "instance_id": "a" * LONG},
    "account": {**a_body(), "account_id": "1" * LONG},
    "region": {**a_body(), "region": REGION},
    "region of many parts": {**a_body(), "region": f"eu{'-a' * (LONG // 2)}-1"},
    "region of an unknown operation": {"operation": "none", "region": REGION},
    "unknown key": {**a_body(), "a" * LONG: 1},
    "unknown parameter": a_body(**{"a" * LONG: 1}),
    "snapshot": a_body(snapshot_id="a" * LONG),
    "key of a tag": a_body(tags=[{"Key": "a" * LONG, "Value": "b"}]),
    "value of a tag": a_body(tags=[{"Key": "a", "Value": "b" * LONG}]),
    "window": a_body("modify_backup_window", backup_window=f"03:00-04:{'0' * LONG}"),
    "flag": a_body("reboot_instance", force_failover="true" * (LONG // 4)),
    "no object": "a" * LONG,
    "key twice": f'{{"{"a" * LONG}": 1, "{"a" * LONG}": 2}}',
}
HEADERS = ("authentication", "sourceIp", "apiKeyId", "accountId", "userArn", "sub", "issuer", "username", "userAgent")
AUTHENTICATIONS = ("iam", "api_key", "cognito")


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from (key, *texts(item))
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    else:
        yield str(value)


def assert_short(found: OperationRequest | tuple[OperationRequest, Refusal]) -> None:
    request, refusals = (found, []) if isinstance(found, OperationRequest) else (found[0], [found[1].to_document()])
    for text in texts([request.to_document(), *refusals]):
        assert len(text) <= LONGEST_TEXT, f"{text[:80]}… has {len(text)} characters"


@pytest.mark.parametrize("request_body", REQUESTS.values(), ids=REQUESTS.keys())
def test_no_text_of_a_body_is_kept_or_echoed_at_any_length(request_body: Any) -> None:
    text = request_body if isinstance(request_body, str) else json.dumps(request_body)
    for found in (
        validate_api(an_envelope(text, length=len(text)), an_execution(), TARGETS),
        validate_execution(text, an_execution(), TARGETS),
    ):
        assert isinstance(found, tuple)
        assert_short(found)


@pytest.mark.parametrize("authentication", AUTHENTICATIONS)
@pytest.mark.parametrize("header", [*HEADERS, "groups"])
def test_no_text_of_a_header_or_a_token_is_kept_at_any_length(authentication: str, header: str) -> None:
    said = {"sub": "8a1f", "issuer": "https://idp", "username": "john", "authentication": authentication}
    caller = a_context(**{**said, header: "a" * LONG})
    assert_short(validate_api(an_envelope(caller=caller), an_execution(), TARGETS))


def test_an_idempotency_key_is_kept_at_no_length() -> None:
    assert_short(validate_api(an_envelope(idempotency_key="a" * LONG), an_execution(), TARGETS))
