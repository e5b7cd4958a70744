"""Extension: metric filters count the lines of a log group. MiniStack only stores them.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/MonitoringLogData.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from ministack.core.responses import error_response_json
from ministack.services import cloudwatch, cloudwatch_logs

from local.extensions.log_patterns import PatternError, compiled, matches

Document = dict[str, Any]


def install() -> None:
    cloudwatch_logs._put_metric_filter = _checked(cloudwatch_logs._put_metric_filter)
    pass_on = cloudwatch_logs._fanout_to_subscription_filters

    def counting(group: str, stream: str, events: Sequence[Document]) -> None:
        for known in list(cloudwatch_logs._metric_filters.values()):
            if known["logGroupName"] == group:
                _count(known, events)
        pass_on(group, stream, events)

    cloudwatch_logs._fanout_to_subscription_filters = counting


def _checked(put: Callable[[Document], Any]) -> Callable[[Document], Any]:
    """Refuse a filter that would count nothing here: better than an alarm that never fires."""

    def put_metric_filter(request: Document) -> Any:
        try:
            compiled(request.get("filterPattern", ""))
            for transformation in request.get("metricTransformations", []):
                _check(transformation)
        except PatternError as error:
            return error_response_json("InvalidParameterException", str(error), 400)
        return put(request)

    return put_metric_filter


def _check(transformation: Document) -> None:
    if transformation["metricValue"].startswith("$") or transformation.get("dimensions"):
        raise PatternError("the local cloud knows only a fixed metricValue, without dimensions")


def _count(known: Document, events: Sequence[Document]) -> None:
    found = sum(matches(known["filterPattern"], event["message"]) for event in events)
    for transformation in known["metricTransformations"]:
        value = float(transformation["metricValue"])
        # Reported where lines came and none of them fits.
        default = [transformation["defaultValue"]] if not found and "defaultValue" in transformation else []
        for datum in [value] * found + default:
            _store(transformation, datum)


def _store(transformation: Document, value: float) -> None:
    name, unit = transformation["metricName"], transformation.get("unit", "None")
    cloudwatch._store_datum(transformation["metricNamespace"], name, {}, time.time(), unit, value, None, None, None)
