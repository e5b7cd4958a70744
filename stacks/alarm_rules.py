"""When each alarm rings, and what to do first. The rest is in the runbook, in the section of the same name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rds_operations.aws.metrics import METRICS, NAMESPACE
from stacks.alarm_settings import AlarmSettings

CREDENTIALS_REFUSED = "CredentialsRefused"
"""Made of API Gateway's access log: see `stacks.alarms`. It has no dimension."""
MOST_METRICS = 10
"""Of an alarm on metric math.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create-alarm-on-metric-math-expression.html"""
_STUCK_PERIODS = 3


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


def rules(settings: AlarmSettings, watched: Watched) -> list[Rule]:
    """Return the deployment's alarms, the most urgent first."""
    return [
        *_records(settings, watched),
        *_rates(settings, watched),
        *_platform(settings, watched),
        *_schedules(settings, watched),
        *_suspicious(settings, watched),
    ]


def _records(settings: AlarmSettings, watched: Watched) -> Iterator[Rule]:
    yield Rule(
        "audit-write-failures",
        "A record could not be written to rds_audit_log.",
        f"{_run('not-written')} It has DynamoDB's answers. Nothing is done without a record.",
        _one(_own(watched, "AuditWriteFailures")),
        1,
        settings.count_period_minutes,
    )
    yield Rule(
        "audit-failed",
        "An execution of rds-operations-operation ended as AuditFailed: its end is known, but not on record.",
        "Its event repeats the record, and the sweep after it. Check that the record comes.",
        _one(_own(watched, "ExecutionsAuditFailed")),
        1,
        settings.count_period_minutes,
    )
    yield Rule(
        "dead-letters",
        "A message lies in a dead-letter queue: an end or a refusal is not on record, and nothing repeats it.",
        "Read the message, mend the cause, and send it back.",
        _numbered(_queue(name) for name in watched.dead_letters),
        1,
        settings.count_period_minutes,
        expression=_sum(len(watched.dead_letters)),
    )
    yield Rule(
        "refusals-waiting",
        "The sweep has not recorded the refusals in their queue for 15 minutes.",
        f"{_run('schedules')} It says why the sweep fails. A refusal waits up to 14 days there.",
        _one(_queue(watched.refusals)),
        1,
        5,
        periods=_STUCK_PERIODS,
    )


def _rates(settings: AlarmSettings, watched: Watched) -> Iterator[Rule]:
    yield _rate(
        "failure-rate",
        "OperationErrors",
        settings.failure_rate_percent,
        "Too many operations failed or timed out",
        f"{_run('failures')} Its code tells RDS's trouble from ours. Time-outs count here too: if timeout-rate rings, "
        "follow that first.",
        settings,
        watched,
    )
    yield _rate(
        "timeout-rate",
        "OperationTimeouts",
        settings.timeout_rate_percent,
        "Too many operations timed out",
        f"{_run('failures')} It names the databases. Do nothing twice. failure-rate counts these too: "
        "follow this first.",
        settings,
        watched,
    )


def _rate(name: str, errors: str, percent: int, says: str, do: str, settings: AlarmSettings, watched: Watched) -> Rule:
    """Divide counts: an average of percentages is no rate. Of few operations, a number of errors counts instead.

    No operation is 0 operations: otherwise the last hour with some would count on, and the alarm stay.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
    """
    rate = f"IF(FILL(n, 0) >= {settings.rate_least_operations}, 100 * e / n, 0)"
    several = f", or {settings.rate_errors} of however many" if settings.rate_errors else ""
    return Rule(
        name,
        f"{says}: over {percent} % of at least {settings.rate_least_operations}{several}, "
        f"within {settings.rate_period_minutes} minutes.",
        do,
        {"n": _own(watched, "OperationsExecuted"), "e": _own(watched, errors)},
        percent,
        settings.rate_period_minutes,
        expression=f"IF(FILL(e, 0) >= {settings.rate_errors}, 100, {rate})" if settings.rate_errors else rate,
        comparison="GreaterThanThreshold",
    )


def _platform(settings: AlarmSettings, watched: Watched) -> Iterator[Rule]:
    minutes = settings.count_period_minutes
    yield Rule(
        "api-server-errors",
        "Callers got answers 5xx.",
        f"{_run('server-errors')} It shows which; rds-operations/broken then shows why.",
        _numbered(
            Metric("AWS/ApiGateway", "5XXError", {"ApiName": name, "Stage": stage}) for name, stage in watched.apis
        ),
        settings.server_errors,
        minutes,
        expression=_sum(len(watched.apis)),
    )
    of_functions = (
        ("function-errors", "Errors", settings.function_errors, "Functions ended with errors.", _run("broken")),
        (
            "function-throttles",
            "Throttles",
            settings.function_throttles,
            "Lambda throttled functions: the account's concurrency is used up, or somebody stopped Execute.",
            "Look who uses it.",
        ),
    )
    for name, metric, most, says, do in of_functions:
        for number, some in enumerate(_split(watched.functions), 1):
            yield Rule(
                name if number == 1 else f"{name}-{number}",
                says,
                do,
                _numbered(Metric("AWS/Lambda", metric, {"FunctionName": function}) for function in some),
                most,
                minutes,
                expression=_sum(len(some)),
                section=name,
            )
    yield Rule(
        "executions-throttled",
        "Step Functions throttled state transitions: operations take longer.",
        "Look what else in the account and Region runs many executions.",
        _numbered(_states("ExecutionThrottled", machine) for machine in watched.standard_machines),
        1,
        minutes,
        expression=_sum(len(watched.standard_machines)),
    )
    yield Rule(
        "executions-timed-out",
        "An execution ran into its own time limit, which is longer than any operation takes.",
        "The event of its end closes the operation. Check that it did.",
        _numbered(_states("ExecutionsTimedOut", machine) for machine in watched.machines),
        1,
        minutes,
        expression=_sum(len(watched.machines)),
    )


def _schedules(settings: AlarmSettings, watched: Watched) -> Iterator[Rule]:
    """A first deployment rings both until each schedule has run once."""
    yield _heartbeat(
        "sweep-missing",
        "SweepRuns",
        settings.sweep_minutes,
        "The sweep has not run to its end: what everything else leaves open stays open.",
        watched,
    )
    yield _heartbeat(
        "inventory-missing",
        "InventoryRuns",
        settings.inventory_minutes,
        "The inventory has not run to its end: new databases of other accounts are not found.",
        watched,
    )
    yield Rule(
        "places-not-reached",
        f"An account or Region could not be listed for {settings.unreachable_minutes} minutes: requests for its "
        "databases are refused.",
        f"{_run('places')} It says why: mostly a role is missing or does not trust this account.",
        _one(_own(watched, "PlacesNotReached", "Minimum")),
        1,
        settings.unreachable_minutes,
    )


def _heartbeat(name: str, metric: str, minutes: int, says: str, watched: Watched) -> Rule:
    """Fill in 0. A period without data alone does not ring: CloudWatch then takes the last point of earlier periods.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    return Rule(
        name,
        says,
        f"{_run('schedules')} Then run the function by hand.",
        _one(_own(watched, metric)),
        1,
        minutes,
        expression=_sum(1),
        comparison="LessThanThreshold",
        missing="breaching",
    )


def _suspicious(settings: AlarmSettings, watched: Watched) -> Iterator[Rule]:
    if settings.refusals:
        yield Rule(
            "many-refusals",
            f"{settings.refusals} or more requests were refused within {settings.refusals_period_minutes} minutes.",
            f"{_run('refusals')} It is one caller who tries production databases, or a script that is wrong.",
            _one(_own(watched, "OperationsRefused")),
            settings.refusals,
            settings.refusals_period_minutes,
        )
    if settings.refused_credentials:
        yield Rule(
            "credentials-refused",
            f"{settings.refused_credentials} or more requests with missing or wrong credentials within "
            f"{settings.count_period_minutes} minutes.",
            f"{_run('credentials')} It has the address: somebody guesses, or a client has an old key.",
            _one(Metric(NAMESPACE, CREDENTIALS_REFUSED, {})),
            settings.refused_credentials,
            settings.count_period_minutes,
        )
    if settings.direct_starts:
        yield Rule(
            "direct-start",
            "OPERATION was started without the API: its record names no person.",
            f"{_run('direct-starts')} Then ask CloudTrail who called states:StartExecution.",
            _one(_own(watched, "DirectStarts")),
            settings.direct_starts,
            settings.count_period_minutes,
        )


def _run(query: str) -> str:
    """Name the saved query to run first. An alarm cannot name databases, and its query can."""
    return f"Run the saved query rds-operations/{query}."


def _own(watched: Watched, name: str, statistic: str = "Sum") -> Metric:
    if ("Region",) not in METRICS[name].dimensions:
        raise ValueError(f"{name} is not counted over the Region alone")
    return Metric(NAMESPACE, name, {"Region": watched.region}, statistic)


def _queue(name: str) -> Metric:
    return Metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": name}, "Maximum")


def _states(metric: str, machine: str) -> Metric:
    return Metric("AWS/States", metric, {"StateMachineArn": machine})


def _one(metric: Metric) -> dict[str, Metric]:
    return {"m1": metric}


def _numbered(metrics: Iterator[Metric]) -> dict[str, Metric]:
    return {f"m{number}": metric for number, metric in enumerate(metrics, 1)}


def _sum(count: int) -> str:
    """Add `m1`, `m2`, ...; one that has no data counts as 0."""
    return " + ".join(f"FILL(m{number}, 0)" for number in range(1, count + 1))


def _split(names: Sequence[str]) -> list[Sequence[str]]:
    return [names[first : first + MOST_METRICS] for first in range(0, len(names), MOST_METRICS)]
