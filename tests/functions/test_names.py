"""Names of executions that a spreadsheet would take for a formula: refused, on record, and not written down."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from rds_operations.records.audit_record import NO_INSTANCE
from tests.functions.cloud import Cloud, Document
from tests.unit.builders import INSTANCE_ID, a_body, an_envelope, an_execution

FORMULAS = ["=1+1", "+1", "-2", "@SUM(1)", "\uff1d1+1", "'=1+1", "(1)"]
each_formula = pytest.mark.parametrize("name", FORMULAS)
BROKEN = {"Error": "States.Timeout", "Cause": ""}
MOMENT = 1763029800000
"""`REQUESTED_AT`, as an event of EventBridge tells it."""


@pytest.fixture(autouse=True)
def _instance(cloud: Cloud) -> None:
    cloud.create_instance()


def assert_safe(record: Document, name: str) -> None:
    """No attribute begins with the name, or as no name may. `-`, where no instance is known, is the service's own."""
    for attribute, value in record.items():
        text = str(value).removeprefix(f"{NO_INSTANCE}#")
        assert not text.startswith((name, "=", "+", "@", "\uff1d")), attribute
        assert not text.startswith("-") or text == NO_INSTANCE, attribute


def started(cloud: Cloud, name: str, given: Any) -> Document:
    """OPERATION up to its Audit, with the times that its context object has."""
    work = cloud.begin({"name": name, "input": given})
    assert (work["refusal"]["status"], work["refusal"]["code"]) == (400, "invalid_request")
    return work


@each_formula
@pytest.mark.parametrize("given", [a_body(), a_body("reboot_instance"), {"operation": "drop"}])
def test_a_direct_start_under_a_formula_is_refused_with_one_record(cloud: Cloud, name: str, given: Document) -> None:
    work = started(cloud, name, given)
    assert "name must begin with" in work["refusal"]["error"]
    outcome = cloud.audited(work, name)
    assert (outcome["success"], outcome["error"]) == (False, "OperationRefused")
    cloud.ended(name, "FAILED", given, error="OperationRefused", startDate=MOMENT)
    (record,) = cloud.records()
    assert (record["event"], record["operation_id"]) == ("refused", work["request"]["operation_id"])
    assert_safe(record, name)
    assert record["execution_arn"].endswith(f":{name}")
    assert (cloud.items(), cloud.actions, cloud.sweep()) == ([], [], {})


@each_formula
def test_the_backstop_and_audit_know_it_by_the_same_id(cloud: Cloud, name: str) -> None:
    """Its Validate broke, so nobody has said no to it yet."""
    given = {"machine": "OPERATION", "work": {"error": BROKEN}, "body": json.dumps(a_body())}
    cloud.call("audit", {**given, "execution": an_execution(name)})
    cloud.ended(name, "FAILED", a_body(), startDate=MOMENT)
    (record,) = cloud.records()
    assert record["instance_id"] == INSTANCE_ID
    assert_safe(record, name)


@each_formula
def test_its_log_lines_carry_the_id_of_its_record(cloud: Cloud, name: str, log: io.StringIO) -> None:
    cloud.ended(name, "ABORTED", a_body())
    (record,) = cloud.records()
    logged = {json.loads(line)["operation_id"] for line in log.getvalue().splitlines()}
    assert logged == {record["operation_id"]}


def test_nobody_can_take_the_id_of_a_start_that_was_refused(cloud: Cloud) -> None:
    """An operation of that name would be closed with it."""
    refused = started(cloud, "=1", a_body())["request"]["operation_id"]
    cloud.put(operation_id="=1", fingerprint="any")
    cloud.audited({"error": BROKEN}, "=1")
    assert "#" in refused
    assert [record["operation_id"] for record in cloud.records()] == [refused]


@each_formula
def test_an_admission_that_was_started_under_a_formula_does_not_write_it_down(cloud: Cloud, name: str) -> None:
    """Only API Gateway should start ADMISSION; whoever else may can choose the name."""
    cloud.create_instance("prod", "prod-01")
    work = cloud.request({**a_body(), "instance_id": "prod-01"}, request_id=name)
    given = {"machine": "ADMISSION", "execution": an_execution(name), "envelope": an_envelope()}
    cloud.call("audit", {**given, "work": work})
    cloud.request(a_body(), request_id=name)
    assert sorted(cloud.events()) == ["accepted", "refused"]
    for record in cloud.records():
        assert_safe(record, name)
    for item in cloud.items():
        assert_safe(item, name)
