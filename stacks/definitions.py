"""The definitions of the state machines, read from statemachine/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

DEFINITIONS = Path(__file__).parent.parent / "statemachine"
# The errors that every Lambda Task retries.
# https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
_TRANSIENT_LAMBDA_ERRORS = (
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Runtime.ExitError",
    "Lambda.Unknown",
)
_PLACEHOLDER = "${TransientLambdaErrors}"


def read_definition(name: str, folder: Path = DEFINITIONS) -> dict[str, Any]:
    """Read `<name>.asl.json`, and put Lambda's transient errors in place of their placeholder.

    CloudFormation replaces the other `${...}`.
    """
    definition: dict[str, Any] = json.loads((folder / f"{name}.asl.json").read_text())
    for state in definition["States"].values():
        for retrier in state.get("Retry", ()):
            retrier["ErrorEquals"] = [error for named in retrier["ErrorEquals"] for error in _expanded(named)]
    return definition


def _expanded(error: str) -> tuple[str, ...]:
    return _TRANSIENT_LAMBDA_ERRORS if error == _PLACEHOLDER else (error,)
