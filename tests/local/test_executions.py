"""Step Functions on the local cloud: refused names, and a redrive before the first state."""

import json
import time

import pytest

from tests.local.account import Caller

ROLE = "arn:aws:iam::111122223333:role/any"
WAITS = {"StartAt": "Wait", "States": {"Wait": {"Type": "Wait", "Seconds": 1, "End": True}}, "QueryLanguage": "JSONata"}


@pytest.fixture(scope="module")
def machine(hub: Caller) -> str:
    trust = {"Version": "2012-10-17", "Statement": []}
    hub.client("iam").create_role(RoleName="any", AssumeRolePolicyDocument=json.dumps(trust))
    states = hub.client("stepfunctions")
    made = states.create_state_machine(name="waits", definition=json.dumps(WAITS), roleArn=ROLE)
    return str(made["stateMachineArn"])


@pytest.mark.parametrize("name", ["lock#1", "key#2", "a/b", "a b", "a*", "a:b"])
def test_a_name_that_step_functions_refuses(hub: Caller, machine: str, name: str) -> None:
    states = hub.client("stepfunctions")
    with pytest.raises(states.exceptions.InvalidName):
        states.start_execution(stateMachineArn=machine, name=name, input="{}")


# Recorded on AWS for LocalStack: test_sfn_api.snapshot.json, test_start_execution_idempotent (2024-08-21).
def test_the_same_start_is_answered_alike_while_it_runs(hub: Caller, machine: str) -> None:
    states = hub.client("stepfunctions")
    first, second = (
        states.start_execution(stateMachineArn=machine, name="twice", input='{"a": 1}') for _time in range(2)
    )
    assert (first["executionArn"], first["startDate"]) == (second["executionArn"], second["startDate"])
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(stateMachineArn=machine, name="twice", input='{"a": 2}')


def test_the_same_start_is_refused_once_it_is_over(hub: Caller, machine: str) -> None:
    states = hub.client("stepfunctions")
    arn = states.start_execution(stateMachineArn=machine, name="over", input="{}")["executionArn"]
    states.stop_execution(executionArn=arn)
    with pytest.raises(states.exceptions.ExecutionAlreadyExists):
        states.start_execution(stateMachineArn=machine, name="over", input="{}")


def test_a_redrive_of_what_was_stopped_runs_to_its_end(hub: Caller, machine: str) -> None:
    states = hub.client("stepfunctions")
    arn = states.start_execution(stateMachineArn=machine, name="stopped-at-once", input="{}")["executionArn"]
    states.stop_execution(executionArn=arn)
    states.redrive_execution(executionArn=arn)
    deadline = time.monotonic() + 10
    while states.describe_execution(executionArn=arn)["status"] == "RUNNING":
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert states.describe_execution(executionArn=arn)["status"] == "SUCCEEDED"
