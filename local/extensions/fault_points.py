"""Extension: the points in MiniStack where `local.extensions.faults` can strike.

API calls (`rds:CreateDBSnapshot`, `dynamodb:TransactWriteItems`, ...) have these effects:
  refuse      answer with an error instead of performing the call; `fail`: perform it, and answer with an error
  cut         close the connection without performing it; `lose`: perform it, then close without an answer
  hang        perform it, and answer only after a while
  crash_before, crash_after   kill the function's process, before or after performing it
  rewrite     perform it, and change the answer
States (`operation:Wait`, ...): `stop` or `time_out` the execution on entering, `break` it with an error that no Catch
sees, `hold` it until the fault is switched off, `throttle` it, which only its metric tells.
Functions (`function:audit`) and the start of OPERATION (`states:start`): `refuse`; `lose` performs it, then fails.
Events (`event:audit`): `drop`.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qs

from ministack import app
from ministack.core import lambda_runtime
from ministack.core.iam_evaluator import request_caller_arn
from ministack.services import eventbridge, stepfunctions

from local.extensions import connections, execution_metrics, executions
from local.extensions.faults import CALLS_PATH, FAULTS_PATH, SWITCHBOARD, Fault

Response = tuple[int, dict[str, str], bytes]
_ACTING = ("Create", "Reboot", "Modify", "Add", "Delete")
_client: ContextVar[tuple[str, int] | None] = ContextVar("client", default=None)
_running: dict[Any, str] = {}


def install() -> None:
    app.app = _with_switches(app.app)
    app._dispatch_service_request = _with_api_faults(app._dispatch_service_request)
    lambda_runtime.Worker.invoke = _remembering(lambda_runtime.Worker.invoke)
    stepfunctions._call_lambda = _with_function_faults(stepfunctions._call_lambda)
    stepfunctions._invoke_nested_start_execution = _with_start_faults(stepfunctions._invoke_nested_start_execution)
    eventbridge._dispatch_to_lambda = _with_event_faults(eventbridge._dispatch_to_lambda)
    for kind in ("task", "wait", "choice"):
        name = f"_execute_{kind}"
        setattr(stepfunctions, name, _with_state_faults(getattr(stepfunctions, name)))


def _with_switches(serve: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
    async def switches(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] not in (FAULTS_PATH, CALLS_PATH):
            _client.set(scope.get("client"))
            await serve(scope, receive, send)
            return
        body = (await receive()).get("body", b"")
        status, answer = SWITCHBOARD.answer(scope["method"], scope["path"], scope["query_string"].decode(), body)
        await send(
            {"type": "http.response.start", "status": status, "headers": [(b"content-type", b"application/json")]}
        )
        await send({"type": "http.response.body", "body": json.dumps(answer).encode()})

    return switches


def _with_api_faults(dispatch: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    async def between(method: str, path: str, headers: Any, body: bytes, query: Any, request_id: str) -> Response:
        point, text = _point(method, headers, body), body.decode(errors="replace")
        caller = _caller(str(request_caller_arn(headers, query) or ""))
        fault = SWITCHBOARD.strike(point, text, caller) if point else None
        performed = not fault or fault.effect not in ("refuse", "cut", "crash_before")
        if point.startswith("rds:") and point.split(":")[1].startswith(_ACTING):
            SWITCHBOARD.note(point, text, performed, by_function="execute" in caller)
        answer = await dispatch(method, path, headers, body, query, request_id) if performed else _error(point, fault)
        return await _broken(point, fault, answer, caller) if fault else answer

    return between


def _caller(arn: str) -> str:
    """Return the role; sessions of the acting role are Execute's."""
    role = arn.lower().partition("assumed-role/")[2]
    return f"execute, as {role}" if "acting" in role.partition("/")[0] else role


async def _broken(point: str, fault: Fault, answer: Response, caller: str) -> Response:
    if fault.effect in ("cut", "lose"):
        connections.close(_client.get())
    if fault.effect == "fail":
        return _error(point, fault)
    if fault.effect == "hang":
        await asyncio.sleep(fault.seconds)
    if fault.effect.startswith("crash"):
        _kill(fault.matching, caller)
    if fault.effect == "rewrite":
        status, headers, body = answer
        changed = re.sub(fault.pattern, fault.replacement, body.decode(), flags=re.DOTALL)
        return status, {**headers, "Content-Length": str(len(changed.encode()))}, changed.encode()
    return answer


def _point(method: str, headers: Any, body: bytes) -> str:
    """Return `service:action`, from the signature and the protocol, or an empty text. Of S3 only an object's."""
    scope = re.search(r"Credential=[^/]+/\d+/[^/]+/([^/]+)/", headers.get("authorization", ""))
    target = headers.get("x-amz-target", "").rpartition(".")[2]
    if scope and scope[1] == "s3":
        return f"s3:{method.capitalize()}Object"
    action = target or parse_qs(body.decode(errors="replace")).get("Action", [""])[0]
    return f"{scope[1]}:{action}" if scope and action else ""


def _error(point: str, fault: Fault | None) -> Response:
    """Return the error in the service's form: XML of the Query protocol, or JSON."""
    code, message, status = (fault.code, fault.message, fault.status) if fault else ("", "", 500)
    if point.startswith("rds:"):
        text = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        return status, {"Content-Type": "text/xml"}, text.encode()
    if point.startswith("s3:"):
        return status, {"Content-Type": "application/xml"}, f"<Error><Code>{code}</Code></Error>".encode()
    return (
        status,
        {"Content-Type": "application/x-amz-json-1.0"},
        json.dumps({"__type": code, "message": message}).encode(),
    )


def _remembering(invoke: Callable[..., Any]) -> Callable[..., Any]:
    """Remember each worker's event, to kill the right process."""

    def remembering(worker: Any, event: Any, *args: Any, **kwargs: Any) -> Any:
        _running[worker] = json.dumps(event)
        try:
            return invoke(worker, event, *args, **kwargs)
        finally:
            _running.pop(worker, None)

    return remembering


def _kill(text: str, caller: str) -> None:
    for worker, event in list(_running.items()):
        function = worker.func_name.rpartition("-")[2]
        if re.search(text, event) and function in caller and worker._proc:
            worker._proc.kill()


def _with_function_faults(call: Callable[..., Any]) -> Callable[..., Any]:
    def between(reference: Any, event: Any) -> Any:
        point = f"function:{str(reference).rpartition('-')[2]}"
        return _refused_or_lost(SWITCHBOARD.strike(point, json.dumps(event)), lambda: call(reference, event))

    return between


def _with_event_faults(dispatch: Callable[[str, str], None]) -> Callable[[str, str], None]:
    def between(arn: str, payload: str) -> None:
        if not SWITCHBOARD.strike(f"event:{arn.rpartition('-')[2]}", payload):
            dispatch(arn, payload)

    return between


def _with_start_faults(start: Callable[..., Any]) -> Callable[..., Any]:
    def between(resource: Any, given: Any) -> Any:
        return _refused_or_lost(SWITCHBOARD.strike("states:start", json.dumps(given)), lambda: start(resource, given))

    return between


def _refused_or_lost(fault: Fault | None, action: Callable[[], Any]) -> Any:
    result = action() if not fault or fault.effect == "lose" else None
    if fault:
        raise stepfunctions._ExecutionError(fault.code, json.dumps({"errorMessage": fault.message}))
    return result


def _with_state_faults(execute: Callable[..., Any]) -> Callable[..., Any]:
    def entered(state: Any, given: Any, *more: Any) -> Any:
        context = more[-1]
        machine = context["StateMachine"]["Name"].removeprefix("rds-operations-")
        fault = SWITCHBOARD.strike(f"{machine}:{context['State']['Name']}", json.dumps(given))
        if fault and fault.effect == "break":
            raise stepfunctions._ExecutionError("States.Runtime", fault.message)
        if fault and fault.effect == "hold":
            _wait_until_off(fault)
        elif fault and fault.effect == "throttle":
            execution_metrics.count("ExecutionThrottled", context["StateMachine"]["Id"])
        elif fault:
            executions.end(context["Execution"]["Id"], {"stop": "ABORTED", "time_out": "TIMED_OUT"}[fault.effect])
        return execute(state, given, *more)  # a state that was entered completes, as on AWS

    return entered


def _wait_until_off(fault: Fault) -> None:
    """Wait in the execution's own thread."""
    while SWITCHBOARD.is_on(fault):
        time.sleep(0.05)
