"""Metrics and logs: what operators see, and what must never appear."""

import io
import json

import pytest

from rds_operations.aws import telemetry
from tests.builders import INSTANCE_ID, REGION, a_body
from tests.functions.fake_aws import Document, FakeAws


def metrics(capsys: pytest.CaptureFixture[str]) -> list[Document]:
    """Return the lines in CloudWatch's embedded metric format."""
    lines = [line for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    return [json.loads(line) for line in lines]


@pytest.mark.parametrize(
    ("ending", "errors", "rate"),
    [({}, 0.0, 100.0), ({"progress": {"status": "creating"}}, 1.0, 0.0), ({"error": {"Error": "X"}}, 1.0, 0.0)],
)
def test_the_end_of_an_operation_is_one_line_with_the_specifications_metrics(
    aws: FakeAws, capsys: pytest.CaptureFixture[str], ending: Document, errors: float, rate: float
) -> None:
    aws.create_instance("qa")
    work = aws.execute(aws.accept()) | ending
    duration = aws.audit(work)["document"]["duration_seconds"]
    (line,) = metrics(capsys)
    (definition,) = line["_aws"]["CloudWatchMetrics"]
    assert definition["Namespace"] == "RDSOperations"
    assert definition["Dimensions"] == [["Operation", "Environment", "Region"]]
    assert (line["Operation"], line["Environment"], line["Region"]) == ("create_snapshot", "test", REGION)
    values = {metric["Name"]: (line[metric["Name"]], metric["Unit"]) for metric in definition["Metrics"]}
    assert values == {
        "OperationsExecuted": ([1.0], "Count"),
        "OperationErrors": ([errors], "Count"),
        "OperationSuccessRate": ([rate], "Percent"),
        "OperationDuration": ([duration], "Seconds"),
    }


def test_an_operation_is_counted_once(aws: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    aws.create_instance()
    work = aws.execute(aws.accept())
    for _attempt in range(2):
        aws.audit(work)
        aws.end(work["request"]["operation_id"])
    assert len(metrics(capsys)) == 1


@pytest.mark.parametrize("environment", ["prod", ""])
def test_a_refusal_is_no_executed_operation(aws: FakeAws, capsys: pytest.CaptureFixture[str], environment: str) -> None:
    aws.create_instance(environment)
    aws.answer(aws.admit(a_body()))
    aws.audit(aws.start_directly())
    assert metrics(capsys) == []


def test_dimensions_do_not_leak_into_the_next_metric(aws: FakeAws, capsys: pytest.CaptureFixture[str]) -> None:
    aws.create_instance()
    aws.audit(aws.execute(aws.accept()))
    telemetry.audit_write_failure("operation-1")
    found = metrics(capsys)[-1]
    assert found["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [["Region"]]
    assert found["operation_id"] == "operation-1"


def test_every_line_carries_its_state_and_the_operation(aws: FakeAws, log: io.StringIO) -> None:
    aws.create_instance()
    work = aws.execute(aws.accept("modify_backup_window"))
    aws.audit(work)
    operation_id = work["request"]["operation_id"]
    lines = [json.loads(line) for line in log.getvalue().splitlines()]
    assert {line["state"] for line in lines} == {"Validate", "Classify", "Admit", "Execute", "Audit"}
    before_the_request = {"request-1"}
    assert {line["operation_id"] for line in lines} - before_the_request == {operation_id}


def test_no_parameter_and_no_key_is_ever_logged(aws: FakeAws, log: io.StringIO) -> None:
    aws.create_instance()
    tags = [{"Key": "Ticket", "Value": "secret-tag-value"}]
    work = aws.admit(a_body(snapshot_id="secret-snapshot", tags=tags), key="secret-key")
    aws.audit(aws.execute(aws.begin(work["start"])))
    aws.answer(aws.admit({"secret-body": 1, "instance_id": INSTANCE_ID}, request_id="request-2"))
    assert "refused" in log.getvalue()
    assert "secret" not in log.getvalue()


def test_what_a_caller_puts_into_a_path_cannot_begin_a_new_line(
    aws: FakeAws, log: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers of logs take more than a line feed for the end of a line: U+0085, U+2028 and U+2029 do not pass raw."""
    monkeypatch.setattr(telemetry.logger, "debug", telemetry.logger.info)  # of GET
    forged = 'x\u2028{"level": "ERROR"}\u0085{}\u2029{}\n{}'
    aws.status(forged)
    lines = log.getvalue().splitlines()
    assert lines
    assert {json.loads(line)["operation_id"] for line in lines} == {forged}
    assert log.getvalue().isascii()
