"""Logs: what operators see, and what must never appear."""

import io
import json

import pytest

from rds_operations.aws import telemetry
from tests.builders import INSTANCE_ID, a_body
from tests.functions.fake_aws import FakeAws


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
