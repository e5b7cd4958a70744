"""Publish: each new audit record becomes an event, then an object of the archive.

The event comes first, so that an object in the archive means that its event was sent. Both may be repeated: an event
then comes twice, an object is written once.
"""

from __future__ import annotations

from collections.abc import Sequence

from rds_operations.archive.notice import detail_of, detail_type
from rds_operations.archive.record_object import object_body, object_key
from rds_operations.aws.archive_bucket import ArchiveBucket
from rds_operations.aws.event_bus import MOST_ENTRIES, EventBus, Notice
from rds_operations.aws.telemetry import logger
from rds_operations.model.documents import Item
from rds_operations.model.errors import ArchiveUnavailable, EventsUnavailable

_MEDIA_TYPE = "application/json"


class Publisher:
    """`console_url` is the console's start page; empty for none."""

    def __init__(self, bus: EventBus, archive: ArchiveBucket, console_url: str = "") -> None:
        self._bus = bus
        self._archive = archive
        self._console_url = console_url

    def publish(self, records: Sequence[Item]) -> list[bool]:
        """Publish the records in their order, and tell of each whether it is done. What failed is logged."""
        done: list[bool] = []
        for first in range(0, len(records), MOST_ENTRIES):
            some = records[first : first + MOST_ENTRIES]
            sent = self._send(some)
            done += [is_sent and self._keep(record) for record, is_sent in zip(some, sent, strict=True)]
        return done

    def _send(self, records: Sequence[Item]) -> list[bool]:
        notices = [self._notice(record) for record in records]
        try:
            sent = iter(self._bus.send([notice for notice in notices if notice]))
        except EventsUnavailable as error:
            logger.warning("no event sent", extra={"records": len(records), "reason": str(error)})
            return [False] * len(records)
        return [notice is not None and next(sent) for notice in notices]

    def _notice(self, record: Item) -> Notice | None:
        """Make the event; None of a record that cannot be read, so that it keeps no other waiting."""
        try:
            execution = str(record["execution_arn"])
            detail = detail_of(record, self._console_url)
            return Notice(detail_type(record), detail, [execution] if execution else [])
        except (KeyError, TypeError, ValueError):
            logger.exception("no event made", extra={"audit_id": record.get("audit_id")})
            return None

    def _keep(self, record: Item) -> bool:
        try:
            self._archive.put_once(object_key(record), object_body(record), _MEDIA_TYPE)
        except ArchiveUnavailable as error:
            logger.warning("not archived", extra={"audit_id": record["audit_id"], "reason": str(error)})
            return False
        return True
