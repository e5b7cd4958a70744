"""Execute: act at most once, only on what is on record, and only where nothing is against it now."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rds_operations import clock
from rds_operations.access import Access
from rds_operations.admissibility import not_found
from rds_operations.admission import accepted_under_its_name, admit
from rds_operations.callers import CallerSettings
from rds_operations.classification import UNCLASSIFIED, Verdict
from rds_operations.faults import (
    AccountRefused,
    Fault,
    RdsNotReached,
    RdsRefused,
    RdsThrottled,
    RdsUnavailable,
    RecordNotWritten,
    TableBusy,
)
from rds_operations.gate_settings import GateSettings
from rds_operations.inspection import inspect
from rds_operations.items import order_of
from rds_operations.judgement import Judgement, judge
from rds_operations.ledger import Ledger
from rds_operations.operations import OPERATIONS
from rds_operations.order import Order
from rds_operations.progress import Progress, failed
from rds_operations.rds import Rds
from rds_operations.refusals import Refusal
from rds_operations.tables import Item


@dataclass(frozen=True)
class Executed:
    """`since` is when it acted. With a `refusal`, and the `verdict` that refused where it is a new one, nothing was
    done.
    """

    progress: Progress
    since: datetime
    refusal: Refusal | None = None
    verdict: Verdict | None = None

    def to_document(self) -> dict[str, Any]:
        document: dict[str, Any] = {"progress": self.progress.to_document()}
        if not self.refusal:
            return document | {"since": clock.to_text(self.since)}
        verdict = {"verdict": self.verdict.to_document()} if self.verdict else {}
        return document | {"refusal": self.refusal.to_document(), **verdict}


@dataclass(frozen=True)
class Executor:
    access: Access
    ledger: Ledger
    gate: GateSettings
    callers: CallerSettings

    def execute(self, order: Order, now: datetime) -> Executed:
        """Raises `RdsThrottled` or `RdsNotReached` where a repetition is safe.

        The session, which can do this one thing, is made first; then comes the claim, then a last look, which decides
        everything anew. Between that look and the call to RDS stands nothing else.
        """
        item = self._on_record(order, now)
        if isinstance(item, Executed):
            return item
        order = order_of(item)  # with its caller: the order on record decides, not the event
        try:
            rds = self.access.acting(order)
        except AccountRefused as refused:
            return _working(order, item) if "acting_at" in item else Executed(failed(str(refused)), now)
        if self.ledger.claim(order, OPERATIONS[order.operation].working_status, now):
            return self._act(rds, order, now)
        return self._go_on(rds, order, now)

    def _on_record(self, order: Order, now: datetime) -> Item | Executed:
        """The operation's item. One that ADMISSION has not opened is opened here, after a look of its own."""
        known = accepted_under_its_name(self.ledger, order)
        if known:
            return _refused(known, now) if isinstance(known, Refusal) else known
        try:
            judgement = self._look(order)
        except (AccountRefused, RdsRefused) as refused:
            return Executed(failed(str(refused)), now)
        if judgement.against:
            return _refused(judgement.against, now, judgement.verdict)
        item = admit(self.ledger, order, judgement.verdict, now)
        return _refused(item, now) if isinstance(item, Refusal) else item

    def _act(self, rds: Rds, order: Order, now: datetime) -> Executed:
        """A definite no gives the claim back: a repetition must hear it again, not take it for what may have acted."""
        try:
            judgement = self._look(order)
            if judgement.against:
                return self._undone(order, _refused(judgement.against, now, judgement.verdict), now)
            return Executed(OPERATIONS[order.operation].start(rds, order), now)
        except RdsThrottled as throttled:
            try:
                self.ledger.give_back(order, now)
            except RecordNotWritten:  # a repetition would find the claim, and not know that nothing had been done
                return Executed(failed(f"{throttled}; nothing was done"), now)
            raise
        except (AccountRefused, RdsRefused) as refused:
            return self._undone(order, Executed(failed(str(refused)), now), now)

    def _undone(self, order: Order, executed: Executed, now: datetime) -> Executed:
        """The end that it is, whether or not the claim can be given back."""
        with suppress(RecordNotWritten):
            self.ledger.give_back(order, now)
        return executed

    def _go_on(self, rds: Rds, order: Order, now: datetime) -> Executed:
        """The claim was refused: an earlier attempt of this execution acted, or the order is over.

        That attempt may still run, where only its answer was lost. So the claim is kept first: if RDS throttles the
        earlier one, it must not undo what this one may do.
        """
        item: Item = self.ledger.item(order.operation_id) or {}
        if "ended_at" in item or "acting_at" not in item:
            return Executed(
                failed(f"Operation {order.operation_id} is closed or has lost its lock; nothing was done"), now
            )
        if not self.ledger.keep_claim(order):
            raise TableBusy(f"Operation {order.operation_id} was given back or closed meanwhile; nothing was done")
        working = _working(order, item)
        try:
            if self._look(order).against:
                return working  # nothing is begun again; the polls will see what the first attempt has done
            return Executed(OPERATIONS[order.operation].resume(rds, order, working.since), working.since)
        except RdsThrottled:
            raise  # a repetition is safe, and may have to begin what the first attempt did not
        except Fault:
            return working  # a look that failed ends nothing: the polls go on looking

    def _look(self, order: Order) -> Judgement:
        """Judge by a live look. Raises `RdsNotReached` where there is none."""
        try:
            found = inspect(self.access, self.access.targets.place_of(order), order.instance_id, self.gate)
        except RdsUnavailable as unavailable:
            raise RdsNotReached("NotReached", f"No look at {order.instance_id}: {unavailable}") from unavailable
        if found is None:
            return Judgement(UNCLASSIFIED, not_found(order.instance_id))
        return judge(order, found, self.gate, self.callers)


def _working(order: Order, item: Item) -> Executed:
    """An earlier attempt may have acted: the polls will see what became of it."""
    return Executed(Progress(OPERATIONS[order.operation].working_status), clock.from_text(str(item["acting_at"])))


def _refused(refusal: Refusal, now: datetime, verdict: Verdict | None = None) -> Executed:
    return Executed(failed(refusal.error), now, refusal, verdict)
