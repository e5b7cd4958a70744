"""What the table has and the archive lacks, or has otherwise: the first is mended, the second is told."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rds_operations.archive.digest_file import PACKS, digest_of, hashes_in
from rds_operations.archive.record_object import day_prefix, object_key, record_in
from rds_operations.aws.archive_bucket import ArchiveBucket
from rds_operations.aws.audit_table import AuditTable
from rds_operations.aws.telemetry import logger
from rds_operations.model import clock
from rds_operations.model.documents import Item
from rds_operations.records.record_hash import HASH, record_hash
from rds_operations.steps.publish import Publisher

_DAYS, _DAYS_AT_MIDNIGHT, _DAYS_AT_FIRST = 2, 15, clock.RETENTION.days + 1
"""A refusal waits up to 14 days for its record, which has the request's time."""


@dataclass
class Found:
    """`repaired` are `audit_id`s; `mismatched` says `audit_id` and `what`."""

    repaired: list[str] = field(default_factory=list)
    mismatched: list[dict[str, str]] = field(default_factory=list)

    def tell(self, audit_id: str, what: str) -> None:
        self.mismatched.append({"audit_id": audit_id, "what": what})
        logger.error("mismatch", extra={"audit_id": audit_id, "what": what})


@dataclass(frozen=True)
class Gaps:
    """`on_its_way`: longer than the stream needs for a record, if nothing is wrong."""

    table: AuditTable
    archive: ArchiveBucket
    publisher: Publisher
    on_its_way: timedelta

    def close(self, now: datetime, *, is_first: bool) -> Found:
        """Compare the latest days: two, or once a day more of them; the first time all that the table has."""
        count = _DAYS_AT_MIDNIGHT if now.hour == 0 else _DAYS
        count = _DAYS_AT_FIRST if is_first else count
        days = [f"{now - timedelta(days=back):%Y-%m-%d}" for back in range(count)]
        known = hashes_in(self._digests_since(days[-1]))
        found = Found()
        for day in days:
            self._compare(day, known, now, found)
        return found

    def _compare(self, day: str, known: Mapping[str, str], now: datetime, found: Found) -> None:
        """Compare a day. `known`: the hashes of the objects that a digest lists."""
        archived = {item.key for item in self.archive.listed(day_prefix(day))}
        seen: set[str] = set()
        for record in self.table.records_of(day):
            audit_id, key = str(record["audit_id"]), object_key(record)
            seen.add(key)
            if record_hash(record) != record.get(HASH):
                found.tell(audit_id, "the record in the table does not have its own hash")
            elif key in known and known[key] != record[HASH]:
                found.tell(audit_id, "the record in the table is not the one in the archive")
            elif key not in archived and clock.from_text(str(record["timestamp"])) < now - self.on_its_way:
                self._repair(record, found)
        for key in sorted((archived & set(known)) - seen):
            found.tell(self._name(key), "the table has this record no more")

    def _repair(self, record: Item, found: Found) -> None:
        (is_done,) = self.publisher.publish([record])
        if is_done:
            found.repaired.append(str(record["audit_id"]))
            logger.warning("repaired", extra={"audit_id": record["audit_id"]})

    def _digests_since(self, day: str) -> Iterator[bytes]:
        """Read the digests from a day on: its objects came then or later. Those without a pack list no object."""
        for pack in self.archive.listed(PACKS, f"{PACKS}day={day}/"):
            body = self.archive.get(digest_of(pack.key))
            if body is not None:
                yield body

    def _name(self, key: str) -> str:
        body = self.archive.get(key)
        return str(record_in(body)["audit_id"]) if body else key
