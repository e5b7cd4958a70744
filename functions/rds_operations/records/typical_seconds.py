"""How long an operation typically takes on an instance, from its own past."""

from __future__ import annotations

import json
from collections.abc import Iterable
from statistics import median

from rds_operations.model.documents import Item

_MOST = 10
"""Successes that count, the latest ones: databases grow."""


def typical_seconds(records: Iterable[Item]) -> dict[str, float]:
    """Return the median duration of each operation's latest successes. `records` are of one instance, newest first."""
    durations: dict[str, list[float]] = {}
    for record in records:
        known = durations.setdefault(str(record["operation"]), [])
        if record["success"] and record["event"] == "completed" and len(known) < _MOST:
            known.append(float(json.loads(str(record["result"]))["duration_seconds"]))
    return {operation: round(median(known), 1) for operation, known in durations.items() if known}
