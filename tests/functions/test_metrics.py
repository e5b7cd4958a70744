"""Metrics: each event is one line, with what is counted, over which dimensions, and who asked for what beside it."""

import json
from dataclasses import replace
from typing import Any

import pytest

from rds_operations.aws import metrics
from rds_operations.aws.metrics import DIMENSION_VALUES, METRICS
from rds_operations.model import clock
from rds_operations.model.errors import TableUnavailable
from tests.builders import ACCOUNT, INSTANCE_ID, REGION, a_body, a_request
from tests.functions.archive import Archive
from tests.functions.fake_aws import Document, FakeAws

OF_OPERATION, OF_REFUSAL, ALL = ["Operation", "Environment", "Region"], ["Code", "Region"], ["Region"]
WHO = {"instance_id": INSTANCE_ID, "account_id": ACCOUNT, "region": REGION, "requested_by": "apikey:key-id-1"}
Printed = pytest.CaptureFixture[str]


def lines(printed: Printed) -> list[Document]:
    """Return the lines in CloudWatch's embedded metric format, and hold each to `METRICS`."""
    found = [json.loads(line) for line in printed.readouterr().out.splitlines() if '"_aws"' in line]
    for line in found:
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "RDSOperations"
        for metric in directive["Metrics"]:
            known = METRICS[metric["Name"]]
            assert [list(names) for names in known.dimensions] == directive["Dimensions"]
            assert known.unit.value == metric["Unit"]
        for name in {name for names in directive["Dimensions"] for name in names} - {"Region"}:
            assert line[name] in {*DIMENSION_VALUES[name], "unknown"}
        assert line["Region"] == REGION
    return found


def values(line: Document) -> dict[str, Any]:
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    return {metric["Name"]: line[metric["Name"]][0] for metric in directive["Metrics"]}


def counted(printed: Printed) -> dict[str, float]:
    """Sum each metric."""
    total: dict[str, float] = {}
    for line in lines(printed):
        for name, value in values(line).items():
            total[name] = total.get(name, 0) + value
    return total


@pytest.mark.parametrize(
    ("ending", "code", "timeouts"),
    [
        ({}, None, 0),
        ({"progress": {"status": "creating"}}, "timed_out", 1),
        ({"error": {"Error": "X"}}, "internal_error", 0),
    ],
)
def test_the_end_of_an_operation(
    aws: FakeAws, capsys: Printed, ending: Document, code: str | None, timeouts: int
) -> None:
    aws.create_instance("qa")
    work = aws.execute(aws.accept()) | ending
    duration = aws.audit(work)["document"]["duration_seconds"]
    (line,) = lines(capsys)
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [OF_OPERATION, ALL]
    assert (line["Operation"], line["Environment"], line["Region"]) == ("create_snapshot", "test", REGION)
    assert values(line) == {
        "OperationsExecuted": 1,
        "OperationErrors": int(bool(code)),
        "OperationTimeouts": timeouts,
        "OperationSuccessRate": 0 if code else 100,
        "OperationDuration": duration,
    }
    assert line.items() >= {**WHO, "operation_id": work["request"]["operation_id"]}.items()
    assert line.get("code") == code


def test_an_operation_is_counted_once(aws: FakeAws, capsys: Printed) -> None:
    """Neither a second attempt of Audit, nor the event of the end, nor what the late watch sees, counts again."""
    aws.create_instance()
    work = aws.execute(aws.accept()) | {"progress": {"status": "creating"}}
    for _attempt in range(2):
        aws.audit(work)
        aws.end(work["request"]["operation_id"])
    aws.overdue(work["request"]["operation_id"])
    assert aws.sweep() == {"settled": 1}
    found = counted(capsys)
    assert found.pop("OperationDuration") >= 0
    assert found == {
        "OperationsExecuted": 1,
        "OperationErrors": 1,
        "OperationTimeouts": 1,
        "OperationSuccessRate": 0,
        "SweepRuns": 1,
    }


@pytest.mark.parametrize(("environment", "code"), [("prod", "production_instance"), ("", "environment_unknown")])
def test_a_refusal(aws: FakeAws, capsys: Printed, environment: str, code: str) -> None:
    aws.create_instance(environment)
    work = aws.admit(a_body())
    aws.answer(work)
    (line,) = lines(capsys)
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [OF_REFUSAL, ALL]
    assert (line["Code"], values(line)) == (code, {"OperationsRefused": 1})
    assert line.items() >= {**WHO, "operation": "create_snapshot"}.items()
    aws.answer(work)
    assert counted(capsys) == {}, "its record was there before"


def test_a_refused_dry_run_counts_as_a_refusal(aws: FakeAws, capsys: Printed) -> None:
    aws.create_instance("prod")
    aws.answer(aws.admit({**a_body(), "dry_run": True}))
    assert counted(capsys) == {"OperationsRefused": 1}


def test_what_is_refused_at_the_last_moment_is_a_refusal_and_no_error(aws: FakeAws, capsys: Printed) -> None:
    aws.create_instance()
    work = aws.accept()
    aws.retag("prod")
    aws.audit(aws.execute(work))
    (line,) = lines(capsys)
    assert (line["Code"], values(line)) == ("production_instance", {"OperationsRefused": 1})


def test_a_direct_start_that_acts(aws: FakeAws, capsys: Printed) -> None:
    aws.create_instance()
    work = aws.execute(aws.start_directly())
    (line,) = lines(capsys)
    assert line["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [ALL]
    assert values(line) == {"DirectStarts": 1}
    assert line.items() >= {"operation_id": "by-hand", "instance_id": INSTANCE_ID}.items()
    aws.execute(work)
    aws.audit(work)
    assert "DirectStarts" not in counted(capsys), "it was counted when it began"


def test_a_direct_start_that_is_refused(aws: FakeAws, capsys: Printed) -> None:
    aws.create_instance("prod")
    work = aws.start_directly()
    aws.audit(work)
    aws.audit(work)
    assert counted(capsys) == {"DirectStarts": 1, "OperationsRefused": 1}


def test_an_operation_of_the_api_is_no_direct_start(aws: FakeAws, capsys: Printed) -> None:
    aws.create_instance()
    aws.audit(aws.execute(aws.accept("modify_backup_window")))
    assert "DirectStarts" not in counted(capsys)


def test_a_record_that_the_table_does_not_take(aws: FakeAws, capsys: Printed) -> None:
    aws.create_instance("prod")
    work = aws.admit(a_body())
    with (
        aws.calls.refusing("audit", "dynamodb", "PutItem", "InternalServerError", 500),
        pytest.raises(TableUnavailable),
    ):
        aws.answer(work)
    (line,) = lines(capsys)
    assert values(line) == {"AuditWriteFailures": 1}
    assert line["operation_id"] == work["request"]["operation_id"]


def test_an_execution_without_a_closing_record(aws: FakeAws, capsys: Printed) -> None:
    aws.create_instance()
    work = aws.execute(aws.accept("modify_backup_window"))
    name = work["request"]["operation_id"]
    aws.end(name, "FAILED", error="AuditFailed", cause=json.dumps(work))
    found = lines(capsys)
    assert values(found[0]) == {"ExecutionsAuditFailed": 1}
    assert found[0]["operation_id"] == name
    aws.end(name, "FAILED", error="OperationFailed", cause="{}")
    assert counted(capsys) == {}


def test_the_schedules_say_that_they_ran(aws: FakeAws, capsys: Printed) -> None:
    aws.sweep()
    aws.take_inventory()
    assert counted(capsys) == {"SweepRuns": 1, "InventoryRuns": 1, "PlacesNotReached": 0}


def test_a_place_that_cannot_be_listed(aws: FakeAws, capsys: Printed) -> None:
    with aws.calls.refusing("inventory", "rds", "DescribeDBInstances", "AccessDenied", 403):
        not_listed = aws.take_inventory()["not_listed"]
    assert counted(capsys) == {"InventoryRuns": 1, "PlacesNotReached": not_listed}
    assert not_listed >= 1


@pytest.mark.usefixtures("aws")
def test_a_dimension_that_the_code_does_not_know_is_unknown(capsys: Printed) -> None:
    request = replace(a_request(), operation="x\u2028y")
    metrics.count_end(request, "x" * 300, 1.0)
    metrics.count_refusal(request, "nonsense")
    end, refusal = lines(capsys)
    assert (end["Operation"], end["Environment"], refusal["Code"]) == ("unknown", "unknown", "unknown")


@pytest.mark.usefixtures("aws")
def test_dimensions_do_not_leak_into_the_next_metric(capsys: Printed) -> None:
    metrics.count_refusal(a_request(), "production_instance")
    metrics.count_write_failure("operation-1")
    found = lines(capsys)[-1]
    assert found["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [ALL]
    assert "Code" not in found


def test_every_metric_is_emitted_by_some_event(aws: FakeAws, capsys: Printed) -> None:
    aws.create_instance()
    aws.audit(aws.execute(aws.accept("modify_backup_window")))
    aws.audit(aws.start_directly(name="another", snapshot_id="_"))
    metrics.count_write_failure("operation-1")
    metrics.count_audit_failed("operation-1")
    aws.sweep()
    aws.take_inventory()
    Archive(aws).digest(clock.now())
    assert counted(capsys).keys() == METRICS.keys()


def test_the_service_has_few_metrics() -> None:
    """Each is billed: operations and environments multiply, an instance or a caller would without end."""
    assert {name for metric in METRICS.values() for names in metric.dimensions for name in names} == {
        "Region",
        *DIMENSION_VALUES,
    }
