"""Structured logs and embedded metrics.

No request body, key or tag value is ever logged, but for the one tag that decided the environment.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

from rds_operations.model.errors import TableUnavailable
from rds_operations.rules.classification import Verdict
from rds_operations.settings.version import VERSION

SERVICE = "rds-operations"
NAMESPACE = "RDSOperations"

# ASCII: what a caller sends may have U+2028 and the like, which readers of logs take for the end of a line.
logger = Logger(
    service=SERVICE, version=VERSION, json_serializer=partial(json.dumps, default=str, separators=(",", ":"))
)


def log_verdict(verdict: Verdict) -> None:
    """Log what decided the environment, and what disagrees with it."""
    logger.info("classified", extra={"environment": verdict.environment, "source": verdict.source})
    if verdict.disagreement:
        logger.warning("environment disputed", extra={"disagreement": verdict.disagreement})


def log_caller(caller: Mapping[str, Any]) -> None:
    """Name the caller on record in every further line of this invocation."""
    logger.append_keys(requested_by=caller.get("userId", ""))


def operation_metrics(operation: str, environment: str, success: bool, duration_seconds: float) -> None:
    """Emit the specification's four metrics, in its three dimensions.

    `OperationSuccessRate` is 100 or 0 for each operation: its Average statistic is the rate in percent.
    """
    metrics = _metrics({"Operation": operation, "Environment": environment})
    metrics.add_metric("OperationsExecuted", MetricUnit.Count, 1)
    metrics.add_metric("OperationErrors", MetricUnit.Count, 0 if success else 1)
    metrics.add_metric("OperationSuccessRate", MetricUnit.Percent, 100 if success else 0)
    metrics.add_metric("OperationDuration", MetricUnit.Seconds, duration_seconds)
    metrics.flush_metrics()


def audit_write_failure(operation_id: str) -> None:
    """Count a record that could not be written. The id stands beside the metric, not in a dimension."""
    metrics = _metrics({})
    metrics.add_metadata("operation_id", operation_id)
    metrics.add_metric("AuditWriteFailures", MetricUnit.Count, 1)
    metrics.flush_metrics()


@contextmanager
def counting_write_failures(operation_id: str) -> Iterator[None]:
    """Count a `TableUnavailable` that comes out of it."""
    try:
        yield
    except TableUnavailable:
        audit_write_failure(operation_id)
        raise


def _metrics(dimensions: dict[str, str]) -> Metrics:
    metrics = Metrics(namespace=NAMESPACE)
    for name, value in {**dimensions, "Region": os.environ["AWS_REGION"]}.items():
        metrics.add_dimension(name, value)
    return metrics
