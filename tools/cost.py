"""Writes what the alarms, metrics, logs and the dashboard cost a month into docs/cost.md: `make docs`.

Counts come from the synthesised template and from `METRICS`, lengths from lines of the functions' own, prices are AWS's
list prices in us-east-1 without the free tier.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rds_operations.aws import metrics
from rds_operations.aws.metrics import METRICS
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.rules.classification import ALLOWED_ENVIRONMENTS
from tools import archive_cost

Document = dict[str, Any]
ROOT = Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "cost.md"
ALARM_METRIC, CUSTOM_METRIC, DASHBOARD = 0.10, 0.30, 3.00
"""A month each; a custom metric for the hours in which it has data. https://aws.amazon.com/cloudwatch/pricing/"""
LOG_GB, SCANNED_GB = 0.50, 0.005
"""Taken in, and searched by Logs Insights. https://aws.amazon.com/cloudwatch/pricing/"""
KEY, KEY_REQUEST = 1.00, 0.03 / 10_000
"""A month, and a use. https://aws.amazon.com/kms/pricing/"""
EMAIL = 2.00 / 100_000
"""https://aws.amazon.com/sns/pricing/"""
_DAYS, _HOURS, _GB = 30, 720, 1e9
_SWEEPS, _INVENTORIES, _DIGESTS = 288, 96, 24
_REFUSED = 0.1
"""Of all requests."""
_VIEWS, _VIEWED_DAYS = 20, 0.5
"""Looks at the dashboard in a day, each of which searches half a day's log, and its tables."""
_TABLES = 3
_LOG_BYTES_OF_OPERATION = 12_000
"""Of the functions' log, per operation: what a search reads."""
_MESSAGES = 60
"""In a month: alarms that ring and clear."""


@dataclass(frozen=True)
class Use:
    """`environments` and `codes` are those that occur."""

    operations: int
    environments: int
    codes: int


USES = (
    Use(10, 2, 5),
    Use(10_000, len(ALLOWED_ENVIRONMENTS), len(metrics.DIMENSION_VALUES["Code"])),
)


def monthly(resources: Document, use: Use) -> dict[str, float]:
    """Return USD a month by part. `resources` are those of the service's template."""
    alarms = [item["Properties"] for item in resources.values() if item["Type"] == "AWS::CloudWatch::Alarm"]
    dashboards = [item for item in resources.values() if item["Type"] == "AWS::CloudWatch::Dashboard"]
    keys = [item for item in resources.values() if item["Type"] == "AWS::KMS::Key"]
    log_gb = _metric_line_bytes(use) * _DAYS / _GB
    searched = _LOG_BYTES_OF_OPERATION * use.operations * _VIEWED_DAYS * _TABLES * _VIEWS * _DAYS / _GB
    return {
        "alarms": ALARM_METRIC * sum(map(alarm_metrics, alarms)),
        "custom metrics": CUSTOM_METRIC * metric_hours(use) / _HOURS,
        "metric lines in the log": LOG_GB * log_gb,
        "dashboard": DASHBOARD * len(dashboards),
        "its searches": SCANNED_GB * searched,
        "key and messages": KEY * len(keys) + (2 * KEY_REQUEST + EMAIL) * _MESSAGES,
    }


def alarm_metrics(alarm: Document) -> int:
    """Count the metrics of an alarm: each is billed."""
    return sum("MetricStat" in query for query in alarm["Metrics"]) if "Metrics" in alarm else 1


def metric_hours(use: Use) -> float:
    """Count the hours in a month in which each metric has data, at most.

    Each operation lights its own metrics for an hour, unless another of its kind has done so already.
    """
    ended = sum(_is_of_operation(name) for name in METRICS)
    kinds = len(OPERATIONS) * use.environments
    operations, refusals = use.operations * _DAYS, _REFUSED * use.operations * _DAYS
    by_kind = ended * min(kinds * _HOURS, operations)
    in_all = ended * min(_HOURS, operations)
    refused = min(use.codes * _HOURS, refusals) + min(_HOURS, refusals)
    return by_kind + in_all + refused + _HOURS * len(_of_schedules())


def distinct_metrics(use: Use) -> int:
    """Count the metrics that there are, if all occur."""
    ended = sum(_is_of_operation(name) for name in METRICS)
    alone = sum(("Region",) in metric.dimensions for metric in METRICS.values())
    of_the_access_log = 1
    return ended * len(OPERATIONS) * use.environments + use.codes + alone + of_the_access_log


def _is_of_operation(name: str) -> bool:
    return any("Operation" in names for names in METRICS[name].dimensions)


def _of_schedules() -> list[str]:
    return ["SweepRuns", "InventoryRuns", "PlacesNotReached", "DigestRuns", "RecordsRepaired", "ArchiveMismatches"]


def _metric_line_bytes(use: Use) -> float:
    """Measure the lines of a day."""
    caller = {"userId": "arn:aws:sts::123456789012:assumed-role/dba/john.doe@example.com"}
    name = "dev-postgres-01-create-snapshot-0123456789abcdef"
    request = OperationRequest(name, "create_snapshot", "dev-postgres-01", {}, "123456789012", "eu-west-1", caller)
    end = _bytes(lambda: metrics.count_end(request, "development", 125.3))
    refusal = _bytes(lambda: metrics.count_refusal(request, "production_instance"))
    schedules = _SWEEPS * _bytes(metrics.count_sweep) + _INVENTORIES * _bytes(lambda: metrics.count_inventory(0))
    schedules += _DIGESTS * _bytes(lambda: metrics.count_digest(0, 0))
    return use.operations * (end + _REFUSED * refusal) + schedules


def _bytes(emit: Any) -> int:
    os.environ.setdefault("AWS_REGION", "eu-west-1")
    written = io.StringIO()
    with contextlib.redirect_stdout(written):
        emit()
    return len(written.getvalue())


def table(resources: Document) -> str:
    costs = [monthly(resources, use) for use in USES]
    rows = ["| USD a month | " + " | ".join(f"{use.operations:,} operations a day" for use in USES) + " |"]
    rows.append("|---|" + "---|" * len(USES))
    for part in costs[0]:
        rows.append(f"| {part} | " + " | ".join(f"{cost[part]:.2f}" for cost in costs) + " |")
    rows.append("| **in all** | " + " | ".join(f"**{sum(cost.values()):.2f}**" for cost in costs) + " |")
    rows.append("| distinct metrics, at most | " + " | ".join(str(distinct_metrics(use)) for use in USES) + " |")
    return "\n".join(rows)


def rendered(resources: Document) -> str:
    """Return the page as it must be."""
    page = PAGE.read_text()
    for name, rows in (("cost", table(resources)), ("archive", archive_cost.table())):
        begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
        before, _, rest = page.partition(begin)
        page = f"{before}{begin}\n{rows}\n{end}{rest.partition(end)[2]}"
    return page


def _synthesised() -> Document:
    """Synthesise the default deployment."""
    folder = ROOT / ".local" / "cost"
    environment = {**os.environ, "CDK_OUTDIR": str(folder)}
    subprocess.run([sys.executable, "app.py"], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL)
    resources: Document = json.loads((folder / "RdsOperations.template.json").read_text())["Resources"]
    return resources


if __name__ == "__main__":
    PAGE.write_text(rendered(_synthesised()))
