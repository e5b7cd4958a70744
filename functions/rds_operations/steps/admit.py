"""Admit: once per Idempotency-Key, one at a time per instance, on record before it begins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from rds_operations.aws.operation_store import OperationStore
from rds_operations.model.documents import Document
from rds_operations.model.errors import AdmittedTooLate, TableBusy
from rds_operations.model.place import Place
from rds_operations.model.refusals import Code, Refusal, conflict, reply
from rds_operations.model.request import OperationRequest
from rds_operations.records.operation_item import ACCEPTED
from rds_operations.records.running_operation import in_progress
from rds_operations.records.state_document import StateDocument
from rds_operations.records.stored_operation import StoredOperation
from rds_operations.rules.classification import Verdict
from rds_operations.settings.callers import CallerSettings

LONGEST_WAIT = timedelta(seconds=2.5)
"""Together with the function's own time-out, this is less than the Task's."""


@dataclass(frozen=True)
class Candidate:
    """A request to admit. Without a `verdict`, Classify found it accepted before, and nothing is opened.

    `retried`: an attempt before this one may still write.
    """

    request: OperationRequest
    verdict: Verdict | None = None
    not_ready: Refusal | None = None
    retried: bool = False
    warnings: tuple[str, ...] = ()

    @classmethod
    def from_document(cls, work: Document, execution_prefix: str) -> Candidate:
        """Read the input of Admit: a `StateDocument` with `retries`."""
        request = OperationRequest.from_document(work["request"])
        return cls(
            replace(request, execution_arn=execution_prefix + request.operation_id),
            Verdict.from_document(work["verdict"]) if "verdict" in work else None,
            Refusal.from_document(work["not_ready"]) if "not_ready" in work else None,
            bool(work.get("retries")),
            tuple(work.get("warnings", ())),
        )


def admit_in_time(
    store: OperationStore, callers: CallerSettings, candidate: Candidate, entered_at: datetime, now: datetime
) -> StateDocument:
    """Return `reply`, and `start` unless OPERATION has begun already; or `refusal`.

    `entered_at` is when the state was entered. Raises `AdmittedTooLate`, `TableBusy` or `TableUnavailable`.
    """
    if candidate.request.dry_run:
        return dry_admission(store, callers, candidate, now)
    check_in_time(entered_at, now)
    admitted = admit(store, callers, candidate, now)
    if isinstance(admitted, StoredOperation):
        return acceptance(admitted, candidate.request, store.home)
    refused: StateDocument = {"refusal": admitted.to_document(), "reply": admitted.reply()}
    return {**refused, "retried": True} if candidate.retried else refused


def dry_admission(store: OperationStore, callers: CallerSettings, candidate: Candidate, now: datetime) -> StateDocument:
    """Return the reply of a dry run: what is in the way, or that nothing is. Reads only."""
    holder = store.lock_holder(candidate.request, now)
    running = in_progress(callers, candidate.request, store.operation(holder)) if holder else None
    if against := running or candidate.not_ready:
        return {"refusal": against.to_document(), "reply": against.reply()}
    if candidate.verdict is None:
        raise TableBusy("What the Idempotency-Key stood for has changed meanwhile; nothing was done. Try again.")
    return {"reply": dry_reply(candidate.verdict, candidate.warnings)}


def dry_repetition(earlier: StoredOperation) -> Document:
    """Return the reply of a dry run whose Idempotency-Key stands for an operation."""
    text = f"This Idempotency-Key stands for operation {earlier.operation_id}: nothing new would be done."
    return dry_reply(earlier.verdict, (text,))


def dry_reply(verdict: Verdict, warnings: tuple[str, ...]) -> Document:
    """Return the 200 of a dry run, which has no operation."""
    decided = {"environment": verdict.environment.value, "environment_source": verdict.source}
    return reply(200, {"accepted": True, **decided, "warnings": list(warnings)})


def check_in_time(entered_at: datetime, now: datetime) -> None:
    """Raise `AdmittedTooLate` once the Task may have given up: nobody would start or close what is opened then."""
    waited = now - entered_at
    if waited > LONGEST_WAIT:
        raise AdmittedTooLate(f"Admit started {waited.total_seconds():.1f} s late, so nothing was done. Try again.")


def admit(
    store: OperationStore, callers: CallerSettings, candidate: Candidate, now: datetime
) -> StoredOperation | Refusal:
    """Return the operation, new or as this very request opened it before; or what is in the way.

    What nothing is in the way of is opened at once: the write has all conditions that the reads would ask for. After
    it a repeated request comes first: it gets its own operation back, though that operation is what is in the way.
    Raises `TableBusy` where others were faster twice.
    """
    verdict = None if candidate.not_ready else candidate.verdict
    if verdict and (opened := store.open(candidate.request, verdict, now)):
        return opened
    for _attempt in range(2):
        if admitted := _admitted(store, callers, candidate, now):
            return admitted
    if store.is_refused(candidate.request.operation_id):
        return _stays_refused(candidate.request)
    raise TableBusy(f"Other requests for {candidate.request.instance_id} were faster; nothing was done. Try again.")


def accepted_by_key(store: OperationStore, request: OperationRequest) -> StoredOperation | Refusal | None:
    """Return the operation that the request's Idempotency-Key stands for; a refusal where it was another request's.

    None without a key, and where the key stands for nothing yet, or for nothing any more.
    """
    stored = _stored_by_key(store, request)
    return _own_or_taken(request, stored) if stored and _has_its_key(store, request, stored) else None


def accepted_under_its_name(store: OperationStore, request: OperationRequest) -> StoredOperation | Refusal | None:
    """Return the operation that has the request's own id; a refusal where that is another's."""
    stored = store.operation(request.operation_id)
    return _own_or_taken(request, stored) if stored else None


def acceptance(stored: StoredOperation, request: OperationRequest, home: Place) -> StateDocument:
    """Return `reply`, and `start` (the name and input of OPERATION) unless that has begun already."""
    repeated = stored.request.request_id != request.request_id
    accepted: StateDocument = {"reply": accepted_reply(stored, home, repeated=repeated)}
    if stored.has_started:
        return accepted
    return {**accepted, "start": {"name": stored.operation_id, "input": stored.request.body}}


def accepted_reply(stored: StoredOperation, home: Place, *, repeated: bool = False) -> Document:
    """Return the 202. A repetition is told that it is one, and how the operation stands now."""
    body: dict[str, Any] = {
        "operation": stored.request.operation,
        "instance_id": stored.request.instance_id,
        "operation_id": stored.operation_id,
        "execution_arn": stored.request.execution_arn,
        "environment": stored.verdict.environment.value,
        **stored.location_fields(home),
    }
    body |= {"status": stored.status, "repeated": True} if repeated else {"status": ACCEPTED}
    return reply(202, body, stored.operation_id)


def _admitted(
    store: OperationStore, callers: CallerSettings, candidate: Candidate, now: datetime
) -> StoredOperation | Refusal | None:
    """None where something has changed since it was read: read again."""
    request = candidate.request
    # The lock is read first: a twin of this request takes lock and key at once, so it shows in the key then.
    holder = store.lock_holder(request, now)
    if before := _stored_by_key(store, request):
        return _repeated(store, request, before, now)
    if known := accepted_under_its_name(store, request):
        return known
    if candidate.verdict is None:
        return None
    if holder:
        return in_progress(callers, request, store.operation(holder))
    if candidate.not_ready:
        return candidate.not_ready
    return store.open(request, candidate.verdict, now)


def _repeated(
    store: OperationStore, request: OperationRequest, before: StoredOperation, now: datetime
) -> StoredOperation | Refusal | None:
    """Answer a request whose key stands for an operation. None where that has changed since it was read.

    What has not begun is marked as handed over first: the request that opened it must not close it any more.
    """
    answer = _own_or_taken(request, before)
    if before.has_started:
        return answer if _has_its_key(store, request, before) else None
    if isinstance(answer, Refusal) or before.request.request_id == request.request_id:
        return answer
    return answer if store.hand_over(before.request, now) else None


def _stored_by_key(store: OperationStore, request: OperationRequest) -> StoredOperation | None:
    owner = store.owner_of_key(request.idempotency_key)
    return store.operation(owner) if owner else None


def _has_its_key(store: OperationStore, request: OperationRequest, stored: StoredOperation) -> bool:
    """Tell whether the key, read again, still stands for it. What ends without acting may free its key."""
    return not stored.ended_without_acting or store.owner_of_key(request.idempotency_key) == stored.operation_id


def _stays_refused(request: OperationRequest) -> Refusal:
    text = f"Operation {request.operation_id} was refused before, and its name cannot be used again. "
    return conflict(text + "Send the request under a new name.", Code.IDEMPOTENCY_KEY_REUSED)


def _own_or_taken(request: OperationRequest, stored: StoredOperation) -> StoredOperation | Refusal:
    """Return it where the request asks for the same. The request may leave open where the instance is."""
    placed = replace(
        request,
        account_id=request.account_id or stored.request.account_id,
        region=request.region or stored.request.region,
    )
    if stored.fingerprint == placed.fingerprint:
        return stored
    used = "Idempotency-Key" if request.idempotency_key else "execution name"
    return conflict(
        f"This {used} was used for another request, operation {stored.operation_id}. Use a new one for a new request.",
        Code.IDEMPOTENCY_KEY_REUSED,
    )
