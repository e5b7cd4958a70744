"""The state of an alarm, from its datapoints: M of N, and the four treatments of missing data.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from typing import Any, Literal

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_EXTRA_PERIODS = 2
"""AWS does not publish how many more it retrieves; its examples have two."""


def evaluation_range(alarm: Mapping[str, Any]) -> int:
    """Return how many periods are retrieved: more than EvaluationPeriods, for when some have no data."""
    return int(alarm["EvaluationPeriods"]) + _EXTRA_PERIODS


def state_of(alarm: Mapping[str, Any], points: Mapping[int, float]) -> State | None:
    """Return the state that these points give, or None to keep the present one.

    `points` maps a period to its value; 0 is the latest. Of those in the range, the latest EvaluationPeriods count,
    however old. Missing ones are filled in only where there are fewer.
    """
    wanted = int(alarm["EvaluationPeriods"])
    needed = int(alarm.get("DatapointsToAlarm") or wanted)
    treatment = alarm.get("TreatMissingData") or "missing"
    latest = sorted(period for period in points if period < evaluation_range(alarm))[:wanted]
    breaching = [period for period in latest if breaches(alarm, points[period])]
    missing = wanted - len(latest)
    if len(breaching) + (missing if treatment == "breaching" else 0) >= needed:
        return "ALARM"
    if not missing or treatment in ("breaching", "notBreaching") or len(latest) > len(breaching):
        return "OK"
    if treatment == "ignore":
        return None
    if not latest:
        return "INSUFFICIENT_DATA"
    # All that there are breach. The oldest must be as old as DatapointsToAlarm, so that no alarm is premature.
    return "ALARM" if breaching[-1] + 1 >= needed else None


def breaches(alarm: Mapping[str, Any], value: float) -> bool:
    return _COMPARISONS[alarm["ComparisonOperator"]](value, float(alarm["Threshold"]))
