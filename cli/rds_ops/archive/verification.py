"""Holds the table, the archive, the digests, the executions and the operations against one another."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from rds_ops.archive.chain import Archived, Chain
from rds_ops.archive.differences import differences
from rds_ops.archive.findings import Findings
from rds_ops.archive.formats import NotReadable, Record, days, object_key, record_hash, record_in
from rds_ops.archive.sources import Sources, in_range

_EXECUTIONS_ARE_KEPT = timedelta(days=90)
"""https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html"""
_ON_ITS_WAY = timedelta(minutes=10)
_LONGEST = timedelta(days=1)
"""An operation that was accepted so short before the end of the time may have ended after it."""
Tell = Callable[[str], None]


def verify(sources: Sources, start: datetime, end: datetime, now: datetime, tell: Tell) -> Findings:
    """Check the records of a time. `tell` gets what it does, for whoever waits."""
    findings = Findings()
    tell("Reading the digests and what they list")
    findings.retention = sources.retention()
    archived = Chain(sources, findings, now).check(start, end)
    operations = Operations()
    seen: set[str] = set()
    for day in days(start, end):
        tell(f"Comparing the records of {day}")
        for record in sources.records_of(day):
            seen.add(str(record["audit_id"]))
            if in_range(record, start, end):
                _compare(record, archived, sources, findings, now)
                operations.note(record)
    _find_gone(archived, seen, findings, start, end, now)
    tell("Comparing executions and operations")
    operations.check(sources, findings, max(start, now - _EXECUTIONS_ARE_KEPT), end)
    return findings


def _compare(record: Record, archived: Archived, sources: Sources, findings: Findings, now: datetime) -> None:
    audit_id, at = str(record["audit_id"]), str(record["timestamp"])
    findings.counts["records in the table"] += 1
    if record_hash(record) != record.get("hash"):
        original = _original(record, archived, sources)
        findings.tell(at, "the record in the table does not have its own hash", audit_id, original)
        return
    known = archived.records.get(audit_id)
    if known:
        findings.counts["records in table and archive"] += 1
        if known[0] != record["hash"]:
            original = _original(record, archived, sources)
            findings.tell(at, "the record in the table is not the one in the archive", audit_id, original)
        return
    body = sources.body(object_key(record))
    if body is not None:
        findings.counts["records in no digest yet"] += 1
        if str(record["hash"]).encode() not in body:
            original = _original(record, archived, sources)
            findings.tell(at, "the record in the table is not the one in the archive", audit_id, original)
    elif datetime.fromisoformat(at) > now - _ON_ITS_WAY:
        findings.counts["records on their way"] += 1
    else:
        findings.tell(at, "the archive does not have this record", audit_id)


def _original(record: Record, archived: Archived, sources: Sources) -> str:
    """Tell how the archive's object differs from the table's record; empty where none can be read."""
    known = archived.records.get(str(record["audit_id"]))
    body = sources.body(known[3] if known else object_key(record))
    try:
        return differences(record_in(body), record) if body else ""
    except NotReadable:
        return ""


def _find_gone(
    archived: Archived, seen: set[str], findings: Findings, start: datetime, end: datetime, now: datetime
) -> None:
    """After its `ttl` a record is expected in the archive only."""
    for audit_id, (_, ttl, at, key) in archived.records.items():
        if not start <= datetime.fromisoformat(at) <= end:
            continue
        findings.counts["records in the archive"] += 1
        if audit_id in seen:
            continue
        if datetime.fromtimestamp(ttl, UTC) < now:
            findings.counts["records past their 90 days"] += 1
        else:
            findings.tell(at, "the table does not have this record any more", audit_id, f"the archive has it: {key}")


class Operations:
    """The records of each operation, by its id."""

    def __init__(self) -> None:
        self._accepted: dict[str, str] = {}
        self._ended: set[str] = set()
        self._known: set[str] = set()

    def note(self, record: Record) -> None:
        name = str(record["operation_id"])
        self._known.add(name)
        if record["event"] == "accepted" and not record.get("dry_run"):
            self._accepted[name] = str(record["timestamp"])
        if record["event"] == "completed":
            self._ended.add(name)

    def check(self, sources: Sources, findings: Findings, start: datetime, end: datetime) -> None:
        """Each accepted operation has its item and its end, or is open; each execution has its records."""
        self._check_ends(sources, findings, end)
        self._check_executions(sources, findings, start, end)

    def _check_ends(self, sources: Sources, findings: Findings, end: datetime) -> None:
        counts = findings.counts
        counts["operations accepted"] += len(self._accepted)
        items = {str(item["operation_id"]): item for item in sources.operations(sorted(self._accepted))}
        for name, at in self._accepted.items():
            if name not in items:
                findings.tell(at, "rds_operations does not have the operation", name)
            if name in self._ended:
                counts["operations ended"] += 1
            elif "unfinished" in items.get(name, {}) or datetime.fromisoformat(at) > end - _LONGEST:
                counts["operations open"] += 1
            else:
                findings.tell(at, "the operation has no record of its end", name)

    def _check_executions(self, sources: Sources, findings: Findings, start: datetime, end: datetime) -> None:
        unknown: dict[str, str] = {}
        for name, status, began in sources.executions(start):
            if began > end:
                continue
            findings.counts["executions"] += 1
            if name not in self._known and status != "RUNNING":
                unknown[name] = began.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        # The record of one that began with the time may be a moment older.
        known = {str(item["operation_id"]) for item in sources.operations(sorted(unknown))}
        for name in unknown.keys() - known:
            findings.tell(unknown[name], "the execution has no record", name)
