"""Extension: what MiniStack's executions lack: time-out, redrive, invalid names, the same start repeated.

https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
"""

from __future__ import annotations

import contextvars
import json
import re
import threading
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.core.responses import error_response_json, json_response, now_iso
from ministack.services import stepfunctions

Execution = dict[str, Any]
_FORBIDDEN = re.compile(r"""[\s<>{}\[\]?*"#%\\^|~`$&,;:/]""")
_REDRIVABLE = ("FAILED", "TIMED_OUT", "ABORTED")


def install() -> None:
    stepfunctions._start_execution = _once(stepfunctions._start_execution)
    stepfunctions.handle_request = _with_redrive(stepfunctions.handle_request)


def end(execution_arn: str, status: str) -> None:
    """End a running execution, with its event. `status` is ABORTED or TIMED_OUT."""
    execution = stepfunctions._executions[execution_arn]
    if execution["status"] == "RUNNING":
        execution.update(status=status, stopDate=now_iso())
        stepfunctions._add_event(execution, "ExecutionTimedOut" if status == "TIMED_OUT" else "ExecutionAborted")
        stepfunctions._emit_execution_status_event(execution)


def _once(start: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Answer a repeated start with the execution that runs; MiniStack refuses it."""

    def start_execution(request: Any) -> Any:
        for execution in list(stepfunctions._executions.values()):
            if execution["status"] == "RUNNING" and _is_asked_for(request, execution):
                return json_response({name: execution[name] for name in ("executionArn", "startDate")})
        return start(request)

    return start_execution


def _is_asked_for(request: Any, execution: Execution) -> bool:
    asked = (request.get("stateMachineArn"), request.get("name"), request.get("input", "{}"))
    return asked == (execution["stateMachineArn"], execution["name"], execution["input"])


def _with_redrive(handle: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def handle_request(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        if action == "RedriveExecution":
            return _redrive(json.loads(body))
        if action == "StartExecution" and _FORBIDDEN.search(json.loads(body).get("name") or ""):
            return error_response_json("InvalidName", "Invalid Name: it has characters that a name cannot have", 400)
        return await handle(method, path, headers, body, query)

    return handle_request


def _redrive(request: dict[str, Any]) -> Any:
    execution = stepfunctions._executions.get(request["executionArn"])
    if execution is None:
        return error_response_json("ExecutionDoesNotExist", "Execution not found", 400)
    if execution["status"] not in _REDRIVABLE:
        return error_response_json("ExecutionNotRedrivable", f"Execution is {execution['status']}", 400)
    execution.update(status="RUNNING", stopDate=None, error=None, cause=None, output=None)
    times = 1 + sum(event["type"] == "ExecutionRedriven" for event in execution["events"])
    details = {"executionRedrivenEventDetails": {"redriveCount": times}}
    stepfunctions._add_event(execution, "ExecutionRedriven", details)
    run = contextvars.copy_context().run
    threading.Thread(target=run, args=(_run_from_last_state, execution), daemon=True).start()
    return json_response({"redriveDate": now_iso()})


def _run_from_last_state(execution: Execution) -> None:
    """Run the state that failed again, with its input, but not those before it."""
    entered = [
        event["stateEnteredEventDetails"] for event in execution["events"] if "stateEnteredEventDetails" in event
    ]
    machine = stepfunctions._state_machines[execution["stateMachineArn"]]
    definition = json.loads(machine["definition"])
    context = {
        "QueryLanguage": definition["QueryLanguage"],
        "Execution": {
            "Id": execution["executionArn"],
            "Input": json.loads(execution["input"]),
            "Name": execution["name"],
            "StartTime": execution["startDate"],
        },
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": machine["name"]},
        "variables": {},
    }
    last = entered[-1] if entered else {"name": definition["StartAt"], "input": execution["input"]}
    try:
        output = stepfunctions._run_sub_machine(
            definition["States"], last["name"], json.loads(last["input"]), execution, context
        )
    except stepfunctions._ExecutionError as error:
        stepfunctions._fail_execution(execution, error.error, error.cause)
        return
    text = json.dumps(output)
    execution.update(status="SUCCEEDED", output=text, stopDate=now_iso())
    stepfunctions._add_event(execution, "ExecutionSucceeded", {"executionSucceededEventDetails": {"output": text}})
    stepfunctions._emit_execution_status_event(execution)
