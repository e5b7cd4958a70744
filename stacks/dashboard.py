"""The dashboard: six questions, one widget each.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CloudWatch-Dashboard-Body-Structure.html
"""

from __future__ import annotations

from typing import Any

from aws_cdk import Aws, CfnMapping, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from rds_operations.aws.metrics import NAMESPACE
from stacks.log_queries import QUERIES, LogQuery

NAME = "rds-operations"
_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
_WIDTH, _HEIGHT, _COLUMNS = 12, 6, 2
Widget = dict[str, Any]


def dashboard(scope: Construct, alarm_arns: list[str]) -> str:
    """Return its address in the console."""
    cloudwatch.CfnDashboard(
        scope,
        "Dashboard",
        dashboard_name=NAME,
        dashboard_body=Stack.of(scope).to_json_string({"start": "-PT12H", "widgets": _widgets(alarm_arns)}),
    )
    consoles = CfnMapping(
        scope, "Consoles", mapping={partition: {"host": host} for partition, host in _CONSOLES.items()}
    )
    host = consoles.find_in_map(Aws.PARTITION, "host")
    return f"https://{host}/cloudwatch/home?region={Aws.REGION}#dashboards/dashboard/{NAME}"


def _widgets(alarm_arns: list[str]) -> list[Widget]:
    widgets = [
        {"type": "alarm", "properties": {"title": "Is it well?", "alarms": alarm_arns}},
        _graph(
            "How much?",
            {
                "OperationsExecuted": "ended",
                "OperationErrors": "failed or timed out",
                "OperationTimeouts": "timed out",
                "OperationsRefused": "refused",
            },
            ["Sum"],
        ),
        _graph("How fast?", {"OperationDuration": "seconds"}, ["p50", "p90", "Maximum"]),
        _table("What was refused, and why?", QUERIES["refusals"]),
        _table("What is running, and since when?", QUERIES["running"]),
        _table("What is stuck?", QUERIES["stuck"]),
    ]
    return [{**_place(number), **widget} for number, widget in enumerate(widgets)]


def _graph(title: str, metrics: dict[str, str], statistics: list[str]) -> Widget:
    def label(says: str, statistic: str) -> str:
        return says if len(statistics) == 1 else f"{says}, {statistic}"

    return {
        "type": "metric",
        "properties": {
            "title": title,
            "region": Aws.REGION,
            "view": "timeSeries",
            "period": 300,
            "metrics": [
                [NAMESPACE, name, "Region", Aws.REGION, {"stat": statistic, "label": label(says, statistic)}]
                for name, says in metrics.items()
                for statistic in statistics
            ],
        },
    }


def _table(title: str, query: LogQuery) -> Widget:
    return {
        "type": "log",
        "properties": {
            "title": title,
            "region": Aws.REGION,
            "view": "table",
            "query": f"SOURCE '{query.log_group}' | {query.text}",
        },
    }


def _place(number: int) -> Widget:
    row, column = divmod(number, _COLUMNS)
    return {"x": column * _WIDTH, "y": row * _HEIGHT, "width": _WIDTH, "height": _HEIGHT}
