"""The keys and indexes by which lists are read, newest first."""

from __future__ import annotations

from typing import NamedTuple

from rds_operations.records.operation_item import UNFINISHED_INDEX


class Index(NamedTuple):
    """`name` is empty for the table's own key."""

    name: str
    partition: str
    sort: str


BY_INSTANCE = Index("", "instance_id", "audit_id")
BY_PRINCIPAL = Index("by_principal", "principal", "timestamp")
BY_DAY = Index("by_day", "day", "timestamp")
FAILED = Index("failed", "failed_month", "timestamp")
"""Sparse: holds only refusals and failures."""
AUDIT_INDEXES = (BY_PRINCIPAL, BY_DAY, FAILED)
UNFINISHED = Index(UNFINISHED_INDEX, "unfinished", "due_at")
"""Of `rds_operations`, and sparse: holds only what is open."""
