"""Admit: once per Idempotency-Key, one at a time per instance, on record before it begins."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from rds_operations.aws.operation_store import OperationStore
from rds_operations.model.documents import Item
from rds_operations.model.faults import TableBusy, TooLate
from rds_operations.model.place import Place
from rds_operations.model.refusals import Code, Refusal, conflict, reply
from rds_operations.model.request import OperationRequest
from rds_operations.records.operation_item import ACCEPTED, location_fields, request_of
from rds_operations.rules.classification import Verdict

LONGEST_WAIT = timedelta(seconds=2.5)
"""With the function's own time-out, less than the Task's."""


def check_in_time(entered_at: datetime, now: datetime) -> None:
    """Raises `TooLate`: a request must not be opened after its Task has given up, for nobody would start or close it.

    `entered_at` is when the state was entered; from then on the function may have waited to be run.
    """
    waited = now - entered_at
    if waited > LONGEST_WAIT:
        raise TooLate(f"Admit was run {waited.total_seconds():.1f} s after its turn; nothing was done. Try again.")


def admit(
    store: OperationStore,
    request: OperationRequest,
    verdict: Verdict | None,
    now: datetime,
    obstacle: Refusal | None = None,
) -> Item | Refusal:
    """The operation's item, new or the one that this very request made before; or what is in the way.

    A repeated request comes first: it gets its own operation back, though that operation is what is in the way.
    Without a `verdict` nothing is opened. Raises `TableBusy` where others were faster twice.
    """
    for _attempt in range(2):
        if answer := _admitted(store, request, verdict, now, obstacle):
            return answer
    if store.is_refused(request.operation_id):
        return _stays_refused(request)
    raise TableBusy(f"Other requests for {request.instance_id} were faster; nothing was done. Try again.")


def accepted_by_key(store: OperationStore, request: OperationRequest) -> Item | Refusal | None:
    """The operation that the request's Idempotency-Key stands for; a refusal where it was another request's.

    None without a key, and where the key stands for nothing yet, or for nothing any more.
    """
    item = _item_by_key(store, request)
    return _own_or_taken(request, item) if item and _has_its_key(store, request, item) else None


def accepted_under_its_name(store: OperationStore, request: OperationRequest) -> Item | Refusal | None:
    """The operation that has the request's own id; a refusal where that is another's."""
    item = store.item(request.operation_id)
    return _own_or_taken(request, item) if item else None


def acceptance(item: Item, request: OperationRequest, home: Place) -> dict[str, Any]:
    """`reply`, and `start` (the name and input of OPERATION) unless that has begun already."""
    accepted = request_of(item)
    start = {} if has_started(item) else {"start": {"name": accepted.operation_id, "input": accepted.body}}
    return {"reply": accepted_reply(item, home, repeated=item["request_id"] != request.request_id), **start}


def accepted_reply(item: Item, home: Place, *, repeated: bool = False) -> dict[str, Any]:
    """202. A repetition of the request is told so, and how the operation stands now."""
    names = ("operation", "instance_id", "operation_id", "execution_arn", "environment")
    body = {name: item[name] for name in names} | location_fields(item, home)
    body |= {"status": item["status"], "repeated": True} if repeated else {"status": ACCEPTED}
    return reply(202, body, location=f"/operations/{item['operation_id']}")


def has_started(item: Item) -> bool:
    """Whether OPERATION has taken it over, or it is over: then there is nothing to start."""
    return "acting_at" in item or "ended_at" in item


def _admitted(
    store: OperationStore, request: OperationRequest, verdict: Verdict | None, now: datetime, obstacle: Refusal | None
) -> Item | Refusal | None:
    """None where something has changed since it was read: look again."""
    # The lock is read first: a twin of this request takes lock and key at once, so it shows in the key then.
    holder = store.lock_holder(request, now)
    if before := _item_by_key(store, request):
        return _repeated(store, request, before, now)
    if known := accepted_under_its_name(store, request):
        return known
    if verdict is None:
        return None
    if holder:
        return conflict(
            f"Operation {holder} is running on {request.instance_id}. Try again when it is over.",
            Code.OPERATION_IN_PROGRESS,
        )
    if obstacle:
        return obstacle
    return store.item(request.operation_id) if store.open(request, verdict, now) else None


def _repeated(store: OperationStore, request: OperationRequest, before: Item, now: datetime) -> Item | Refusal | None:
    """Answer a request whose key stands for an operation. What has not begun is marked as handed over first: the
    request that has opened it must not close it any more. None where it has changed since it was read.
    """
    answer = _own_or_taken(request, before)
    if has_started(before):
        return answer if _has_its_key(store, request, before) else None
    if isinstance(answer, Refusal) or before["request_id"] == request.request_id:
        return answer
    return answer if store.hand_over(request_of(before), now) else None


def _item_by_key(store: OperationStore, request: OperationRequest) -> Item | None:
    owner = store.owner_of_key(request.idempotency_key)
    return store.item(owner) if owner else None


def _has_its_key(store: OperationStore, request: OperationRequest, item: Item) -> bool:
    """Whether the key still stands for the item, which was read after it. What ends without acting may free its key."""
    ended_without_acting = "ended_at" in item and "acting_at" not in item
    return not ended_without_acting or store.owner_of_key(request.idempotency_key) == item["operation_id"]


def _stays_refused(request: OperationRequest) -> Refusal:
    text = f"Operation {request.operation_id} was refused before, and stays so. Send a new request, under a new name."
    return conflict(text, Code.IDEMPOTENCY_KEY_REUSED)


def _own_or_taken(request: OperationRequest, item: Item) -> Item | Refusal:
    """The item, where the request asks for the same. The request may leave open where the instance is."""
    account_id, region = str(item.get("account_id", "")), str(item.get("region", ""))
    placed = replace(request, account_id=request.account_id or account_id, region=request.region or region)
    if item["fingerprint"] == placed.fingerprint:
        return item
    used = "Idempotency-Key" if request.idempotency_key else "execution name"
    return conflict(
        f"This {used} was used for another request, operation {item['operation_id']}. "
        "Send a new one with a new request.",
        Code.IDEMPOTENCY_KEY_REUSED,
    )
