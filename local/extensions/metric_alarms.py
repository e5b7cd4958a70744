"""Extension: alarms that CloudWatch would raise, and no others.

MiniStack refuses metric math, and takes one statistic over everything with the metric's name, whatever its dimensions,
periods and missing data. A metric is its namespace, name and exact dimensions; periods slide with the time.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch
from ministack.services.cloudformation import provisioners

from local.extensions.alarm_states import evaluation_range, state_of
from local.extensions.metric_math import MathError, Series, evaluate, ids

Document = dict[str, Any]
_STATISTICS = ("Average", "Maximum", "Minimum", "SampleCount", "Sum")
_changing = threading.RLock()


def install() -> None:
    provisioners._cw_metric_alarm_record = _with_math(provisioners._cw_metric_alarm_record)
    cloudwatch._evaluate_alarm = evaluate_alarm


def evaluate_all() -> None:
    """Evaluate the alarms of all accounts and Regions."""
    for (account, region, _name), alarm in list(cloudwatch._alarms._data.items()):
        with request_scope(account, region):
            try:
                evaluate_alarm(alarm)
            except (MathError, KeyError, ValueError):
                logging.getLogger(__name__).exception("alarm %s cannot be evaluated", alarm["AlarmName"])


def evaluate_alarm(alarm: Document) -> None:
    """Bring the alarm's state up to date. Actions follow a change of state only."""
    with _changing:
        points = points_of(alarm)
        before, state = alarm["StateValue"], state_of(alarm, points)
        if state in (None, before):
            return
        shown = [points[period] for period in sorted(points)]
        reason = f"Datapoints, the latest first: {shown}. {alarm['ComparisonOperator']} {alarm['Threshold']}"
        alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=int(time.time()))
        cloudwatch._record_history(alarm["AlarmName"], before, state, reason)
        cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)
        cloudwatch._evaluate_parent_alarms(alarm)


def points_of(alarm: Mapping[str, Any]) -> Series:
    """Return the values that are compared with the threshold."""
    periods = evaluation_range(alarm)
    if alarm.get("Metrics"):
        return _calculated(alarm["Metrics"], periods)
    statistic = alarm.get("ExtendedStatistic") or alarm["Statistic"]
    return _measured(alarm, statistic, int(alarm["Period"]), periods)


def _measured(metric: Mapping[str, Any], statistic: str, period: int, periods: int) -> Series:
    """Divide the time until now into periods."""
    if statistic not in _STATISTICS and not cloudwatch._is_percentile_stat(statistic):
        raise ValueError(f"the local cloud does not know the statistic {statistic}")
    dimensions = cloudwatch._dims_from_list(metric.get("Dimensions") or [])
    key = (metric["Namespace"], metric["MetricName"], cloudwatch._dims_key(dimensions))
    now = time.time()
    of_period: dict[int, list[Document]] = {}
    for point in list(cloudwatch._metrics.get(key) or []):
        age = int(max(0, now - point["Timestamp"]) // period)
        if age < periods:
            of_period.setdefault(age, []).append(point)
    values = {
        age: cloudwatch._stat_value(cloudwatch._calc_stats(points), statistic, points)
        for age, points in of_period.items()
    }
    return {age: float(value) for age, value in values.items() if value is not None}


def _calculated(queries: Sequence[Document], periods: int) -> Series:
    """Return the one series that is returned.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
    """
    asked = {query["Id"]: query["MetricStat"] for query in queries if "MetricStat" in query}
    if len({int(stat["Period"]) for stat in asked.values()}) > 1:
        raise ValueError("the local cloud knows only one period for all metrics of an alarm")
    known = {key: _measured(stat["Metric"], stat["Stat"], int(stat["Period"]), periods) for key, stat in asked.items()}
    waiting = {query["Id"]: query["Expression"] for query in queries if "Expression" in query}
    while waiting:
        ready = [key for key, expression in waiting.items() if ids(expression) <= set(known)]
        if not ready:
            raise MathError(f"an id in {sorted(waiting.values())} is defined nowhere")
        known |= {key: evaluate(waiting.pop(key), known, periods) for key in ready}
    (returned,) = [query["Id"] for query in queries if query.get("ReturnData", True)]
    return known[returned]


def _checked(alarm: Document) -> Document:
    points_of(alarm)
    return alarm


def _with_math(record: Callable[[str, Document], Document]) -> Callable[[str, Document], Document]:
    """Keep `Metrics`, and refuse an alarm that could never be evaluated."""

    def alarm_record(name: str, properties: Document) -> Document:
        metrics = properties.get("Metrics")
        if not metrics:
            return _checked(record(name, properties))
        alarm = record(name, {**properties, "Metrics": None, "MetricName": "math", "Namespace": "math"})
        for only_of_one_metric in ("MetricName", "Namespace", "Statistic", "ExtendedStatistic", "Period", "Dimensions"):
            alarm.pop(only_of_one_metric)
        return _checked({**alarm, "Metrics": metrics})

    return alarm_record
