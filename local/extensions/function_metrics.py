"""Extension: AWS/Lambda, each invocation once, whoever made it. MiniStack counts those of the Invoke API only.

A throttled invocation is no invocation.
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

import time
from typing import Any

from ministack.services import cloudwatch, lambda_svc


def install() -> None:
    run = lambda_svc._execute_function_dispatch

    def with_metrics(function: Any, config: dict[str, Any], *more: Any) -> dict[str, Any]:
        started = time.monotonic()
        result: dict[str, Any] = run(function, config, *more)
        name = config["FunctionName"]
        _count(name, "Invocations", 1)
        _count(name, "Errors", int(bool(result.get("error"))))
        _count(name, "Throttles", 0)
        _count(name, "Duration", 1000 * (time.monotonic() - started), "Milliseconds")
        return result

    lambda_svc._execute_function_dispatch = with_metrics
    lambda_svc._emit_lambda_metrics = _only_throttles


def _only_throttles(name: str, duration_ms: float, error: bool, throttle: bool) -> None:
    """Count where an invocation is refused, not again where Invoke answers."""
    if throttle and not duration_ms:
        _count(name, "Throttles", 1)


def _count(name: str, metric: str, value: float, unit: str = "Count") -> None:
    cloudwatch.record_metric("AWS/Lambda", metric, value, unit, {"FunctionName": name})
