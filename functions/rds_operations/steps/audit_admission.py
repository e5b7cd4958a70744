"""Audit: what never became an operation. ADMISSION refused or broke, or OPERATION was started directly and refused."""

from __future__ import annotations

from datetime import datetime

from rds_operations.aws.operation_store import OperationStore
from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.model.refusals import Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.records.audit_record import Recorder
from rds_operations.records.error_replies import MAY_HAVE_BEGUN, answer_to, as_recorded, error_answer
from rds_operations.records.outcome import outcome_of
from rds_operations.records.refused_admission import RefusedAdmission
from rds_operations.records.state_document import StateDocument, verdict_in
from rds_operations.records.stored_operation import StoredOperation
from rds_operations.rules.identity import principal_of
from rds_operations.rules.validation import idempotency_digest
from rds_operations.steps.admit import accepted_reply


def audit_admission(
    store: OperationStore, refused: RefusedAdmission, now: datetime, by: Recorder = Recorder.ADMISSION
) -> Document:
    """Record why ADMISSION refused or broke, and return the HTTP response.

    Where an attempt of Admit may have opened the operation, that is closed instead, unless it is to begin all the same.
    """
    request = refused.request
    answer = _answer(store, refused, request)
    if request.dry_run or ("error" not in refused.work and "retried" not in refused.work):
        record_refusal(store, refused.work, request, answer, by)
        return answer.reply()
    opened = _opened_or_barred(store, refused.work, request, answer, by)
    return _close_unbegun(store, refused.work, opened, now, by) if opened else answer.reply()


def refuse_start(
    store: OperationStore, work: StateDocument, request: OperationRequest, by: Recorder, *, for_good: bool
) -> bool:
    """Record that OPERATION was started directly and refused. Return False where it was recorded before.

    `for_good`: see `OperationStore.record_refusal`.
    """
    return record_refusal(store, work, request, answer_to(work, request.operation_id), by, for_good=for_good)


def record_refusal(
    store: OperationStore,
    work: StateDocument,
    request: OperationRequest,
    answer: Refusal,
    by: Recorder,
    *,
    for_good: bool = False,
) -> bool:
    moment = clock.from_text(request.requested_at)
    return store.record_refusal(request, as_recorded(answer, work), moment, verdict_in(work), by, for_good=for_good)


def _answer(store: OperationStore, refused: RefusedAdmission, request: OperationRequest) -> Refusal:
    if "error" in refused.work and not request.dry_run and _repeats(store, refused.envelope, request):
        return MAY_HAVE_BEGUN
    return answer_to(refused.work, request.operation_id)


def _repeats(store: OperationStore, envelope: Document, request: OperationRequest) -> bool:
    """Tell whether the request's key stands for an operation that has begun or may still begin.

    "Nothing was done" would then be taken for that operation. The key is asked for also where Validate broke.
    """
    key = idempotency_digest(envelope.get("idempotency_key"), principal_of(request.caller))
    owner = "" if isinstance(key, Refusal) else store.owner_of_key(key)
    before = store.operation(owner) if owner else None
    if before is None or before.request.request_id == request.request_id:
        return False
    return not before.ended_without_acting


def _opened_or_barred(
    store: OperationStore, work: StateDocument, request: OperationRequest, answer: Refusal, by: Recorder
) -> StoredOperation | None:
    """Return what an attempt of Admit has opened. Where there is nothing, one that lands late opens nothing either."""
    opened = _own_operation(store, request)
    if opened or record_refusal(store, work, request, answer, by, for_good=True):
        return opened
    return _own_operation(store, request)  # opened meanwhile; if not, it was recorded before


def _own_operation(store: OperationStore, request: OperationRequest) -> StoredOperation | None:
    """Return the operation that Admit opened for this very request, before ADMISSION broke."""
    stored = store.operation(request.operation_id) if request.instance_id else None
    return stored if stored and request.request_id and stored.request.request_id == request.request_id else None


def _close_unbegun(
    store: OperationStore, work: StateDocument, opened: StoredOperation, now: datetime, by: Recorder
) -> Document:
    """Close the operation, unless OPERATION was started all the same, or a repetition is about to start it.

    What has acted was accepted, whether it is over or not. What is over and has not acted never will: nothing was done.
    """
    now = max(now, opened.acting_since)  # opened after the clock was read: no end before its beginning
    outcome = outcome_of(work, opened.request, opened.verdict.environment.value, now, now)
    # The key is freed, since a repetition must not be answered with an operation that never was.
    closed = store.close(opened.request, opened.verdict, outcome, now, by, acted_at="", handed_over_at="")
    current = opened if closed else store.operation(opened.operation_id) or opened
    if closed or current.ended_without_acting:
        return _answer_of_nothing_done(work, opened.operation_id).reply()
    if current.handed_over_at and not current.acting_at:
        return MAY_HAVE_BEGUN.reply()
    return accepted_reply(opened, store.home)


def _answer_of_nothing_done(work: StateDocument, operation_id: str) -> Refusal:
    return error_answer(work["error"], operation_id) if "error" in work else answer_to(work, operation_id)
