"""The state machines of `statemachine/` with a deployment's numbers, and the parts of their language that they use.

Models Amazon States Language: Task (Lambda, SQS and Step Functions integrations), Choice, Wait, Pass, Succeed and
Fail; Retry with back-off, a longest delay and full jitter; Catch; time-outs.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
MiniStack's engine, as corrected by the local cloud, evaluates JSONata.
https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonata import Jsonata

from local.extensions import jsonata_strings
from stacks.definitions import read_definition

Document = dict[str, Any]
jsonata_strings.install()


class StateError(Exception):
    """End a state without success, with the name and cause that Retry and Catch see."""

    def __init__(self, error: str, cause: str = "") -> None:
        super().__init__(f"{error}: {cause}")
        self.error, self.cause = error, cause


def load(folder: Path, name: str, substitutions: dict[str, str]) -> Document:
    text = json.dumps(read_definition(name, folder))
    for known, value in substitutions.items():
        text = text.replace(f"${{{known}}}", value)
    found: Document = json.loads(text)
    return found


def evaluated(template: Any, states: Document) -> Any:
    if isinstance(template, str):
        if template.startswith("{%") and template.endswith("%}"):
            return _evaluate(template[2:-2].strip(), states)
        return template
    if isinstance(template, dict):
        return {key: evaluated(value, states) for key, value in template.items()}
    if isinstance(template, list):
        return [evaluated(value, states) for value in template]
    return template


def _evaluate(expression: str, states: Document) -> Any:
    try:
        value = _compiled(expression).evaluate(None, {"states": states})
    except Exception as error:
        raise StateError("States.QueryEvaluationError", f"{expression}: {error}") from error
    if value is None:
        raise StateError("States.QueryEvaluationError", f"JSONata expression did not return a result: {expression}")
    return value


@cache
def _compiled(expression: str) -> Any:
    return Jsonata.jsonata(expression)
