"""Audit: what never became an operation. ADMISSION said no or broke, or OPERATION was started by hand and refused."""

from __future__ import annotations

from datetime import datetime

from rds_operations.aws.operation_store import OperationStore
from rds_operations.model import clock
from rds_operations.model.documents import Document, Item
from rds_operations.model.refusals import Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.records.audit_record import Recorder
from rds_operations.records.error_replies import MAY_HAVE_BEGUN, answer_to, as_recorded, fault_answer
from rds_operations.records.operation_item import acting_since, request_of, verdict_of
from rds_operations.records.outcome import outcome_of
from rds_operations.rules.classification import UNCLASSIFIED, Verdict
from rds_operations.rules.identity import principal_of
from rds_operations.rules.request_stub import api_stub
from rds_operations.rules.validation import idempotency_digest
from rds_operations.steps.admit import accepted_reply


def refuse(
    store: OperationStore,
    work: Document,
    envelope: Document,
    execution: Document,
    now: datetime,
    by: Recorder = Recorder.ADMISSION,
) -> Document:
    """ADMISSION said no, or broke: the record, and the answer to give."""
    request = request_in(work) or api_stub(envelope, execution)
    answer = _answer(store, work, request, envelope)
    item = None
    if "fault" in work or "retried" in work:
        item = _opened_or_barred(store, work, request, answer, by)
    else:
        _record(store, work, request, answer, by)
    return _close_unbegun(store, work, item, now, by) if item else answer.reply()


def refuse_start(
    store: OperationStore, work: Document, request: OperationRequest, by: Recorder, *, for_good: bool
) -> bool:
    """OPERATION was started without ADMISSION, and did not get as far as being accepted: see `record_refusal`."""
    return _record(store, work, request, answer_to(work, request.operation_id), by, for_good=for_good)


def request_in(work: Document) -> OperationRequest | None:
    """Validate's request; None where Validate itself broke."""
    return OperationRequest.from_document(work["request"]) if "request" in work else None


def verdict_in(work: Document) -> Verdict:
    return Verdict.from_document(work["verdict"]) if "verdict" in work else UNCLASSIFIED


def _opened_or_barred(
    store: OperationStore, work: Document, request: OperationRequest, answer: Refusal, by: Recorder
) -> Item | None:
    """The request that an attempt of Admit has opened. Where there is none, one that lands late opens none either."""
    item = _own_item(store, request)
    if item or _record(store, work, request, answer, by, for_good=True):
        return item
    return _own_item(store, request)  # opened meanwhile; if not, it was recorded before


def _answer(store: OperationStore, work: Document, request: OperationRequest, envelope: Document) -> Refusal:
    if "fault" in work and _repeats(store, request, envelope):
        return MAY_HAVE_BEGUN
    return answer_to(work, request.operation_id)


def _own_item(store: OperationStore, request: OperationRequest) -> Item | None:
    """The item that Admit has opened for this very request, before ADMISSION broke."""
    item = store.item(request.operation_id) if request.instance_id else None
    return item if item and request.request_id and item["request_id"] == request.request_id else None


def _repeats(store: OperationStore, request: OperationRequest, envelope: Document) -> bool:
    """Whether the request's key stands for an operation that has begun or may still begin, also where nobody has
    read the request: "nothing was done" would then be taken for that operation.
    """
    key = idempotency_digest(envelope.get("idempotency_key"), principal_of(request.caller))
    owner = "" if isinstance(key, Refusal) else store.owner_of_key(key)
    before = store.item(owner) if owner else None
    if before is None or before["request_id"] == request.request_id:
        return False
    return "acting_at" in before or "ended_at" not in before


def _close_unbegun(store: OperationStore, work: Document, item: Item, now: datetime, by: Recorder) -> Document:
    """Close the request, unless OPERATION was started all the same, or a repetition is about to start it.

    What has acted was accepted, whether it is over or not. What is over and has not acted never will: nothing was done.
    """
    now = max(now, acting_since(item))  # opened after this look at the clock: no end before its beginning
    request, verdict = request_of(item), verdict_of(item)
    outcome = outcome_of(work, request, verdict.environment.value, now, now)
    # The key is freed, since a repetition must not be answered with an operation that never was.
    closed = store.close(request, verdict, outcome, now, by, acted_at="", handed_over_at="")
    current = item if closed else store.item(request.operation_id) or item
    if closed or ("ended_at" in current and "acting_at" not in current):
        no = (
            fault_answer(work["fault"], request.operation_id)
            if "fault" in work
            else answer_to(work, request.operation_id)
        )
        return no.reply()
    if "acting_at" not in current and "handed_over_at" in current:
        return MAY_HAVE_BEGUN.reply()
    return accepted_reply(item, store.home)


def _record(
    store: OperationStore,
    work: Document,
    request: OperationRequest,
    answer: Refusal,
    by: Recorder,
    *,
    for_good: bool = False,
) -> bool:
    moment = clock.from_text(request.requested_at)
    return store.record_refusal(request, as_recorded(answer, work), moment, verdict_in(work), by, for_good=for_good)
