"""A direct start ended before it was on record, and its event was lost: the sweep asks Step Functions."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from rds_operations.model import clock
from tests.builders import a_body
from tests.functions.calls import Call
from tests.functions.fake_aws import OPERATION_MACHINE, FakeAws


def ended_untold(aws: FakeAws, name: str = "by-hand", given: Any = None, **ended: Any) -> Any:
    """Return moto's execution, which can then be changed."""
    text = json.dumps(a_body() if given is None else given)
    arn = aws.states.start_execution(stateMachineArn=OPERATION_MACHINE, name=name, input=text)["executionArn"]
    aws.states.stop_execution(executionArn=arn)
    execution = aws.execution(arn)
    for attribute, value in ended.items():
        setattr(execution, attribute, value)
    return execution


@pytest.mark.parametrize("given", [a_body(), "nonsense", {"envelope": 1}], ids=["valid", "nonsense", "invalid"])
@pytest.mark.parametrize("status", ["ABORTED", "FAILED", "TIMED_OUT"])
@pytest.mark.parametrize("name", ["by-hand", "=1+1"])
def test_a_direct_start_that_ended_untold_is_refused_on_record(
    aws: FakeAws, name: str, status: str, given: Any
) -> None:
    ended_untold(aws, name, given, status=status)
    assert aws.sweep() == {"closed": 1}
    (record,) = aws.records()
    assert (record["event"], record["recorded_by"], record["success"]) == ("refused", "sweep", False)
    assert json.loads(record["user_identity"])["userId"] == "states:StartExecution"
    assert aws.sweep() == {}
    assert aws.events() == ["refused"]


def test_a_refusal_that_an_execution_could_not_record_is_recorded_with_its_reason(aws: FakeAws) -> None:
    work = aws.start_directly()  # no instance exists
    ended_untold(aws, status="FAILED", error="AuditFailed", cause=json.dumps(work))
    assert aws.sweep() == {"closed": 1}
    (record,) = aws.records()
    assert json.loads(record["result"])["code"] == "instance_not_found"


def test_what_is_on_record_or_ended_long_ago_is_not_recorded_again(aws: FakeAws) -> None:
    aws.create_instance()
    start = aws.admit(a_body())["start"]
    ended_untold(aws, start["name"])
    ended_untold(aws, "told")
    aws.end("told", given=a_body())
    ended_untold(aws, "yesterday", stop_date=clock.now() - timedelta(days=1))
    assert aws.sweep() == {}
    assert sorted(aws.events()) == ["accepted", "refused"]


def test_one_that_ran_for_long_is_found_too(aws: FakeAws) -> None:
    """Executions are listed by start, and this one started before the time that the sweep covers."""
    ended = clock.now() - timedelta(minutes=55)
    ended_untold(aws, start_date=ended - timedelta(minutes=15), stop_date=ended)
    assert aws.sweep() == {"closed": 1}
    assert aws.events() == ["refused"]


def test_what_was_driven_again_by_now_is_left_to_its_execution(aws: FakeAws) -> None:
    """The list of executions is a moment behind."""
    execution = ended_untold(aws)

    def drive_again(call: Call) -> None:
        if call.action == "DescribeExecution":
            execution.status = "RUNNING"

    with aws.calls.answering(drive_again):
        assert aws.sweep() == {}
    assert aws.records() == []


def test_a_start_that_ended_untold_is_found_before_or_after_others(aws: FakeAws) -> None:
    for number in range(3):
        ended_untold(aws, f"by-hand-{number}")
    aws.end("by-hand-1", given=a_body())
    assert aws.sweep() == {"closed": 2}
    assert {record["operation_id"] for record in aws.records()} == {f"by-hand-{number}" for number in range(3)}


def test_executions_that_cannot_be_listed_keep_no_operation_waiting(aws: FakeAws) -> None:
    aws.create_instance()
    aws.overdue(aws.admit(a_body())["request"]["operation_id"])
    with aws.calls.refusing("sweep", "stepfunctions", "ListExecutions", "ThrottlingException"):
        assert aws.sweep() == {"closed": 1, "failed": 1}
