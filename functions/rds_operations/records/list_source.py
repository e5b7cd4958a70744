"""Where a list is read: one key or index, and which of its partitions, the newest first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from rds_operations.model import clock
from rds_operations.model.documents import Item
from rds_operations.records.audit_record import Event
from rds_operations.records.indexes import BY_DAY, BY_INSTANCE, BY_PRINCIPAL, FAILED, UNFINISHED, Index
from rds_operations.records.list_query import EARLIEST, LATEST, ListQuery, Route
from rds_operations.records.operation_item import Unfinished
from rds_operations.records.stored_operation import StoredOperation

_KEPT = clock.RETENTION + timedelta(days=7)
"""DynamoDB removes expired items within days.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
"""
_CLOCKS_DIFFER = timedelta(minutes=5)
_SWEPT = timedelta(days=1)
"""After a late watch that recorded nothing; the sweep runs every five minutes."""
_MOMENT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"
_AUDIT_ID = re.compile(rf"(-|[a-z][a-z0-9-]{{0,62}})#({_MOMENT})#[^\x00-\x1f]{{1,120}}", re.ASCII)
_DUE = re.compile(r"([0-9]{1,12})#[^#\x00-\x1f]{1,80}", re.ASCII)


@dataclass(frozen=True)
class Source:
    """`first` and `last` belong to the range.

    A position is an `audit_id`, or `<due_at>#<operation_id>` in the index of open operations: the page goes on after
    that item. A partition is a position, too: the page begins at its newest item.
    """

    index: Index
    partitions: tuple[str, ...]
    first: str
    last: str

    def position_of(self, item: Item) -> str:
        if self.index is UNFINISHED:
            return f"{item['due_at']}#{item['operation_id']}"
        return str(item["audit_id"])

    def partition_of(self, position: str) -> str | None:
        """Return where the position is; None for one that is none, or outside of this source."""
        if position in self.partitions:
            return position
        if self.index is UNFINISHED:
            return self.partitions[0] if _DUE.fullmatch(position) else None
        found = _AUDIT_ID.fullmatch(position)
        if not found or not self.first <= found[2] <= self.last:
            return None
        day = found[2][: len("2026-11-25")]
        of_index = {BY_INSTANCE: found[1], BY_DAY: day, FAILED: day[: len("2026-11")]}
        partition = of_index.get(self.index, self.partitions[0])
        return partition if partition in self.partitions else None

    def start_key(self, partition: str, position: str) -> Item:
        """Make the key after which DynamoDB goes on. Its partition is this source's own, never the position's."""
        head, rest = position.split("#", 1)
        if self.index is UNFINISHED:
            return {self.index.partition: partition, self.index.sort: int(head), "operation_id": rest}
        own = {"instance_id": head, "audit_id": position}
        if self.index is BY_INSTANCE:
            return {**own, "instance_id": partition}
        return {**own, self.index.partition: partition, self.index.sort: rest.split("#", 1)[0]}

    def bounds(self, partition: str) -> tuple[str | int, str | int]:
        """Return the least and the greatest sort key of the range; both belong to it."""
        if self.index is UNFINISHED:
            return 0, 10**12
        if self.index is BY_INSTANCE:  # `$` comes right after `#`, which follows the time
            return f"{partition}#{self.first}", f"{partition}#{self.last}$"
        return self.first, self.last


def source_of(query: ListQuery, own: str, now: datetime) -> Source:
    """Choose for a query. `own` is the principal whose items alone may be read; empty for an auditor.

    A caller's list comes from the index of their own principal, whatever they ask: no filter decides who sees what.
    """
    if own:
        return Source(BY_PRINCIPAL, (own,), query.first, query.last)
    filters = query.filters
    if "instance_id" in filters:
        return Source(BY_INSTANCE, (filters["instance_id"],), query.first, query.last)
    if "principal" in filters:
        return Source(BY_PRINCIPAL, (filters["principal"],), query.first, query.last)
    if filters.get("finished") == "false":
        return Source(UNFINISHED, (Unfinished.OPERATION.value,), query.first, query.last)
    days = _days(query, now)
    if query.route is Route.RECORDS and _asks_for_failures(filters):
        months = dict.fromkeys(day[: len("2026-11")] for day in days)
        return Source(FAILED, tuple(months), query.first, query.last)
    return Source(BY_DAY, tuple(days), query.first, query.last)


def narrowed(query: ListQuery, stored: StoredOperation, late_watch: timedelta) -> ListQuery:
    """Look for the records of one operation where they must be: on its instance, from its opening to its last record.

    A range of the query's own is left as it is: another attempt under the same name may come later.
    """
    filters = {"instance_id": stored.request.instance_id, **query.filters}
    if (query.first, query.last) != (EARLIEST, LATEST):
        return replace(query, filters=filters)
    return replace(query, filters=filters, first=stored.started_at, last=_last_record(stored, late_watch))


def _last_record(stored: StoredOperation, late_watch: timedelta) -> str:
    """Return the moment of its `completed` record; one after which it has no `final` one, where it may have that."""
    if stored.is_watched or "final_status" in stored.result:
        return clock.to_text(clock.from_text(stored.ended_at) + late_watch + _SWEPT)
    return stored.ended_at or LATEST


def _asks_for_failures(filters: Mapping[str, str]) -> bool:
    return filters.get("failed") == "true" or filters.get("event") == Event.REFUSED.value


def _days(query: ListQuery, now: datetime) -> list[str]:
    """List the days of the range that can have records, the newest first."""
    newest = min(query.last, clock.to_text(now + _CLOCKS_DIFFER))[: len("2026-11-25")]
    oldest = max(query.first, clock.to_text(now - _KEPT))[: len("2026-11-25")]
    count = (date.fromisoformat(newest) - date.fromisoformat(oldest)).days + 1
    return [(date.fromisoformat(newest) - timedelta(days=days)).isoformat() for days in range(count)]
