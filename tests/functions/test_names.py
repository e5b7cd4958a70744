"""A spreadsheet would take these execution names for formulas: they are refused, on record, and not written down."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from rds_operations.records.audit_record import NO_INSTANCE
from tests.builders import INSTANCE_ID, a_body, an_envelope, an_execution
from tests.functions.fake_aws import Document, FakeAws

FORMULAS = ["=1+1", "+1", "-2", "@SUM(1)", "\uff1d1+1", "'=1+1", "(1)"]
each_formula = pytest.mark.parametrize("name", FORMULAS)
BROKEN = {"Error": "States.Timeout", "Cause": ""}
MOMENT = 1763029800000
"""`REQUESTED_AT`, as in an EventBridge event."""


@pytest.fixture(autouse=True)
def _instance(aws: FakeAws) -> None:
    aws.create_instance()


def assert_safe(record: Document, name: str) -> None:
    """Check that no attribute begins with the name or a formula's sign. `-` is the service's own, where no instance is
    known.
    """
    for attribute, value in record.items():
        text = str(value).removeprefix(f"{NO_INSTANCE}#")
        assert not text.startswith((name, "=", "+", "@", "\uff1d")), attribute
        assert not text.startswith("-") or text == NO_INSTANCE, attribute


def started(aws: FakeAws, name: str, given: Any) -> Document:
    """Run OPERATION up to its Audit, with the times of its context object."""
    work = aws.begin({"name": name, "input": given})
    assert (work["refusal"]["status"], work["refusal"]["code"]) == (400, "invalid_request")
    return work


@each_formula
@pytest.mark.parametrize("given", [a_body(), a_body("reboot_instance"), {"operation": "drop"}])
def test_a_direct_start_under_a_formula_is_refused_with_one_record(aws: FakeAws, name: str, given: Document) -> None:
    work = started(aws, name, given)
    assert "name must begin with" in work["refusal"]["error"]
    outcome = aws.audit(work, name)
    assert (outcome["success"], outcome["error"]) == (False, "OperationRefused")
    aws.end(name, "FAILED", given, error="OperationRefused", startDate=MOMENT)
    (record,) = aws.records()
    assert (record["event"], record["operation_id"]) == ("refused", work["request"]["operation_id"])
    assert_safe(record, name)
    assert record["execution_arn"].endswith(f":{name}")
    assert (aws.items(), aws.actions, aws.sweep()) == ([], [], {})


@each_formula
def test_the_backstop_and_audit_know_it_by_the_same_id(aws: FakeAws, name: str) -> None:
    """Its Validate broke, so nothing has refused it yet."""
    given = {"machine": "OPERATION", "work": {"error": BROKEN}, "body": json.dumps(a_body())}
    aws.call("audit", {**given, "execution": an_execution(name)})
    aws.end(name, "FAILED", a_body(), startDate=MOMENT)
    (record,) = aws.records()
    assert record["instance_id"] == INSTANCE_ID
    assert_safe(record, name)


@each_formula
def test_its_log_lines_carry_the_id_of_its_record(aws: FakeAws, name: str, log: io.StringIO) -> None:
    aws.end(name, "ABORTED", a_body())
    (record,) = aws.records()
    logged = {json.loads(line)["operation_id"] for line in log.getvalue().splitlines()}
    assert logged == {record["operation_id"]}


def test_nobody_can_take_the_id_of_a_start_that_was_refused(aws: FakeAws) -> None:
    """Otherwise an operation of that name would be closed with it."""
    refused = started(aws, "=1", a_body())["request"]["operation_id"]
    aws.put(operation_id="=1", fingerprint="any")
    aws.audit({"error": BROKEN}, "=1")
    assert "#" in refused
    assert [record["operation_id"] for record in aws.records()] == [refused]


@each_formula
def test_an_admission_that_was_started_under_a_formula_does_not_write_it_down(aws: FakeAws, name: str) -> None:
    """Only API Gateway should start ADMISSION; anyone else who may can choose the name."""
    aws.create_instance("prod", "prod-01")
    work = aws.admit({**a_body(), "instance_id": "prod-01"}, request_id=name)
    given = {"machine": "ADMISSION", "execution": an_execution(name), "envelope": an_envelope()}
    aws.call("audit", {**given, "work": work})
    aws.admit(a_body(), request_id=name)
    assert sorted(aws.events()) == ["accepted", "refused"]
    for record in aws.records():
        assert_safe(record, name)
    for item in aws.items():
        assert_safe(item, name)
