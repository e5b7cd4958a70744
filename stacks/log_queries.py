"""The questions that the runbook asks of the logs: saved in CloudWatch Logs Insights, and shown on the dashboard.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks import names
from stacks.alarms import REFUSED_BY_THE_API

_OPERATION = "<operation id>"
"""What a person puts in."""


@dataclass(frozen=True)
class LogQuery:
    question: str
    text: str
    log_group: str = names.FUNCTIONS_LOG_GROUP


def _lines(*lines: str) -> str:
    return "\n| ".join(lines)


_CREDENTIALS = ", ".join(f'"{error}"' for error in REFUSED_BY_THE_API)
QUERIES = {
    "one-operation": LogQuery(
        "What happened to this operation?",
        _lines(
            "fields @timestamp, state, message, event, poll, status, percent, aws_action, aws_error_code, code, reason",
            f'filter operation_id = "{_OPERATION}"',
            "sort @timestamp asc",
        ),
    ),
    "failures": LogQuery(
        "Which operations failed or timed out, and with what code?",
        _lines(
            "fields @timestamp, operation_id, Operation, Environment, account_id, region, instance_id, "
            "requested_by, code",
            "filter OperationErrors.0 > 0",
            "sort @timestamp desc",
        ),
    ),
    "progress": LogQuery(
        "Does RDS get on with what is polled?",
        _lines(
            'filter message = "polled"',
            "stats count(*) as polls, earliest(percent) as first, latest(percent) as last, latest(status) as seen "
            "by operation_id",
            "sort polls desc",
        ),
    ),
    "refusals": LogQuery(
        "Who was refused what, and why?",
        _lines(
            "filter OperationsRefused.0 > 0",
            "stats count(*) as refused, count_distinct(instance_id) as instances by Code, requested_by, operation",
            "sort refused desc",
        ),
    ),
    "production-refusals": LogQuery(
        "Who asks for production databases?",
        _lines(
            'filter OperationsRefused.0 > 0 and Code in ["production_instance", "environment_disputed"]',
            "stats count(*) as refused, count_distinct(instance_id) as instances by requested_by",
            "sort refused desc",
        ),
    ),
    "running": LogQuery(
        "What is running, and since when?",
        _lines(
            'filter message = "recorded"',
            "stats earliest(@timestamp) as since, latest(event) as last, earliest(operation) as what, "
            "earliest(instance_id) as instance, earliest(requested_by) as who by operation_id",
            'filter last = "accepted"',
            "sort since asc",
            "display fromMillis(since) as began, operation_id, what, instance, who",
        ),
    ),
    "stuck": LogQuery(
        "What is overdue, and could not be closed?",
        _lines(
            'filter state = "Sweep" and (result = "left" or message = "not swept")',
            "stats count(*) as sweeps, earliest(@timestamp) as since, latest(exception_name) as error by operation_id",
            "sort sweeps desc",
            "display fromMillis(since) as began, operation_id, sweeps, error",
        ),
    ),
    "broken": LogQuery(
        "What broke?",
        _lines(
            "fields @timestamp, state, operation_id, error, reason, exception_name",
            'filter message in ["broke", "not done", "not swept"]',
            "sort @timestamp desc",
        ),
    ),
    "aws-refused": LogQuery(
        "What did AWS refuse?",
        _lines(
            'filter message = "AWS refused"',
            "stats count(*) as refused by state, aws_service, aws_action, aws_error_code, aws_account, aws_region",
            "sort refused desc",
        ),
    ),
    "not-written": LogQuery(
        "Which records could not be written, why, and which did the sweep write later?",
        _lines(
            "fields @timestamp, state, message, event, operation_id, aws_action, aws_error_code, error, reason",
            'filter (aws_service = "dynamodb" and message = "AWS refused") or AuditWriteFailures.0 > 0 '
            'or error in ["TableUnavailable", "TableBusy"] or (state = "Sweep" and message = "recorded")',
            "sort @timestamp desc",
        ),
    ),
    "records": LogQuery(
        "Which records does this operation have?",
        _lines(
            "fields @timestamp, state, message, event, audit_id, success",
            f'filter operation_id = "{_OPERATION}" and ispresent(audit_id)',
            "sort @timestamp asc",
        ),
    ),
    "schedules": LogQuery(
        "Did the sweep and the inventory run, and what did they meet?",
        _lines(
            "fields @timestamp, state, message, result, place, reason, exception_name",
            'filter state in ["Sweep", "Inventory"]',
            "sort @timestamp desc",
        ),
    ),
    "archive": LogQuery(
        "What was not published, repaired or found otherwise, and did the digest run?",
        _lines(
            "fields @timestamp, state, message, audit_id, what, reason, exception_name",
            'filter state in ["Publish", "Digest"]',
            "sort @timestamp desc",
        ),
    ),
    "places": LogQuery(
        "Which accounts and Regions cannot be listed, and why?",
        _lines(
            'filter message = "not listed"',
            "stats count(*) as runs, latest(reason) as why by place",
            "sort runs desc",
        ),
    ),
    "direct-starts": LogQuery(
        "Which executions were started without the API?",
        _lines(
            "fields @timestamp, operation_id, operation, instance_id",
            "filter DirectStarts.0 > 0",
            "sort @timestamp desc",
        ),
    ),
    "slow-calls": LogQuery(
        "Which calls to AWS are slow?",
        _lines(
            "filter ispresent(ms)",
            "stats avg(ms) as mean, max(ms) as longest, count(*) as calls by aws_service, aws_action",
            "sort longest desc",
        ),
    ),
    "server-errors": LogQuery(
        "Which requests were answered 5xx?",
        _lines(
            "fields @timestamp, httpMethod, resourcePath, status, errorType, integrationStatus, integrationError, "
            "responseLatency, extendedRequestId",
            "filter status like /^5/",
            "sort @timestamp desc",
        ),
        names.ACCESS_LOG_GROUP,
    ),
    "credentials": LogQuery(
        "From where come requests whose credentials are refused?",
        _lines(
            f"filter errorType in [{_CREDENTIALS}]",
            "stats count(*) as refused by sourceIp, errorType, resourcePath, httpMethod",
            "sort refused desc",
        ),
        names.ACCESS_LOG_GROUP,
    ),
}


def save_queries(scope: Construct) -> None:
    for name, query in QUERIES.items():
        logs.CfnQueryDefinition(
            scope,
            "Query" + "".join(word.capitalize() for word in name.split("-")),
            name=f"rds-operations/{name}",
            query_string=query.text,
            log_group_names=[query.log_group],
        )
