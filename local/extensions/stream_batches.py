"""Extension: batches of a table's stream. What a function reports as failed is repeated, and its age is a metric.

MiniStack takes a batch with reported failures for done. Here the whole batch comes again; AWS repeats it from the first
failure on.
https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-batchfailurereporting.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

import json
import time
from typing import Any

from ministack.services import cloudwatch, lambda_svc

_moved = 0.0
_first_seen: dict[str, float] = {}


def make_older(seconds: float) -> None:
    """Make records that still wait so much older."""
    global _moved  # noqa: PLW0603
    _moved += seconds


def install() -> None:
    run = lambda_svc._execute_function

    def with_failures(function: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = run(function, event)
        records = event.get("Records") or []
        if records and records[0].get("eventSource") == "aws:dynamodb":
            _note_age(function, records)
            if _failures(result.get("body")):
                result = {**result, "error": True}
        return result

    lambda_svc._execute_function = with_failures


def _note_age(function: dict[str, Any], records: list[dict[str, Any]]) -> None:
    """Count in milliseconds how long the batch's first record has been in the stream, by the alarms' clock.

    AWS counts the last one's, of a batch that stays as it is while it is repeated; here it grows.
    """
    first = records[0]["dynamodb"]
    seen = _first_seen.setdefault(first["SequenceNumber"], _moved)
    age = 1000 * max(0.0, time.time() - float(first["ApproximateCreationDateTime"]) + _moved - seen)
    name = function["config"]["FunctionName"]
    cloudwatch.record_metric("AWS/Lambda", "IteratorAge", age, "Milliseconds", {"FunctionName": name})


def _failures(body: Any) -> list[Any]:
    answer = json.loads(body) if isinstance(body, str) and body.startswith("{") else body
    return list(answer.get("batchItemFailures", [])) if isinstance(answer, dict) else []
