"""An operation as callers read it: the specification's document, with what a person asks next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.model.place import Place
from rds_operations.records.stored_operation import StoredOperation
from rds_operations.settings.deployment import Polling

_SOON = 2
"""Seconds between two reads of an operation that may be over at any moment."""
_MAY_END_AT_ONCE = timedelta(seconds=5)
"""After acting: a new backup window mostly shows at once, and is never polled."""


def operation_document(stored: StoredOperation, home: Place, polling: Polling) -> Document:
    """Make the document of an operation, running or over. Times are ISO 8601 in UTC; null where they are still to come.

    `times_out_at` while it runs is the earliest that it can time out. `watched_until` is there while the late watch
    polls on, `percent` where RDS gives one.
    """
    own: Document = stored.result if stored.ended_at else _running(stored)
    return {
        **own,
        "requested_at": stored.request.requested_at or None,
        "started_at": stored.started_at,
        "ended_at": stored.ended_at or None,
        "requested_by": stored.request.caller.get("userId", ""),
        "parameters": stored.request.parameters,
        "finished": bool(stored.ended_at),
        "polls": stored.polls,
        "max_polls": polling.most,
        "steps": _steps(stored),
        **_ahead(stored, polling),
        **stored.location_fields(home),
    }


def seconds_to_next_read(stored: StoredOperation, polling: Polling, now: datetime) -> int:
    """Say when reading a running operation again can show something new."""
    if not stored.acting_at or now - stored.acting_since < _MAY_END_AT_ONCE:
        return _SOON
    last = clock.from_text(stored.polled_at or stored.acting_at)
    left = (last + polling.interval - now).total_seconds()
    return round(min(max(left + 1, _SOON), polling.interval.total_seconds()))


def _running(stored: StoredOperation) -> Document:
    percent = {"percent": stored.percent} if stored.percent >= 0 else {}
    return {
        "operation": stored.request.operation,
        "instance_id": stored.request.instance_id,
        "operation_id": stored.operation_id,
        "execution_arn": stored.request.execution_arn,
        "status": stored.status,
        "environment": stored.verdict.environment.value,
        **percent,
    }


def _steps(stored: StoredOperation) -> list[Document]:
    """List the states that it has left, as far as its item knows; of the polls the last."""
    moments = {
        "Admit": stored.started_at,
        "Execute": stored.acting_at,
        "Poll": stored.polled_at,
        "Audit": stored.ended_at,
    }
    return [{"state": state, "at": moment} for state, moment in moments.items() if moment]


def _ahead(stored: StoredOperation, polling: Polling) -> Document:
    if stored.is_watched:
        return {"watched_until": clock.to_text(datetime.fromtimestamp(stored.due_at, tz=UTC))}
    if stored.acting_at and not stored.ended_at:
        return {"times_out_at": clock.to_text(stored.acting_since + polling.interval * polling.most)}
    return {}
