import json
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model import clock
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from tests.builders import a_request, moments, requests


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_request_survives_its_document(operation: str) -> None:
    assert OperationRequest.from_document(a_request(operation).to_document()) == a_request(operation)


def test_equal_requests_have_one_fingerprint_whoever_asks() -> None:
    same = a_request(operation_id="other", caller={"userId": "jane"}, request_id="request-2", execution_arn="arn")
    reordered = a_request(parameters=dict(reversed(a_request().parameters.items())))
    assert a_request().fingerprint == same.fingerprint == reordered.fingerprint


@pytest.mark.parametrize(
    "other",
    [
        a_request(instance_id="dev-postgres-02"),
        a_request("reboot_instance"),
        a_request(parameters={"snapshot_id": "another"}),
        a_request(parameters={"tags": [{"Key": "a", "Value": "b"}]}),
        a_request(account_id="210987654321"),
        a_request(region="eu-west-1"),
        a_request(account_id=""),
        a_request(region=""),
    ],
)
def test_another_request_has_another_fingerprint(other: OperationRequest) -> None:
    assert other.fingerprint != a_request().fingerprint


@given(requests, requests)
def test_two_requests_have_one_fingerprint_only_if_they_ask_for_the_same(
    first: OperationRequest, second: OperationRequest
) -> None:
    renamed = replace(second, instance_id=first.instance_id)
    for other in (second, renamed, replace(renamed, operation=first.operation, parameters=first.parameters)):
        assert (first.fingerprint == other.fingerprint) == (first.body == other.body)


def reversed_throughout(value: Any) -> Any:
    if isinstance(value, list):
        return [reversed_throughout(item) for item in value]
    if isinstance(value, dict):
        return {key: reversed_throughout(value[key]) for key in reversed(value)}
    return value


@given(requests, st.text(max_size=6), moments)
def test_a_fingerprint_is_of_the_request_alone_however_it_travels(
    request: OperationRequest, other: str, moment: datetime
) -> None:
    travelled = OperationRequest.from_document(json.loads(json.dumps(reversed_throughout(request.to_document()))))
    assert travelled == request
    elsewhere = replace(
        travelled,
        operation_id=other,
        caller={"userId": other},
        requested_at=clock.to_text(moment),
        request_id=other,
        execution_arn=other,
        idempotency_key=other,
    )
    assert request.fingerprint == travelled.fingerprint == elsewhere.fingerprint
