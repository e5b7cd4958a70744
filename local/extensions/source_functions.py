"""Extension: a call from within a function has `lambda:SourceFunctionArn`.

Other sessions of the function's role lack it, and so do trust policies.
https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ministack.core import iam_evaluator, lambda_runtime
from ministack.core.iam_evaluator import EvalContext
from ministack.services import lambda_svc, sts

Document = dict[str, Any]
_KEY = "lambda:sourcefunctionarn"
_SOURCE = "SourceFunctionArn"


def install() -> None:
    credentials = _saying_whose_they_are(lambda_runtime.execution_credentials)
    lambda_svc.execution_credentials = lambda_runtime.execution_credentials = credentials
    sts._principal_keys = iam_evaluator._principal_keys = _with_source_function(iam_evaluator._principal_keys)
    iam_evaluator.evaluate_trust_policy = _without_source_function(iam_evaluator.evaluate_trust_policy)


def _saying_whose_they_are(make: Callable[[Document], dict[str, str]]) -> Callable[[Document], dict[str, str]]:
    """Note the function: MiniStack makes credentials for each process of a function."""

    def execution_credentials(config: Document) -> dict[str, str]:
        made = make(config)
        sts._sessions[made["AWS_ACCESS_KEY_ID"]][_SOURCE] = config["FunctionArn"]
        return made

    return execution_credentials


def _with_source_function(principal_keys: Callable[[Any], Document]) -> Callable[[Any], Document]:
    def keys(credential: Any) -> Document:
        session = sts._sessions.get(credential.access_key_id) or {}
        found = {_KEY: session[_SOURCE]} if _SOURCE in session else {}
        return principal_keys(credential) | found

    return keys


def _without_source_function(evaluate: Callable[..., bool]) -> Callable[..., bool]:
    def evaluate_trust_policy(document: Any, caller_arn: str, context: EvalContext) -> bool:
        keys = {key: value for key, value in context.principal_keys.items() if key != _KEY}
        return evaluate(document, caller_arn, replace(context, principal_keys=keys))

    return evaluate_trust_policy
