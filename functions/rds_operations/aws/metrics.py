"""Metrics: one line in CloudWatch's embedded metric format for each event, which costs no call.

`METRICS` has the unit and the dimensions of each. A dimension's value comes from the code or is `unknown`:
each distinct one is billed as a metric of its own. Who asked for what stands beside the metrics, for searches.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from aws_lambda_powertools.metrics import Metrics, MetricUnit

from rds_operations.model.errors import TableUnavailable
from rds_operations.model.refusals import Code
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.rules.classification import Environment

NAMESPACE = "RDSOperations"
UNKNOWN = "unknown"
_REGION = ("Region",)
_OF_OPERATION = ("Operation", "Environment", "Region")
_OF_REFUSAL = ("Code", "Region")
DIMENSION_VALUES: dict[str, frozenset[str]] = {
    "Operation": frozenset(OPERATIONS),
    "Environment": frozenset(environment.value for environment in Environment),
    "Code": frozenset(code.value for code in Code),
}
"""What else a dimension would be is `unknown`. Region is the function's own."""


class Metric(NamedTuple):
    """`dimensions` are the sets it is counted over. `tools.metric_texts` says in words what it counts, and when."""

    unit: MetricUnit
    dimensions: tuple[tuple[str, ...], ...]


_BOTH = (_OF_OPERATION, _REGION)
_COUNT = Metric(MetricUnit.Count, (_REGION,))
METRICS = {
    **dict.fromkeys(("OperationsExecuted", "OperationErrors", "OperationTimeouts"), Metric(MetricUnit.Count, _BOTH)),
    "OperationSuccessRate": Metric(MetricUnit.Percent, _BOTH),
    "OperationDuration": Metric(MetricUnit.Seconds, _BOTH),
    "OperationsRefused": Metric(MetricUnit.Count, (_OF_REFUSAL, _REGION)),
    **dict.fromkeys(("DirectStarts", "AuditWriteFailures", "ExecutionsAuditFailed"), _COUNT),
    **dict.fromkeys(("SweepRuns", "InventoryRuns", "PlacesNotReached"), _COUNT),
    **dict.fromkeys(("DigestRuns", "RecordsRepaired", "ArchiveMismatches"), _COUNT),
}


def count_end(
    request: OperationRequest, environment: str, duration_seconds: float, *, code: str = "", timed_out: bool = False
) -> None:
    """Emit the specification's four metrics and the time-outs. `code` says why it failed or timed out; empty for a
    success.
    """
    _emit(
        {
            "OperationsExecuted": 1,
            "OperationErrors": int(bool(code)),
            "OperationTimeouts": int(timed_out),
            "OperationSuccessRate": 0 if code else 100,
            "OperationDuration": duration_seconds,
        },
        {"Operation": request.operation, "Environment": environment},
        _fields(request) | ({"code": code} if code else {}),
    )


def count_refusal(request: OperationRequest, code: str) -> None:
    _emit({"OperationsRefused": 1}, {"Code": code}, {**_fields(request), "operation": request.operation})


def count_direct_start(request: OperationRequest) -> None:
    _emit({"DirectStarts": 1}, {}, {**_fields(request), "operation": request.operation})


def count_write_failure(operation_id: str) -> None:
    _emit({"AuditWriteFailures": 1}, {}, {"operation_id": operation_id})


def count_audit_failed(operation_id: str) -> None:
    _emit({"ExecutionsAuditFailed": 1}, {}, {"operation_id": operation_id})


def count_sweep() -> None:
    _emit({"SweepRuns": 1}, {}, {})


def count_inventory(not_listed: int) -> None:
    _emit({"InventoryRuns": 1, "PlacesNotReached": not_listed}, {}, {})


def count_digest(repaired: int, mismatches: int) -> None:
    _emit({"DigestRuns": 1, "RecordsRepaired": repaired, "ArchiveMismatches": mismatches}, {}, {})


@contextmanager
def counting_write_failures(operation_id: str) -> Iterator[None]:
    """Count a `TableUnavailable` that comes out of it."""
    try:
        yield
    except TableUnavailable:
        count_write_failure(operation_id)
        raise


def _fields(request: OperationRequest) -> dict[str, str]:
    """Say who asked for what where, by the names that log lines have."""
    known = {
        "operation_id": request.operation_id,
        "instance_id": request.instance_id,
        "account_id": request.account_id,
        "region": request.region,
        "requested_by": str(request.caller.get("userId", "")),
    }
    return {name: value for name, value in known.items() if value}


def _emit(values: Mapping[str, float], dimensions: Mapping[str, str], fields: Mapping[str, str]) -> None:
    """Write the line. All metrics of a line have the same sets of dimensions: `_BOTH`, say."""
    (sets,) = {METRICS[name].dimensions for name in values}
    known = {name: value if value in DIMENSION_VALUES[name] else UNKNOWN for name, value in dimensions.items()}
    known["Region"] = os.environ["AWS_REGION"]
    metrics = Metrics(namespace=NAMESPACE)
    first, *further = sets
    for name in first:
        metrics.add_dimension(name, known[name])
    for names in further:
        metrics.add_dimensions(**{name: known[name] for name in names})
    for name, text in fields.items():
        metrics.add_metadata(name, text)
    for name, value in values.items():
        metrics.add_metric(name, METRICS[name].unit, value)
    metrics.flush_metrics()
