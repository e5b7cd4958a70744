"""Execute: act at most once, and only on what is on record."""

from __future__ import annotations

from datetime import datetime

from rds_operations import clock
from rds_operations.admission import admit
from rds_operations.classification import Verdict
from rds_operations.faults import Fault, RdsRefused, RdsThrottled, RecordNotWritten
from rds_operations.ledger import Ledger
from rds_operations.operations import OPERATIONS
from rds_operations.order import Order
from rds_operations.progress import Progress, failed
from rds_operations.rds import Rds
from rds_operations.refusals import Refusal
from rds_operations.tables import Item


def execute(
    rds: Rds, ledger: Ledger, order: Order, verdict: Verdict, now: datetime
) -> tuple[Progress, datetime] | Refusal:
    """The progress after acting, and since when it acts. Raises `RdsThrottled` where a repetition is safe."""
    item = admit(ledger, order, verdict, now)
    if isinstance(item, Refusal):
        return item
    if ledger.claim(order, OPERATIONS[order.operation].working_status, now):
        return _act(rds, ledger, order, now), now
    return _go_on(rds, ledger, order, now)


def _act(rds: Rds, ledger: Ledger, order: Order, now: datetime) -> Progress:
    try:
        return OPERATIONS[order.operation].start(rds, order)
    except RdsThrottled as throttled:
        try:
            ledger.give_back(order, now)
        except RecordNotWritten:  # a repetition would find the claim, and not know that nothing had been done
            return failed(f"{throttled}; nothing was done")
        raise
    except RdsRefused as refused:
        return failed(str(refused))


def _go_on(rds: Rds, ledger: Ledger, order: Order, now: datetime) -> tuple[Progress, datetime]:
    """The claim was refused: an earlier attempt of this execution acted, or the order is over."""
    item: Item = ledger.item(order.operation_id) or {}
    if "ended_at" in item or "acting_at" not in item:
        return failed(f"Operation {order.operation_id} is closed or has lost its lock; nothing was done"), now
    since = clock.from_text(str(item["acting_at"]))
    operation = OPERATIONS[order.operation]
    try:
        return operation.resume(rds, order, since), since
    except RdsThrottled:
        raise  # a repetition is safe, and may have to begin what the first attempt did not
    except Fault:
        return Progress(operation.working_status), since  # a look that failed ends nothing: the polls go on looking
