"""After the end: what a late look at RDS adds to an operation that ended before RDS was done."""

from __future__ import annotations

import json
from datetime import datetime

from rds_operations.aws.operation_store import OperationStore
from rds_operations.model import clock
from rds_operations.model.documents import Document, Item
from rds_operations.model.faults import AnotherRequest
from rds_operations.model.progress import Progress
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.records.audit_record import Recorder
from rds_operations.records.ended_execution import unrecorded_work
from rds_operations.records.operation_item import Unfinished, acting_since, request_of, verdict_of
from rds_operations.records.outcome import settled


def audit_late_watch(store: OperationStore, work: Document, now: datetime) -> Document:
    """From LATE_WATCH, whose input is believed where it is the request on record: others than Audit
    may have started it.

    Raises `AnotherRequest`.
    """
    request = OperationRequest.from_document(work["request"])
    item = store.item(request.operation_id)
    if item and not _is_of(item, work):
        raise AnotherRequest(
            f"Operation {request.operation_id} is on record for another request, or acted at another time"
        )
    return record_final_status(
        store, request.operation_id, Progress.from_document(work["progress"]), now, Recorder.LATE_WATCH
    )


def seen_by_watch(item: Item, detail: Document | None) -> Progress | None:
    """The end that a late watch saw and could not record: it keeps it in its cause. Believed as in `settle_watched`."""
    work = unrecorded_work(detail) if detail else None
    try:
        seen = Progress.from_document(work["progress"]) if work and _is_of(item, work) else None
    except (KeyError, TypeError, AttributeError):  # its input was none of Audit's
        return None
    return seen if seen and seen.finished else None


def _is_of(item: Item, work: Document) -> bool:
    request = OperationRequest.from_document(work["request"])
    return (request.fingerprint, work["since"]) == (item.get("fingerprint"), clock.to_text(acting_since(item)))


def settle_seen(store: OperationStore, item: Item, work: Document, now: datetime, by: Recorder) -> Document | None:
    """Settle an operation that was closed while its execution, driven again, has seen that RDS was done.

    None where the execution has not seen it, or what it saw may be a later operation's. Only a success is believed: it
    comes of a look. A failure may be of an Execute that came too late, and beside a fault the progress is an older one.
    """
    told = "progress" in work and "fault" not in work
    seen = Progress.from_document(work["progress"]) if told else None
    if not seen or not seen.success or not is_its_own(store, request_of(item)):
        return None
    return record_final_status(store, str(item["operation_id"]), seen, now, by)


def is_its_own(store: OperationStore, request: OperationRequest) -> bool:
    """Tell whether what a look has shown is what this order did, and not a later one of its kind.

    To be asked after the look: a claim comes before its act, so what a look shows is nobody's who claims later.
    """
    return OPERATIONS[request.operation].signs or store.was_last(request)


def record_final_status(
    store: OperationStore, operation_id: str, progress: Progress, now: datetime, by: Recorder
) -> Document:
    """The result document with its `final_status`, once on record; what was settled before stays as it is."""
    item = store.item(operation_id)
    if item is None:
        return {}  # 90 days old, and removed
    document: Document = json.loads(str(item["result"]))
    if item.get("unfinished") != Unfinished.WATCH.value:
        return document
    return _settle_item(store, item, document, progress, now, by)


def _settle_item(
    store: OperationStore, item: Item, document: Document, progress: Progress, now: datetime, by: Recorder
) -> Document:
    request = request_of(item)
    final = settled(document, request, progress, acting_since(item), now)
    record = final | {"success": progress.success}
    if store.record_final_status(request, verdict_of(item), final, record, now, by):
        return final
    first: Item = store.item(request.operation_id) or item
    on_record: Document = json.loads(str(first["result"]))
    return on_record
