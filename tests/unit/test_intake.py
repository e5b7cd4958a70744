"""From the API's envelope, or the bare input of an execution, to an order."""

import json
from typing import Any

import pytest

from rds_operations.identifiers import operation_id
from rds_operations.intake import api_stub, execution_stub, from_api, from_execution
from rds_operations.order import Order
from rds_operations.refusals import Code, Refusal
from tests.unit.builders import (
    COMPLETE,
    EXECUTION_PREFIX,
    INSTANCE_ID,
    REQUESTED_AT,
    a_request,
    an_envelope,
    an_execution,
)

ADMISSION = an_execution("admission-1")


def ordered(**envelope: Any) -> Order:
    order = from_api(an_envelope(**envelope), ADMISSION)
    assert isinstance(order, Order), order
    return order


def refused(**envelope: Any) -> tuple[Order, Refusal]:
    result = from_api(an_envelope(**envelope), ADMISSION)
    assert isinstance(result, tuple), result
    return result


def test_a_request_from_the_api_becomes_an_order() -> None:
    assert ordered() == Order(
        operation_id=operation_id("create_snapshot", INSTANCE_ID, "request-1"),
        operation="create_snapshot",
        instance_id=INSTANCE_ID,
        parameters=COMPLETE["create_snapshot"],
        caller={
            "userId": "apikey:key-id-1",
            "sourceIp": "203.0.113.42",
            "apiKeyId": "key-id-1",
            "userAgent": "curl/8.5.0",
        },
        requested_at=REQUESTED_AT,
        request_id="request-1",
    )


def test_without_a_key_every_request_is_a_new_operation() -> None:
    assert ordered(request_id="request-1").operation_id != ordered(request_id="request-2").operation_id


def test_the_same_key_of_the_same_caller_has_the_same_digest() -> None:
    orders = [ordered(idempotency_key="my-key", request_id=f"request-{number}") for number in (1, 2)]
    assert orders[0].idempotency_key == orders[1].idempotency_key
    stranger = ordered(idempotency_key="my-key", caller={"apiKeyId": "key-id-2"})
    assert stranger.idempotency_key != orders[0].idempotency_key


def test_nothing_in_the_body_is_taken_for_identity() -> None:
    known, refusal = refused(request=json.dumps(a_request() | {"caller": {"userArn": "arn:aws:iam::1:user/ceo"}}))
    assert refusal.code is Code.INVALID_REQUEST
    assert known.caller["userId"] == "apikey:key-id-1"


@pytest.mark.parametrize(
    ("envelope", "status", "code"),
    [
        ({"request": "{}"}, 400, Code.MISSING_PARAMETER),
        ({"request": ""}, 400, Code.INVALID_REQUEST),
        ({"request": "{"}, 400, Code.INVALID_REQUEST),
        ({"request": "[" * 100_000}, 400, Code.INVALID_REQUEST),
        ({"request": '{"operation": NaN}'}, 400, Code.INVALID_REQUEST),
        ({"request": '{"operation": "x", "operation": "y"}'}, 400, Code.INVALID_REQUEST),
        ({"request": json.dumps(a_request("drop"))}, 400, Code.OPERATION_NOT_ALLOWED),
        ({"idempotency_key": "two words"}, 400, Code.INVALID_REQUEST),
        ({"length": 32_769}, 413, Code.REQUEST_TOO_LARGE),
        ({"length": 32_769, "idempotency_key": "two words"}, 413, Code.REQUEST_TOO_LARGE),
    ],
)
def test_a_refused_request_keeps_who_asked_and_what_is_sound(envelope: dict[str, Any], status: int, code: Code) -> None:
    known, refusal = refused(**envelope)
    assert (refusal.status, refusal.code) == (status, code)
    assert known.operation_id == known.request_id == "request-1"
    assert known.caller["sourceIp"] == "203.0.113.42"
    assert known.parameters == {}


def test_the_input_of_an_execution_becomes_an_order_under_the_executions_name() -> None:
    order = from_execution(json.dumps(a_request()), an_execution("by-hand"))
    assert order == Order(
        operation_id="by-hand",
        operation="create_snapshot",
        instance_id=INSTANCE_ID,
        parameters=COMPLETE["create_snapshot"],
        caller={"userId": "states:StartExecution", "executionArn": EXECUTION_PREFIX + "by-hand"},
        requested_at=REQUESTED_AT,
        execution_arn=EXECUTION_PREFIX + "by-hand",
    )


@pytest.mark.parametrize("given", [None, [], "text", 7, {}, {"operation": "drop"}])
def test_any_other_input_of_an_execution_is_refused(given: Any) -> None:
    result = from_execution(json.dumps(given), an_execution("by-hand"))
    assert isinstance(result, tuple)
    known, refusal = result
    assert (refusal.status, known.operation_id, known.instance_id) == (400, "by-hand", "")


def test_the_event_of_an_executions_end_makes_the_same_stub_as_its_context_object() -> None:
    moment = 1763029800123
    as_event = an_execution(StartTime=moment)
    as_context = an_execution(StartTime="2025-11-13T10:30:00.123Z")
    request = json.dumps(a_request())
    assert execution_stub(request, as_event) == execution_stub(request, as_context)


def test_the_stub_of_an_admission_that_broke_early_knows_its_caller() -> None:
    known = api_stub(an_envelope(), ADMISSION)
    assert (known.request_id, known.instance_id) == ("request-1", INSTANCE_ID)
    assert known.caller["userId"] == "apikey:key-id-1"


@pytest.mark.parametrize("envelope", [1, {}, an_envelope(request_id="another-operation")])
def test_an_envelope_forged_for_an_execution_names_neither_caller_nor_operation(envelope: Any) -> None:
    given = {"envelope": envelope}
    result = from_execution(json.dumps(given), an_execution("by-hand"))
    assert isinstance(result, tuple)
    assert (result[0].operation_id, result[0].caller["userId"]) == ("by-hand", "states:StartExecution")
