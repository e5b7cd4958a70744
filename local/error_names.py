"""Extension: the class name of a Python exception as the error name of the task, as on AWS.

MiniStack's worker reports every error as Runtime.HandlerError, with the traceback in the log.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

import re
from typing import Any

from ministack.services import lambda_svc

# The last line of a traceback that starts at the margin: `module.Class: message`, or `module.Class`.
_RAISED = re.compile(r"^(?:[A-Za-z_]\w*\.)*([A-Za-z_]\w*)(?::.*)?$", re.MULTILINE)
_DIED = "Worker process died"
_HANDLER_ERROR = "Runtime.HandlerError"
_TRACEBACK = "Traceback (most recent call last):"


def install() -> None:
    execute = lambda_svc._execute_function_warm

    def with_error_name(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        result: dict[str, Any] = execute(func, event, request_id)
        if result.get("error"):
            result["body"]["errorType"] = _error_name(result["body"], str(result.get("log", "")))
        return result

    lambda_svc._execute_function_warm = with_error_name


def _error_name(body: dict[str, Any], log: str) -> str:
    """Whatever befell the process itself, be it in MiniStack's own hands, is the end of the runtime."""
    if body["errorType"] == _HANDLER_ERROR and body["errorMessage"] != _DIED:
        return _class_name(log)
    return "Sandbox.Timedout" if body["errorType"] == "Sandbox.Timedout" else "Runtime.ExitError"


def _class_name(log: str) -> str:
    frames = log.rpartition(_TRACEBACK)[2].splitlines()
    raised = "\n".join(line for line in frames if not line.startswith(" "))
    found = _RAISED.search(raised)
    return found[1] if found else _HANDLER_ERROR
