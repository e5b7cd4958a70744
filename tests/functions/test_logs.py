"""What a night shift asks, and the log answers: who, what, where; what AWS was asked, and what it said."""

import io
import json
from typing import Any

import pytest

from rds_operations.model.errors import RdsThrottled, TableUnavailable
from tests.builders import ACCOUNT, INSTANCE_ID, REGION, a_body
from tests.functions.fake_aws import Document, FakeAws

WHO, WHAT = {"requested_by": "apikey:key-id-1"}, {"operation": "reboot_instance", "instance_id": INSTANCE_ID}
WHERE = {"account_id": ACCOUNT, "region": REGION}


def lines(log: io.StringIO, **having: Any) -> list[Document]:
    """Its lines with these keys and values, the oldest first."""
    every = [json.loads(line) for line in log.getvalue().splitlines()]
    return [line for line in every if having.items() <= line.items()]


def calls(log: io.StringIO, state: str) -> list[str]:
    return [line["aws_action"] for line in lines(log, state=state) if "aws_action" in line]


def test_a_refused_request(aws: FakeAws, log: io.StringIO) -> None:
    aws.create_instance("prod")
    work = aws.admit(a_body("reboot_instance"))
    aws.answer(work)
    (refused,) = lines(log, state="Classify", message="refused")
    assert refused["code"] == "production_instance"
    assert refused.items() >= {**WHO, **WHAT, **WHERE}.items()
    (decided,) = lines(log, message="classified")
    assert (decided["environment"], decided["source"]) == ("production", "tag Environment=prod")
    assert {line["operation_id"] for line in lines(log, **WHAT)} == {work["request"]["operation_id"]}


def test_a_request_that_is_none_says_who_sent_it(aws: FakeAws, log: io.StringIO) -> None:
    aws.answer(aws.admit({"operation": "reboot_instance"}))
    (refused,) = lines(log, state="Validate", message="refused")
    assert refused["code"] == "missing_parameter"
    assert refused.items() >= {**WHO, "operation": "reboot_instance"}.items()


def test_what_was_done_to_rds_and_what_it_said(aws: FakeAws, log: io.StringIO) -> None:
    aws.create_instance()
    aws.audit(aws.execute(aws.accept("modify_backup_window")))
    assert calls(log, "Execute") == [
        "AssumeRole",
        "TransactWriteItems",
        "DescribeDBInstances",
        "ModifyDBInstance",
        "DescribeDBInstances",
    ]
    (acted,) = lines(log, aws_action="ModifyDBInstance")
    assert acted.items() >= {"aws_service": "rds", "aws_account": ACCOUNT, "aws_region": REGION}.items()
    assert acted["message"] == "AWS answered"
    assert acted["aws_request_id"]
    assert acted["ms"] >= 0
    assert acted.items() >= {**WHO, **WHERE, "operation": "modify_backup_window"}.items()


def test_a_call_that_rds_refuses_has_awss_own_code(aws: FakeAws, log: io.StringIO) -> None:
    aws.create_instance()
    with aws.calls.refusing("execute", "rds", "RebootDBInstance", "InvalidDBInstanceState", 400):
        aws.audit(aws.execute(aws.accept("reboot_instance")))
    (refused,) = lines(log, aws_action="RebootDBInstance")
    assert (refused["level"], refused["message"]) == ("WARNING", "AWS refused")
    assert refused["aws_error_code"] == "InvalidDBInstanceState"


def test_an_instance_that_is_not_there_is_an_answer(aws: FakeAws, log: io.StringIO) -> None:
    aws.admit(a_body())
    (asked,) = lines(log, aws_action="DescribeDBInstances")
    assert (asked["level"], asked["aws_error_code"]) == ("INFO", "DBInstanceNotFound")


def test_what_is_to_be_tried_again_leaves_a_line(aws: FakeAws, log: io.StringIO) -> None:
    aws.create_instance()
    work = aws.accept("reboot_instance")
    with aws.calls.refusing("execute", "rds", "RebootDBInstance", "Throttling", 400), pytest.raises(RdsThrottled):
        aws.execute(work)
    (line,) = lines(log, message="not done")
    assert line["error"] == "RdsThrottled"
    assert line.items() >= {**WHAT, **WHO, "state": "Execute"}.items()


def test_a_crash_leaves_a_line_with_the_operation(aws: FakeAws, log: io.StringIO) -> None:
    aws.create_instance()
    work = aws.accept("reboot_instance")
    with pytest.raises(KeyError):
        aws.poll(work, 1)  # no progress: nothing that a state would hand over
    (line,) = lines(log, message="broke")
    assert (line["level"], line["exception_name"]) == ("ERROR", "KeyError")
    assert line["operation_id"] == work["request"]["operation_id"]
    assert {name: line[name] for name in WHAT} == WHAT


def test_a_line_does_not_name_the_caller_of_an_earlier_invocation(aws: FakeAws, log: io.StringIO) -> None:
    aws.create_instance()
    aws.admit(a_body("reboot_instance"))
    aws.take_inventory()
    for line in lines(log, state="Inventory"):
        assert not {"requested_by", "operation", "instance_id"} & line.keys()


def test_a_get_is_not_logged_but_what_breaks_is(aws: FakeAws, log: io.StringIO) -> None:
    operation_id = "dev-reboot"
    aws.status(operation_id)
    assert lines(log, state="Status") == []
    broken = aws.calls.refusing("status", "dynamodb", "GetItem", "InternalServerError", 500)
    with broken, pytest.raises(TableUnavailable):
        aws.status(operation_id)
    assert [line["message"] for line in lines(log, state="Status")] == ["AWS refused", "not done"]
    assert {line["operation_id"] for line in lines(log, state="Status")} == {operation_id}
