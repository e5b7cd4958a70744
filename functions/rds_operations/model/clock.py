"""Times as the records carry them: ISO 8601 in UTC with milliseconds and Z."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

RETENTION = timedelta(days=90)


def now() -> datetime:
    return datetime.now(UTC)


def to_text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def from_text(text: str) -> datetime:
    return datetime.fromisoformat(text)


def from_start(start: str | int | float) -> datetime:
    """Read an execution's start: ISO text in the context object, epoch milliseconds in an EventBridge event."""
    return from_text(start) if isinstance(start, str) else datetime.fromtimestamp(start / 1000, tz=UTC)


def to_epoch(moment: datetime) -> int:
    """Return epoch seconds, as DynamoDB's TTL takes them."""
    return int(moment.timestamp())


def expiry(moment: datetime) -> int:
    """Return when an item of this moment may be removed: 90 days later, in epoch seconds."""
    return to_epoch(moment + RETENTION)
