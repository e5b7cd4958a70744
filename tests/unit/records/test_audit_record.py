"""The audit record: the specification's attributes and their types."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.aws.dynamodb import from_attributes, to_attributes
from rds_operations.model.request import OperationRequest
from rds_operations.records.audit_record import Event, audit_record
from rds_operations.records.record_hash import record_hash
from rds_operations.rules.classification import Verdict
from rds_operations.settings.version import VERSION
from tests.builders import (
    ACCOUNT,
    DEVELOPMENT,
    INSTANCE_ID,
    MOMENT,
    REGION,
    ROLE_SESSION,
    SNAPSHOT_ID,
    a_request,
    moments,
    requests,
    verdicts,
)

DONE = {"success": True, "duration_seconds": 125.3}


def test_the_attributes_of_a_record() -> None:
    request = a_request()
    record = audit_record(request, Event.COMPLETED, DONE, MOMENT, DEVELOPMENT, settings_digest="a" * 64)
    assert record == {
        "instance_id": INSTANCE_ID,
        "audit_id": f"{INSTANCE_ID}#2025-11-13T10:30:00.000Z#{request.operation_id}#completed",
        "timestamp": "2025-11-13T10:30:00.000Z",
        "account_id": ACCOUNT,
        "region": REGION,
        "operation": "create_snapshot",
        "parameters": f'{{"snapshot_id": "{SNAPSHOT_ID}", "tags": []}}',
        "user_identity": (
            f'{{"userId": "john.doe", "principal": "{ROLE_SESSION}", "authentication": "iam", '
            f'"sourceIp": "203.0.113.42", "userArn": "{ROLE_SESSION}", "accountId": "{ACCOUNT}"}}'
        ),
        "result": '{"success": true, "duration_seconds": 125.3}',
        "success": True,
        "ttl": 1770805800,
        "event": "completed",
        "recorded_by": "operation",
        "operation_id": request.operation_id,
        "execution_arn": request.execution_arn,
        "request_id": "request-1",
        "environment": "development",
        "environment_source": "tag Environment=dev",
        "environment_disagreement": "",
        "principal": ROLE_SESSION,
        "day": "2025-11-13",
        "version": VERSION,
        "settings_digest": "a" * 64,
        "hash": record_hash(record),
    }


def test_the_types_are_the_specifications() -> None:
    record = audit_record(a_request(), Event.REFUSED, {"success": False, "error": "no"}, MOMENT)
    assert record["success"] is False
    assert type(record["ttl"]) is int
    for name in ("parameters", "user_identity", "result"):
        assert isinstance(json.loads(str(record[name])), dict)


def test_an_attempt_that_names_nothing_sound_has_a_partition_of_its_own() -> None:
    record = audit_record(OperationRequest("request-1"), Event.REFUSED, {"success": False}, MOMENT)
    assert (record["instance_id"], record["operation"]) == ("-", "-")
    assert (record["environment"], record["environment_source"]) == ("unknown", "")
    assert (record["account_id"], record["region"]) == ("", "")


def test_words_of_any_language_stay_readable() -> None:
    record = audit_record(a_request(caller={"userId": "Jürgen"}), Event.ACCEPTED, DONE, MOMENT)
    assert "Jürgen" in str(record["user_identity"])


@pytest.mark.parametrize(
    "other",
    [
        audit_record(a_request(), Event.ACCEPTED, DONE, MOMENT),
        audit_record(a_request(operation_id="another"), Event.COMPLETED, DONE, MOMENT),
        audit_record(a_request(), Event.COMPLETED, DONE, MOMENT + timedelta(milliseconds=1)),
        audit_record(a_request(instance_id="dev-postgres-02"), Event.COMPLETED, DONE, MOMENT),
    ],
)
def test_no_two_records_share_a_key(other: dict[str, object]) -> None:
    record = audit_record(a_request(), Event.COMPLETED, DONE, MOMENT)
    assert (record["instance_id"], record["audit_id"]) != (other["instance_id"], other["audit_id"])


stubs = st.builds(
    OperationRequest, st.just("by-hand"), st.sampled_from(["", "create_snapshot"]), st.sampled_from(["", "dev-01"])
)
callers = st.dictionaries(st.sampled_from(["userId", "userAgent"]), st.text(max_size=6), min_size=1)
results = st.fixed_dictionaries(
    {"success": st.booleans()}, optional={"error": st.text(max_size=6), "duration_seconds": st.floats(0, 1e6)}
)


@given(requests | stubs, callers, st.sampled_from(Event), results, moments, verdicts)
def test_any_record_has_the_specified_attributes_with_their_types(
    request: OperationRequest,
    caller: dict[str, str],
    event: Event,
    result: dict[str, Any],
    moment: datetime,
    verdict: Verdict,
) -> None:
    record = audit_record(replace(request, caller=caller), event, result, moment, verdict)
    assert {name: type(value) for name, value in record.items()} == {
        **dict.fromkeys(("instance_id", "audit_id", "timestamp", "operation", "parameters", "user_identity"), str),
        **dict.fromkeys(("result", "event", "operation_id", "execution_arn", "request_id"), str),
        **dict.fromkeys(("environment", "environment_source", "environment_disagreement", "recorded_by"), str),
        **dict.fromkeys(("account_id", "region"), str),
        "success": bool,
        "ttl": int,
        **dict.fromkeys(("day", "version", "hash"), str),
        **dict.fromkeys({"principal", "failed_month"} & record.keys(), str),
    }
    assert record["instance_id"]
    assert record["operation"]
    as_told = [json.loads(str(record[name])) for name in ("parameters", "user_identity", "result")]
    assert as_told == [request.parameters, caller, result]
    assert record["success"] is result["success"]
    assert (record["account_id"], record["region"]) == (request.account_id, request.region)
    assert (record["environment"], record["environment_source"]) == (verdict.environment.value, verdict.source)
    assert from_attributes(to_attributes(record)) == record


@given(moments)
def test_a_record_is_kept_for_ninety_days_from_its_timestamp(moment: datetime) -> None:
    record = audit_record(a_request(), Event.ACCEPTED, DONE, moment)
    written = datetime.strptime(str(record["timestamp"]), "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert timedelta(0) <= moment - written < timedelta(milliseconds=1)
    removed = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=int(record["ttl"]))
    assert removed == written.replace(microsecond=0) + timedelta(days=90)


attempts = st.tuples(
    st.sampled_from(["dev-01", "dev-01-2025", ""]),
    st.sampled_from(["a", "b", "dev-01", "completed"]),
    st.sampled_from(Event),
    st.integers(0, 3).map(lambda milliseconds: MOMENT + timedelta(milliseconds=milliseconds)),
)


@given(st.sets(attempts))
def test_as_many_records_as_attempts(told: set[tuple[str, str, Event, datetime]]) -> None:
    keys = set()
    for instance_id, operation_id, event, moment in told:
        request = a_request(instance_id=instance_id, operation_id=operation_id)
        record = audit_record(request, event, DONE, moment)
        keys.add((record["instance_id"], record["audit_id"]))
    assert len(keys) == len(told)


# The keys of the indexes.

FAILED = {"success": False, "error": "no"}


@pytest.mark.parametrize(
    ("event", "result", "month"),
    [
        (Event.ACCEPTED, {"success": True}, None),
        (Event.REFUSED, FAILED, "2025-11"),
        (Event.COMPLETED, FAILED, "2025-11"),
        (Event.COMPLETED, DONE, None),
        (Event.FINAL, FAILED, "2025-11"),
        (Event.FINAL, DONE, None),
    ],
)
def test_only_what_was_refused_or_failed_has_a_month(event: Event, result: dict[str, Any], month: str | None) -> None:
    assert audit_record(a_request(), event, result, MOMENT).get("failed_month") == month


@pytest.mark.parametrize("caller", [{}, {"principal": ""}, {"principal": "x" * 2_049}, {"principal": "é" * 1_025}])
def test_a_key_without_a_value_that_fits_is_left_out(caller: dict[str, Any]) -> None:
    record = audit_record(a_request(caller=caller), Event.ACCEPTED, DONE, MOMENT)
    assert "principal" not in record
    assert record["day"] == "2025-11-13"


def test_the_longest_key_is_kept() -> None:
    principal = "é" * 1_024
    record = audit_record(a_request(caller={"principal": principal}), Event.ACCEPTED, DONE, MOMENT)
    assert record["principal"] == principal


def test_a_record_of_no_packaged_settings_has_no_digest() -> None:
    assert "settings_digest" not in audit_record(a_request(), Event.ACCEPTED, DONE, MOMENT)


@given(requests, st.sampled_from(Event), moments, verdicts)
def test_no_key_is_ever_empty(request: OperationRequest, event: Event, moment: datetime, verdict: Verdict) -> None:
    record = audit_record(request, event, FAILED, moment, verdict)
    assert all(record.get(name, "-") for name in ("principal", "day", "failed_month"))
