"""Extension: an exception's class is the error's name, and the function's process goes on, as on AWS.

MiniStack reports every exception as Runtime.HandlerError and ends the process, so the next invocation needs a start.
Here the worker returns an exception as a marked result.
https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
"""

from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

_RAISED = "local:raised"
_KILLED = '{"status": "error", "error": str(e), "trace": traceback.format_exc()}'
_HANDED_OUT = (
    f'{{"status": "ok", "result": {{"{_RAISED}": type(e).__name__, "message": str(e), '
    '"trace": traceback.format_exc()}}'
)


def install() -> None:
    if _KILLED not in lambda_runtime._PYTHON_WORKER_SCRIPT:
        raise RuntimeError("MiniStack's worker script has changed: local/extensions/error_names.py must change with it")
    lambda_runtime._PYTHON_WORKER_SCRIPT = lambda_runtime._PYTHON_WORKER_SCRIPT.replace(_KILLED, _HANDED_OUT)
    execute = lambda_svc._execute_function_warm

    def with_error_name(func: dict[str, Any], event: Any, request_id: str) -> dict[str, Any]:
        result: dict[str, Any] = execute(func, event, request_id)
        body = result["body"]
        if isinstance(body, dict) and _RAISED in body:
            return _error(body, str(result.get("log", "")))
        if result.get("error") and body["errorType"] != "Sandbox.Timedout":
            body["errorType"] = "Runtime.ExitError"  # MiniStack reports here whatever ended the process
        return result

    lambda_svc._execute_function_warm = with_error_name


def _error(raised: dict[str, str], log: str) -> dict[str, Any]:
    body = {"errorMessage": raised["message"], "errorType": raised[_RAISED]}
    return {"body": body, "error": True, "log": "\n".join(filter(None, [log, raised["trace"]]))}
