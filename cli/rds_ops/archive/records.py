"""All records of a time, from the archive and the table together, each once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from rds_ops.archive.formats import PACKS, RECORDS, NotReadable, Record, days, lines_of, record_hash, record_in
from rds_ops.archive.sources import Sources, in_range

COLUMNS = (
    *("timestamp", "event", "instance_id", "operation", "success", "environment", "environment_source"),
    *("account_id", "region", "user_identity", "parameters", "result", "operation_id", "execution_arn", "request_id"),
    *(
        "principal",
        "recorded_by",
        "dry_run",
        "environment_disagreement",
        "settings_digest",
        "version",
        "audit_id",
        "hash",
    ),
)
"""Of a CSV. JSON lines have every attribute."""


def records(
    sources: Sources, start: datetime, end: datetime, now: datetime, tell: Callable[[str], None]
) -> Iterator[Record]:
    """Yield the records of a time, the oldest first. Where table and archive differ, the archive counts.

    `tell` gets the `audit_id` of each that differs, or that the table has no more before its 90 days.
    """
    packed = _late_ones(sources, start, end, now)
    for day in days(start, end):
        # The archive first: what comes while it is read is in the table, and not taken for one that is gone.
        archived = {str(record["audit_id"]): record for record in _objects_of(sources, day)} | packed.get(day, {})
        stored = {str(record["audit_id"]): record for record in sources.records_of(day)}
        kept = [record for record in (stored | archived).values() if in_range(record, start, end)]
        for record in sorted(kept, key=lambda record: (str(record["timestamp"]), str(record["audit_id"]))):
            name = str(record["audit_id"])
            if name in archived and not _agree(archived[name], stored.get(name), now):
                tell(name)
            yield record


def _agree(archived: Record, stored: Record | None, now: datetime) -> bool:
    if stored is None:
        return datetime.fromtimestamp(int(archived["ttl"]), UTC) < now
    return record_hash(stored) == str(archived["hash"])


def _objects_of(sources: Sources, day: str) -> Iterator[Record]:
    keys = sorted({version.key for version in sources.versions(f"{RECORDS}day={day}/") if not version.is_marker})
    for _, body in sources.bodies(keys):
        yield from _readable([body] if body else [])


def _late_ones(sources: Sources, start: datetime, end: datetime, now: datetime) -> dict[str, dict[str, Record]]:
    """Read the packs of the time, and by their records' days: single objects may have expired."""
    found: dict[str, dict[str, Record]] = {}
    lives = sources.expires_after_days(RECORDS)
    if lives is None or (now - start).days < lives:
        return found
    keys = [
        version.key
        for day in days(start, min(end, now))
        for version in sources.versions(f"{PACKS}day={day}/")
        if not version.is_marker
    ]
    for _, body in sources.bodies(sorted(set(keys))):
        for record in _readable(lines_of(body) if body else []):
            found.setdefault(str(record["timestamp"])[:10], {})[str(record["audit_id"])] = record
    return found


def _readable(bodies: list[bytes]) -> Iterator[Record]:
    for body in bodies:
        try:
            yield record_in(body)
        except NotReadable:
            continue
