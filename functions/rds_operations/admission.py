"""Admit: once per Idempotency-Key, one at a time per instance, on record before it begins."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from rds_operations.classification import Verdict
from rds_operations.faults import TableBusy, TooLate
from rds_operations.items import ACCEPTED, elsewhere
from rds_operations.ledger import Ledger
from rds_operations.order import Order
from rds_operations.place import Place
from rds_operations.refusals import Code, Refusal, conflict, reply
from rds_operations.tables import Item

LONGEST_WAIT = timedelta(seconds=2.5)
"""With the function's own time-out, less than the Task's."""


def check_in_time(entered_at: datetime, now: datetime) -> None:
    """Raises `TooLate`: an order must not be opened after its Task has given up, for nobody would start or close it.

    `entered_at` is when the state was entered; from then on the function may have waited to be run.
    """
    waited = now - entered_at
    if waited > LONGEST_WAIT:
        raise TooLate(f"Admit was run {waited.total_seconds():.1f} s after its turn; nothing was done. Try again.")


def admit(
    ledger: Ledger, order: Order, verdict: Verdict, now: datetime, obstacle: Refusal | None = None
) -> Item | Refusal:
    """The operation's item, new or the one that this very request made before; or what is in the way.

    A repeated request comes first: it gets its own operation back, though that operation is what is in the way.
    Raises `TableBusy` where others were faster twice.
    """
    for _attempt in range(2):
        # The lock is read first: a twin of this request takes lock and key at once, so it shows in the key then.
        holder = ledger.lock_holder(order, now)
        before = _accepted_before(ledger, order)
        if before:
            return before
        if holder:
            return conflict(
                f"Operation {holder} is running on {order.instance_id}. Try again when it is over.",
                Code.OPERATION_IN_PROGRESS,
            )
        if obstacle:
            return obstacle
        if ledger.open(order, verdict, now) and (item := ledger.item(order.operation_id)):
            return item
    raise TableBusy(f"Other requests for {order.instance_id} were faster; nothing was done. Try again.")


def begun(item: Item) -> bool:
    """Whether OPERATION has taken it over, so that starting it again is not needed."""
    return "acting_at" in item or "ended_at" in item


def accepted_reply(item: Item, home: Place) -> dict[str, Any]:
    """202, the same for every repetition of the request."""
    body = {name: item[name] for name in ("operation", "instance_id", "operation_id", "execution_arn", "environment")}
    body |= elsewhere(item, home)
    return reply(202, {**body, "status": ACCEPTED}, location=f"/operations/{item['operation_id']}")


def _accepted_before(ledger: Ledger, order: Order) -> Item | Refusal | None:
    owner = ledger.owner_of_key(order.idempotency_key)
    item = ledger.item(owner or order.operation_id)
    if item is None or item["fingerprint"] == order.fingerprint:
        return item
    used = "Idempotency-Key" if order.idempotency_key else "execution name"
    return conflict(
        f"This {used} was used for another request, operation {item['operation_id']}. "
        "Send a new one with a new request.",
        Code.IDEMPOTENCY_KEY_REUSED,
    )
