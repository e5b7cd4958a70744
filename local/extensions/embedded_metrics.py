"""Extension: CloudWatch Logs takes embedded metrics out of log lines; a line may have several sets of dimensions.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from ministack.services import cloudwatch, cloudwatch_logs

Document = dict[str, Any]


def install() -> None:
    pass_on = cloudwatch_logs._fanout_to_subscription_filters

    def with_metrics(group: str, stream: str, events: Sequence[Document]) -> None:
        for event in events:
            for datum in metrics_of(event["message"]):
                cloudwatch._store_datum(**datum)
        pass_on(group, stream, events)

    cloudwatch_logs._fanout_to_subscription_filters = with_metrics


def metrics_of(line: str) -> Iterator[Document]:
    """Yield what `_store_datum` takes. A set with a dimension that the line does not have is dropped, as on AWS."""
    if '"CloudWatchMetrics"' not in line:
        return
    try:
        root = json.loads(line)
    except ValueError:
        return
    metadata = root.get("_aws") if isinstance(root, dict) else None
    if not metadata:
        return
    for directive in metadata["CloudWatchMetrics"]:
        for names in directive.get("Dimensions") or [[]]:
            if all(isinstance(root.get(name), str) for name in names):
                dimensions = {name: root[name] for name in names}
                for metric in directive["Metrics"]:
                    yield _datum(directive["Namespace"], metric, root, dimensions, metadata["Timestamp"] / 1000)


def _datum(namespace: str, metric: Document, root: Document, dimensions: dict[str, str], at: float) -> Document:
    found = root[metric["Name"]]
    return {
        "namespace": namespace,
        "name": metric["Name"],
        "dims": dimensions,
        "ts": at,
        "unit": metric.get("Unit", "None"),
        "value": None,
        "values": found if isinstance(found, list) else [found],
        "counts": None,
        "stat_values": None,
    }
