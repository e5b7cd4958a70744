"""When each alarm rings, and what to do first. The rest is in the runbook, in the section of the same name."""

from __future__ import annotations

from collections.abc import Iterator

from rds_operations.aws.metrics import NAMESPACE
from stacks.alarm_rule import (
    CREDENTIALS_REFUSED,
    Metric,
    Rule,
    Watched,
    heartbeat,
    numbered,
    one,
    own,
    queue,
    run,
    split,
    states,
    sum_of,
)
from stacks.alarm_settings import AlarmSettings

_STUCK_PERIODS = 3


def rules(settings: AlarmSettings, watched: Watched) -> list[Rule]:
    """Return the deployment's alarms, the most urgent first."""
    return [
        *_records(settings, watched),
        *_rates(settings, watched),
        *_platform(settings, watched),
        *_schedules(settings, watched),
        *_archive(settings, watched),
        *_suspicious(settings, watched),
    ]


def _records(settings: AlarmSettings, watched: Watched) -> Iterator[Rule]:
    yield Rule(
        "audit-write-failures",
        "A record could not be written to rds_audit_log.",
        f"{run('not-written')} It has DynamoDB's answers. Nothing is done without a record.",
        one(own(watched, "AuditWriteFailures")),
        1,
        settings.count_period_minutes,
    )
    yield Rule(
        "audit-failed",
        "An execution of rds-operations-operation ended as AuditFailed: its end is known, but not on record.",
        "Its event repeats the record, and the sweep after it. Check that the record comes.",
        one(own(watched, "ExecutionsAuditFailed")),
        1,
        settings.count_period_minutes,
    )
    yield Rule(
        "dead-letters",
        "A message lies in a dead-letter queue: an end or a refusal is not on record, or a record was not published.",
        "Read the message, and mend the cause.",
        numbered(queue(name) for name in watched.dead_letters),
        1,
        settings.count_period_minutes,
        expression=sum_of(len(watched.dead_letters)),
    )
    yield Rule(
        "refusals-waiting",
        "The sweep has not recorded the refusals in their queue for 15 minutes.",
        f"{run('schedules')} It says why the sweep fails. A refusal waits up to 14 days there.",
        one(queue(watched.refusals)),
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
        f"{run('failures')} Its code tells RDS's trouble from ours. Time-outs count here too: if timeout-rate rings, "
        "follow that first.",
        settings,
        watched,
    )
    yield _rate(
        "timeout-rate",
        "OperationTimeouts",
        settings.timeout_rate_percent,
        "Too many operations timed out",
        f"{run('failures')} It names the databases. Do nothing twice. failure-rate counts these too: "
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
        {"n": own(watched, "OperationsExecuted"), "e": own(watched, errors)},
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
        f"{run('server-errors')} It shows which; rds-operations/broken then shows why.",
        numbered(
            Metric("AWS/ApiGateway", "5XXError", {"ApiName": name, "Stage": stage}) for name, stage in watched.apis
        ),
        settings.server_errors,
        minutes,
        expression=sum_of(len(watched.apis)),
    )
    of_functions = (
        ("function-errors", "Errors", settings.function_errors, "Functions ended with errors.", run("broken")),
        (
            "function-throttles",
            "Throttles",
            settings.function_throttles,
            "Lambda throttled functions: the account's concurrency is used up, or somebody stopped Execute.",
            "Look who uses it.",
        ),
    )
    for name, metric, most, says, do in of_functions:
        for number, some in enumerate(split(watched.functions), 1):
            yield Rule(
                name if number == 1 else f"{name}-{number}",
                says,
                do,
                numbered(Metric("AWS/Lambda", metric, {"FunctionName": function}) for function in some),
                most,
                minutes,
                expression=sum_of(len(some)),
                section=name,
            )
    yield Rule(
        "executions-throttled",
        "Step Functions throttled state transitions: operations take longer.",
        "Look what else in the account and Region runs many executions.",
        numbered(states("ExecutionThrottled", machine) for machine in watched.standard_machines),
        1,
        minutes,
        expression=sum_of(len(watched.standard_machines)),
    )
    yield Rule(
        "executions-timed-out",
        "An execution ran into its own time limit, which is longer than any operation takes.",
        "The event of its end closes the operation. Check that it did.",
        numbered(states("ExecutionsTimedOut", machine) for machine in watched.machines),
        1,
        minutes,
        expression=sum_of(len(watched.machines)),
    )


def _schedules(settings: AlarmSettings, watched: Watched) -> Iterator[Rule]:
    """A first deployment rings these until each schedule has run once."""
    yield heartbeat(
        "sweep-missing",
        "SweepRuns",
        settings.sweep_minutes,
        "The sweep has not run to its end: what everything else leaves open stays open.",
        watched,
    )
    yield heartbeat(
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
        f"{run('places')} It says why: mostly a role is missing or does not trust this account.",
        one(own(watched, "PlacesNotReached", "Minimum")),
        1,
        settings.unreachable_minutes,
    )


def _archive(settings: AlarmSettings, watched: Watched) -> Iterator[Rule]:
    yield Rule(
        "publish-late",
        f"Audit records wait for {settings.publish_minutes} minutes to become events and objects of the archive.",
        f"{run('archive')} It says why Publish fails. Nothing is lost: the digest makes good for it.",
        one(Metric("AWS/Lambda", "IteratorAge", {"FunctionName": watched.stream_function}, "Maximum")),
        settings.publish_minutes * 60_000,
        5,
    )
    yield heartbeat(
        "digest-missing",
        "DigestRuns",
        settings.digest_minutes,
        "No digest has been written: what the stream has lost stays out of the archive.",
        watched,
        "archive",
    )
    yield Rule(
        "archive-mismatch",
        "A record in rds_audit_log is not the one in the archive, or is gone.",
        f"{run('archive')} It names the record. Somebody with rights on the table has changed it: tell security.",
        one(own(watched, "ArchiveMismatches")),
        1,
        settings.count_period_minutes,
    )


def _suspicious(settings: AlarmSettings, watched: Watched) -> Iterator[Rule]:
    if settings.refusals:
        yield Rule(
            "many-refusals",
            f"{settings.refusals} or more requests were refused within {settings.refusals_period_minutes} minutes.",
            f"{run('refusals')} It is one caller who tries production databases, or a script that is wrong.",
            one(own(watched, "OperationsRefused")),
            settings.refusals,
            settings.refusals_period_minutes,
        )
    if settings.refused_credentials:
        yield Rule(
            "credentials-refused",
            f"{settings.refused_credentials} or more requests with missing or wrong credentials within "
            f"{settings.count_period_minutes} minutes.",
            f"{run('credentials')} It has the address: somebody guesses, or a client has an old key.",
            one(Metric(NAMESPACE, CREDENTIALS_REFUSED, {})),
            settings.refused_credentials,
            settings.count_period_minutes,
        )
    if settings.direct_starts:
        yield Rule(
            "direct-start",
            "OPERATION was started without the API: its record names no person.",
            f"{run('direct-starts')} Then ask CloudTrail who called states:StartExecution.",
            one(own(watched, "DirectStarts")),
            settings.direct_starts,
            settings.count_period_minutes,
        )
