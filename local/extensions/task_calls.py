"""Extension: how a Task of Step Functions calls another service, where MiniStack does otherwise.

It calls under the machine's role, whoever has started the execution: a queue's policy asks for that role.
https://docs.aws.amazon.com/step-functions/latest/dg/procedure-create-iam-role.html
And `$string` writes characters as they are, like the reference implementation of JSONata, instead of escaping all that
are not ASCII: what a service does not take must not seem to be taken. https://docs.jsonata.org/string-functions#string
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from jsonata.functions import Functions
from ministack.core import iam_evaluator
from ministack.services import stepfunctions


def install() -> None:
    stepfunctions._run_execution = _as_its_role(stepfunctions._run_execution)
    Functions._string = staticmethod(_text)


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


def _text(value: Any, prettify: bool) -> str:
    layout: dict[str, Any] = {"indent": 2} if prettify else {"separators": (",", ":")}
    return json.dumps(value, cls=Functions.Encoder, ensure_ascii=False, **layout)
