"""What an alarm is: its metrics, the condition on which it rings, and what to do first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rds_operations.aws.metrics import METRICS, NAMESPACE

CREDENTIALS_REFUSED = "CredentialsRefused"
"""Made of API Gateway's access log: see `stacks.alarms`. It has no dimension."""
MOST_METRICS = 10
"""Of an alarm on metric math.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create-alarm-on-metric-math-expression.html"""


@dataclass(frozen=True)
class Metric:
    """The values of `dimensions` may be tokens."""

    namespace: str
    name: str
    dimensions: Mapping[str, Any]
    statistic: str = "Sum"


@dataclass(frozen=True)
class Watched:
    """What the deployment has. `apis` are names with their stage, `machines` ARNs, all else names."""

    region: str
    apis: Sequence[tuple[str, str]]
    functions: Sequence[str]
    machines: Sequence[str]
    standard_machines: Sequence[str]
    refusals: str
    dead_letters: Sequence[str]
    stream_function: str


@dataclass(frozen=True)
class Rule:
    """An alarm: it rings where the metric, or the expression over `metrics` by their ids, is beyond `threshold`.

    `says` what happened and `do` are its description. `section` of the runbook.
    """

    name: str
    says: str
    do: str
    metrics: Mapping[str, Metric]
    threshold: float
    minutes: int
    expression: str = ""
    comparison: str = "GreaterThanOrEqualToThreshold"
    periods: int = 1
    missing: str = "notBreaching"
    section: str = ""


def heartbeat(name: str, metric: str, minutes: int, says: str, watched: Watched, query: str = "schedules") -> Rule:
    """Fill in 0. A period without data alone does not ring: CloudWatch then takes the last point of earlier periods.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    return Rule(
        name,
        says,
        f"{run(query)} Then run the function by hand.",
        one(own(watched, metric)),
        1,
        minutes,
        expression=sum_of(1),
        comparison="LessThanThreshold",
        missing="breaching",
    )


def run(query: str) -> str:
    """Name the saved query to run first. An alarm cannot name databases, and its query can."""
    return f"Run the saved query rds-operations/{query}."


def own(watched: Watched, name: str, statistic: str = "Sum") -> Metric:
    if ("Region",) not in METRICS[name].dimensions:
        raise ValueError(f"{name} is not counted over the Region alone")
    return Metric(NAMESPACE, name, {"Region": watched.region}, statistic)


def queue(name: str) -> Metric:
    return Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": name}, "Maximum")


def states(metric: str, machine: str) -> Metric:
    return Metric("AWS/States", metric, {"StateMachineArn": machine})


def one(metric: Metric) -> dict[str, Metric]:
    return {"m1": metric}


def numbered(metrics: Iterator[Metric]) -> dict[str, Metric]:
    return {f"m{number}": metric for number, metric in enumerate(metrics, 1)}


def sum_of(count: int) -> str:
    """Add `m1`, `m2`, ...; one that has no data counts as 0."""
    return " + ".join(f"FILL(m{number}, 0)" for number in range(1, count + 1))


def split(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[first : first + MOST_METRICS] for first in range(0, len(names), MOST_METRICS)]
