"""Extension: AWS/States, how executions start and end.

https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html
"""

from __future__ import annotations

from typing import Any

from ministack.services import cloudwatch, stepfunctions

_ENDS = {
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}


def install() -> None:
    emit = stepfunctions._emit_execution_status_event

    def with_metrics(execution: dict[str, Any]) -> None:
        machine = execution["stateMachineArn"]
        # MiniStack tells the start of all but those of StartSyncExecution.
        if execution["status"] == "RUNNING" or execution.get("sync"):
            count("ExecutionsStarted", machine)
        if execution["status"] in _ENDS:
            count(_ENDS[execution["status"]], machine)
        emit(execution)

    stepfunctions._emit_execution_status_event = with_metrics


def count(metric: str, machine: str) -> None:
    cloudwatch.record_metric("AWS/States", metric, 1, "Count", {"StateMachineArn": machine})
