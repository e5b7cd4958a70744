import json
from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.aws.dynamodb import from_attributes, to_attributes
from rds_operations.model import clock
from rds_operations.model.identifiers import is_execution_name
from rds_operations.model.request import OperationRequest
from rds_operations.records.operation_item import key_id, lock_id, operation_item
from rds_operations.records.stored_operation import StoredOperation
from rds_operations.rules.classification import Environment, Verdict
from tests.builders import ACCOUNT, INSTANCE_ID, MOMENT, REGION, a_request, moments, requests, verdicts


@given(requests, st.sampled_from(["", "0123abcd"]), verdicts, moments)
def test_a_request_and_its_verdict_survive_their_item(
    request: OperationRequest, digest: str, verdict: Verdict, moment: datetime
) -> None:
    request = replace(request, idempotency_key=digest)
    written = operation_item(request, verdict, moment, moment)
    item = from_attributes(json.loads(json.dumps(to_attributes(written))))
    assert item == written
    assert [type(value) for value in item.values()] == [type(value) for value in written.values()]
    stored = StoredOperation.from_item(item)
    assert (stored.request, stored.verdict) == (request, verdict)
    assert item["fingerprint"] == request.fingerprint
    assert (item["status"], item["started_at"]) == ("accepted", clock.to_text(moment))
    assert not item.keys() & {"acting_at", "ended_at"}


@given(requests, st.text("0123456789abcdef", min_size=64, max_size=64))
def test_a_lock_a_key_and_an_operation_never_meet_in_the_table(request: OperationRequest, digest: str) -> None:
    assert not is_execution_name(lock_id(request))
    assert not is_execution_name(key_id(digest))
    assert lock_id(request) != key_id(digest)


def test_a_lock_is_of_one_instance_in_one_place() -> None:
    assert lock_id(a_request()) == f"lock#{ACCOUNT}#{REGION}#{INSTANCE_ID}"
    assert lock_id(a_request("reboot_instance", operation_id="other", caller={})) == lock_id(a_request())


@given(requests, requests)
def test_two_requests_share_a_lock_only_where_they_touch_one_instance(
    first: OperationRequest, second: OperationRequest
) -> None:
    namesake = replace(second, instance_id=first.instance_id)
    neighbour = replace(namesake, account_id=first.account_id)
    for other in (second, namesake, neighbour, replace(neighbour, region=first.region)):
        touched = [(request.instance_id, request.account_id, request.region) for request in (first, other)]
        assert (lock_id(first) == lock_id(other)) == (touched[0] == touched[1])


@pytest.mark.parametrize("name", ["account_id", "region"])
def test_documents_and_items_without_a_place_are_still_read(name: str) -> None:
    before = replace(a_request(), **{name: ""})  # type: ignore[arg-type]
    document = a_request().to_document()
    del document[name]
    assert OperationRequest.from_document(document) == before
    item = operation_item(a_request(), Verdict(Environment.TEST, "x"), MOMENT, MOMENT)
    del item[name]
    assert StoredOperation.from_item(item).request == before
