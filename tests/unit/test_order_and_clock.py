"""Orders and times survive the documents they travel in."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.aws.dynamodb import from_attributes, to_attributes
from rds_operations.model import clock
from rds_operations.model.errors import AdmittedTooLate
from rds_operations.model.identifiers import is_execution_name
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.records.operation_item import key_id, lock_id, operation_item
from rds_operations.records.stored_operation import StoredOperation
from rds_operations.rules.classification import Environment, Verdict
from rds_operations.steps.admit import LONGEST_WAIT, check_in_time
from tests.unit.builders import ACCOUNT, INSTANCE_ID, MOMENT, REGION, a_request, moments, requests, verdicts


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_order_survives_its_document(operation: str) -> None:
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


def test_times_are_written_in_utc_with_milliseconds_and_z() -> None:
    east = datetime(2025, 11, 13, 18, 30, tzinfo=timezone(timedelta(hours=8)))
    assert clock.to_text(MOMENT) == clock.to_text(east) == "2025-11-13T10:30:00.000Z"


@given(moments)
def test_a_time_survives_its_text_to_the_millisecond(moment: datetime) -> None:
    assert moment - clock.from_text(clock.to_text(moment)) < timedelta(milliseconds=1)


@given(st.integers(1_577_836_800_000, 3_786_912_000_000))
def test_an_execution_starts_at_one_time_in_both_spellings(milliseconds: int) -> None:
    text = clock.to_text(clock.from_start(milliseconds))
    seconds, rest = divmod(milliseconds, 1000)
    assert text == datetime.fromtimestamp(seconds, UTC).strftime(f"%Y-%m-%dT%H:%M:%S.{rest:03}Z")
    assert clock.from_start(text) == clock.from_start(milliseconds)


def test_an_item_expires_after_ninety_days_in_epoch_seconds() -> None:
    assert clock.expiry(MOMENT) == 1763029800 + 90 * 86400


def test_an_admission_that_is_run_late_is_late_by_more_than_its_longest_wait() -> None:
    check_in_time(MOMENT, MOMENT + LONGEST_WAIT)
    with pytest.raises(AdmittedTooLate, match=r"Admit started 2\.5 s late, so nothing was done"):
        check_in_time(MOMENT, MOMENT + LONGEST_WAIT + timedelta(milliseconds=1))


@given(requests, requests)
def test_two_orders_have_one_fingerprint_only_if_they_ask_for_the_same(
    first: OperationRequest, second: OperationRequest
) -> None:
    renamed = replace(second, instance_id=first.instance_id)
    for other in (second, renamed, replace(renamed, operation=first.operation, parameters=first.parameters)):
        assert (first.fingerprint == other.fingerprint) == (first.body == other.body)


def reversed_throughout(value: Any) -> Any:
    """The same JSON with the keys of every object in the opposite request."""
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


@given(requests, st.sampled_from(["", "0123abcd"]), verdicts, moments)
def test_an_order_and_its_verdict_survive_the_item_they_are_kept_in(
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
def test_two_orders_share_a_lock_only_where_they_would_touch_one_instance(
    first: OperationRequest, second: OperationRequest
) -> None:
    namesake = replace(second, instance_id=first.instance_id)
    neighbour = replace(namesake, account_id=first.account_id)
    for other in (second, namesake, neighbour, replace(neighbour, region=first.region)):
        touched = [(request.instance_id, request.account_id, request.region) for request in (first, other)]
        assert (lock_id(first) == lock_id(other)) == (touched[0] == touched[1])


@pytest.mark.parametrize("name", ["account_id", "region"])
def test_an_order_and_an_item_from_before_there_were_places_are_still_read(name: str) -> None:
    before = replace(a_request(), **{name: ""})  # type: ignore[arg-type]
    document = a_request().to_document()
    del document[name]
    assert OperationRequest.from_document(document) == before
    item = operation_item(a_request(), Verdict(Environment.TEST, "x"), MOMENT, MOMENT)
    del item[name]
    assert StoredOperation.from_item(item).request == before
