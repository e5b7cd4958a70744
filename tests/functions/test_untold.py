"""A direct start that ended before it was on record, and no event told of it: the sweep asks Step Functions."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from rds_operations.model import clock
from tests.functions.calls import Call
from tests.functions.cloud import OPERATION_MACHINE, Cloud
from tests.unit.builders import a_body


def ended_untold(cloud: Cloud, name: str = "by-hand", given: Any = None, **ended: Any) -> Any:
    """The execution, as moto keeps it, which can then be changed."""
    text = json.dumps(a_body() if given is None else given)
    arn = cloud.states.start_execution(stateMachineArn=OPERATION_MACHINE, name=name, input=text)["executionArn"]
    cloud.states.stop_execution(executionArn=arn)
    execution = cloud.execution(arn)
    for attribute, value in ended.items():
        setattr(execution, attribute, value)
    return execution


@pytest.mark.parametrize("given", [a_body(), "nonsense", {"envelope": 1}], ids=["valid", "nonsense", "invalid"])
@pytest.mark.parametrize("status", ["ABORTED", "FAILED", "TIMED_OUT"])
@pytest.mark.parametrize("name", ["by-hand", "=1+1"])
def test_a_direct_start_that_ended_untold_is_refused_on_record(
    cloud: Cloud, name: str, status: str, given: Any
) -> None:
    ended_untold(cloud, name, given, status=status)
    assert cloud.sweep() == {"closed": 1}
    (record,) = cloud.records()
    assert (record["event"], record["recorded_by"], record["success"]) == ("refused", "sweep", False)
    assert json.loads(record["user_identity"])["userId"] == "states:StartExecution"
    assert cloud.sweep() == {}
    assert cloud.events() == ["refused"]


def test_a_refusal_that_an_execution_could_not_record_is_recorded_with_its_reason(cloud: Cloud) -> None:
    work = cloud.by_hand()  # there is no instance
    ended_untold(cloud, status="FAILED", error="AuditFailed", cause=json.dumps(work))
    assert cloud.sweep() == {"closed": 1}
    (record,) = cloud.records()
    assert json.loads(record["result"])["code"] == "instance_not_found"


def test_what_is_on_record_or_ended_long_ago_is_not_recorded_again(cloud: Cloud) -> None:
    cloud.create_instance()
    start = cloud.request(a_body())["start"]
    ended_untold(cloud, start["name"])
    ended_untold(cloud, "told")
    cloud.ended("told", given=a_body())
    ended_untold(cloud, "yesterday", stop_date=clock.now() - timedelta(days=1))
    assert cloud.sweep() == {}
    assert sorted(cloud.events()) == ["accepted", "refused"]


def test_one_that_ran_for_long_is_found_too(cloud: Cloud) -> None:
    """Executions are listed by their start, and this one started before the time that the sweep looks back on."""
    ended = clock.now() - timedelta(minutes=55)
    ended_untold(cloud, start_date=ended - timedelta(minutes=15), stop_date=ended)
    assert cloud.sweep() == {"closed": 1}
    assert cloud.events() == ["refused"]


def test_what_was_driven_again_by_now_is_left_to_its_execution(cloud: Cloud) -> None:
    """The list of executions is a moment behind."""
    execution = ended_untold(cloud)

    def drive_again(call: Call) -> None:
        if call.action == "DescribeExecution":
            execution.status = "RUNNING"

    with cloud.calls.answering(drive_again):
        assert cloud.sweep() == {}
    assert cloud.records() == []


def test_a_start_that_ended_untold_is_found_before_or_after_others(cloud: Cloud) -> None:
    for number in range(3):
        ended_untold(cloud, f"by-hand-{number}")
    cloud.ended("by-hand-1", given=a_body())
    assert cloud.sweep() == {"closed": 2}
    assert {record["operation_id"] for record in cloud.records()} == {f"by-hand-{number}" for number in range(3)}


def test_executions_that_cannot_be_listed_keep_no_operation_waiting(cloud: Cloud) -> None:
    cloud.create_instance()
    cloud.overdue(cloud.request(a_body())["request"]["operation_id"])
    with cloud.calls.refusing("sweep", "stepfunctions", "ListExecutions", "ThrottlingException"):
        assert cloud.sweep() == {"closed": 1, "failed": 1}
