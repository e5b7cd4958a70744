"""Extension: what API Gateway knows of each answer of a REST API, for its metrics and its access log.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any

from ministack import app
from ministack.core.iam_evaluator import _request_origin
from ministack.core.responses import new_uuid, request_scope
from ministack.services import apigateway_v1, cloudwatch

from local.extensions import access_logs, states_integration

Document = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes] | None
_context: ContextVar[Document | None] = ContextVar("context_of_answer", default=None)


def install() -> None:
    app._handle_execute_api_request = _observed(app._handle_execute_api_request)
    apigateway_v1._gateway_error_response = _with_error_type(apigateway_v1._gateway_error_response)
    apigateway_v1._build_lambda_event_v1 = _noting(apigateway_v1._build_lambda_event_v1, lambda e: e["requestContext"])
    states_integration._call_states = _noting(
        states_integration._call_states, lambda answer: {"integration": {"status": answer[0]}}
    )
    states_integration._context = _noting(states_integration._context, lambda context: context)
    access_logs.install()


def _observed(answer: Callable[..., Awaitable[Answer]]) -> Callable[..., Awaitable[Answer]]:
    async def observed(host: str, path: str, method: str, *more: Any, **others: Any) -> Answer:
        called = app._parse_execute_api_url(host, path)
        scope = apigateway_v1.find_api_scope(called[0]) if called else None
        if called is None or scope is None:
            return await answer(host, path, method, *more, **others)
        context: Document = {"httpMethod": method, "identity": {"sourceIp": _request_origin.get()[0]}}
        context |= {"requestId": new_uuid(), "extendedRequestId": new_uuid()}
        token, started = _context.set(context), time.time()
        try:
            found = await answer(host, path, method, *more, **others)
        finally:
            _context.reset(token)
        if found:
            _noted(context, found, started)
            with request_scope(*scope):
                _count(called[0], called[1], found[0], 1000 * (time.time() - started))
                access_logs.write(called[0], called[1], context)
        return found

    return observed


def _noted(context: Document, answer: tuple[int, dict[str, str], bytes], started: float) -> None:
    context["status"] = answer[0]
    context["requestTime"] = time.strftime("%d/%b/%Y:%H:%M:%S +0000", time.gmtime(started))
    context["responseLatency"] = int(1000 * (time.time() - started))
    if answer[0] == 403 and "x-amzn-errortype" in {name.lower() for name in answer[1]}:
        # IAM's refusal, which MiniStack makes without a gateway response
        context.setdefault("error", {"responseType": "ACCESS_DENIED"})


def _count(api_id: str, stage: str, status: int, latency_ms: float) -> None:
    """Count for the API, and for its stage; the two are separate metrics."""
    name = apigateway_v1._rest_apis[api_id]["name"]
    values = {"Count": 1, "4XXError": int(400 <= status < 500), "5XXError": int(status >= 500)}
    for dimensions in ({"ApiName": name}, {"ApiName": name, "Stage": stage}):
        for metric, value in values.items():
            cloudwatch.record_metric("AWS/ApiGateway", metric, value, "Count", dimensions)
        cloudwatch.record_metric("AWS/ApiGateway", "Latency", latency_ms, "Milliseconds", dimensions)


def _with_error_type(respond: Callable[..., Any]) -> Callable[..., Any]:
    def gateway_error_response(error: Any, request: Document) -> Any:
        context = _context.get()
        if context is not None:
            context["error"] = {"responseType": error.response_type}
            context["resourcePath"] = request["resource_path"] or "/"
        return respond(error, request)

    return gateway_error_response


def _noting(make: Callable[..., Any], of: Callable[[Any], Document]) -> Callable[..., Any]:
    """Keep what an integration is told of the request and answers, so that the access log and the records agree."""

    def made(*given: Any, **more: Any) -> Any:
        result = make(*given, **more)
        context = _context.get()
        if context is not None:
            context.update(of(result))
        return result

    return made
