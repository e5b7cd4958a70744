"""Extension: how a Step Functions Task calls another service.

It uses the machine's role, whoever started the execution: a queue's policy requires that role.
https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
The execution's history has the Task's arguments.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_TaskScheduledEventDetails.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import stepfunctions

from local.extensions import jsonata_strings

_arguments: ContextVar[Any] = ContextVar("arguments", default=None)


def install() -> None:
    stepfunctions._run_execution = _as_its_role(stepfunctions._run_execution)
    stepfunctions._apply_jsonata_arguments = _kept(stepfunctions._apply_jsonata_arguments)
    stepfunctions._add_event = _with_parameters(stepfunctions._add_event)
    jsonata_strings.install()


def _as_its_role(run: Callable[[str], None]) -> Callable[[str], None]:
    def run_execution(execution_arn: str) -> None:
        execution = stepfunctions._executions.get(execution_arn) or {}
        machine = stepfunctions._state_machines.get(execution.get("stateMachineArn"))
        if not machine:
            run(execution_arn)
            return
        account, name = machine["roleArn"].split(":")[4], machine["roleArn"].rpartition("/")[2]
        session = f"arn:aws:sts::{account}:assumed-role/{name}/{execution['name'][:64]}"
        before = iam_evaluator._request_caller_arn.set(session)
        try:
            run(execution_arn)
        finally:
            iam_evaluator._request_caller_arn.reset(before)

    return run_execution


def _kept(evaluate: Callable[..., Any]) -> Callable[..., Any]:
    def evaluated(*given: Any) -> Any:
        arguments = evaluate(*given)
        _arguments.set(arguments)
        return arguments

    return evaluated


def _with_parameters(add: Callable[..., Any]) -> Callable[..., Any]:
    """Add the arguments, which MiniStack evaluates in the same thread just before it schedules a Task."""

    def add_event(execution: Any, kind: str, details: Any = None) -> Any:
        if kind == "TaskScheduled":
            details["taskScheduledEventDetails"]["parameters"] = json.dumps(_arguments.get())
        return add(execution, kind, details)

    return add_event
