"""Audit: after the end, what RDS shows later of an operation that ended before RDS was done."""

from __future__ import annotations

from datetime import datetime

from rds_operations.aws.operation_store import OperationStore
from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.model.errors import RecordMismatch
from rds_operations.model.progress import Progress
from rds_operations.model.request import OperationRequest
from rds_operations.records.audit_record import Recorder
from rds_operations.records.ended_execution import unrecorded_work
from rds_operations.records.outcome import with_final_status
from rds_operations.records.state_document import StateDocument, progress_in
from rds_operations.records.stored_operation import StoredOperation
from rds_operations.steps.poll import is_its_own


def audit_late_watch(store: OperationStore, work: StateDocument, now: datetime) -> Document:
    """Record the `final_status` that LATE_WATCH saw, and return the completed result document.

    Others than Audit may have started it, so its input must fit the record. Raises `RecordMismatch`.
    """
    request = OperationRequest.from_document(work["request"])
    stored = store.operation(request.operation_id)
    if stored and not _is_of(stored, work):
        text = f"Operation {request.operation_id} is on record for another request, or acted at another time"
        raise RecordMismatch(text)
    return record_final_status(
        store, request.operation_id, Progress.from_document(work["progress"]), now, Recorder.LATE_WATCH
    )


def seen_by_watch(stored: StoredOperation, execution: Document | None) -> Progress | None:
    """Return the end that a late watch saw and could not record: its cause keeps it. Believed as by `audit_late_watch`.

    `execution` as `Executions.detail` describes it.
    """
    work = unrecorded_work(execution) if execution else None
    try:
        seen = Progress.from_document(work["progress"]) if work and _is_of(stored, work) else None
    except (KeyError, TypeError, AttributeError):  # its input was none of Audit's
        return None
    return seen if seen and seen.finished else None


def record_seen_end(
    store: OperationStore, stored: StoredOperation, work: StateDocument, now: datetime, by: Recorder
) -> Document | None:
    """Record the `final_status` of an operation that was closed while its execution, driven again, saw RDS done.

    None where the execution did not see it, or what it saw may be a later operation's. Only a success is believed: it
    comes from a read. A failure may be of an Execute that came too late, and the progress beside an error is older.
    """
    seen = None if "error" in work else progress_in(work)
    if not seen or not seen.success or not is_its_own(store, stored.request):
        return None
    return record_final_status(store, stored.operation_id, seen, now, by)


def record_final_status(
    store: OperationStore, operation_id: str, progress: Progress, now: datetime, by: Recorder
) -> Document:
    """Record the `final_status`, once, and return the result document with it. A recorded one stays as it is."""
    stored = store.operation(operation_id)
    if stored is None:
        return {}  # 90 days old, and removed
    if not stored.is_watched:
        return stored.result
    final = with_final_status(stored.result, stored.request, progress, stored.acting_since, now)
    record = final | {"success": progress.success}
    if store.record_final_status(stored.request, stored.verdict, final, record, now, by):
        return final
    first = store.operation(operation_id) or stored
    return first.result


def _is_of(stored: StoredOperation, work: StateDocument) -> bool:
    request = OperationRequest.from_document(work["request"])
    return (request.fingerprint, work["since"]) == (stored.fingerprint, clock.to_text(stored.acting_since))
