"""Extension: no datapoint is lost where one thread writes while another reads or evicts."""

from __future__ import annotations

import time
from typing import Any

from ministack.services import cloudwatch


def install() -> None:
    cloudwatch._metric_bucket = _points
    cloudwatch._evict_old_metrics = _evict


def _points(metric: tuple[str, str, str]) -> Any:
    return cloudwatch._metrics.setdefault(metric, [])


def _evict() -> None:
    """Take old points from the front. MiniStack makes new lists, without what came meanwhile."""
    oldest = time.time() - cloudwatch.TWO_WEEKS_SECONDS
    for points in cloudwatch._metrics.values():
        while points and points[0]["Timestamp"] < oldest:
            points.pop(0)
