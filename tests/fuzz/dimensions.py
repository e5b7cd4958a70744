"""What the metrics' dimensions became: each distinct value is billed, and none may be a caller's text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from local.cloud import REGION
from rds_operations.aws.metrics import DIMENSION_VALUES, METRICS, UNKNOWN
from stacks import names
from tests.workflow.service import Service

Document = dict[str, Any]


def dimensions_of_callers(service: Service) -> list[str]:
    """Return a sentence on each metric and each dimension's value that is not of the code. At least one line is there.

    So the distinct values are at most those of the code, however many requests there were.
    """
    lines = list(metric_lines(service))
    if not lines:
        return ["no metric was emitted"]
    known = {name: values | {UNKNOWN} for name, values in DIMENSION_VALUES.items()} | {"Region": {REGION}}
    seen = {(name, line[name]) for line in lines for name in _dimensions(line)}
    emitted = {metric["Name"] for line in lines for metric in _directive(line)["Metrics"]}
    return [
        *(f"the dimension {name} has the value {value!r}" for name, value in sorted(seen) if value not in known[name]),
        *(f"an unknown metric: {name}" for name in sorted(emitted - METRICS.keys())),
    ]


def metric_lines(service: Service, instance_id: str = "") -> Iterator[Document]:
    """Yield what the functions have logged in CloudWatch's embedded metric format, of one instance or of all."""
    # MiniStack answers with the first 10,000 that fit, and no token.
    pattern = '"_aws"' + (f' "{instance_id}"' if instance_id else "")
    reader = service.aws("logs").get_paginator("filter_log_events")
    pages = reader.paginate(logGroupName=names.FUNCTIONS_LOG_GROUP, filterPattern=pattern)
    for page in pages:
        for event in page["events"]:
            if event["message"].startswith('{"_aws"'):
                line = json.loads(event["message"])
                if instance_id in ("", line.get("instance_id")):
                    yield line


def _directive(line: Document) -> Document:
    (directive,) = line["_aws"]["CloudWatchMetrics"]
    return dict(directive)


def _dimensions(line: Document) -> set[str]:
    return {name for names in _directive(line)["Dimensions"] for name in names}
