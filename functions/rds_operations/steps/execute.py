"""Execute: act at most once, only on what is on record, and only where nothing is against it now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rds_operations.aws.live_instance import read_live
from rds_operations.aws.operation_store import OperationStore
from rds_operations.aws.rds import Rds
from rds_operations.aws.rds_clients import RdsClients
from rds_operations.model import clock
from rds_operations.model.documents import Item
from rds_operations.model.faults import (
    AccountRefused,
    Fault,
    RdsNotReached,
    RdsRefused,
    RdsThrottled,
    RdsUnavailable,
    RecordNotWritten,
    TableBusy,
)
from rds_operations.model.progress import Progress, failed
from rds_operations.model.refusals import Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.records.operation_item import request_of
from rds_operations.rules.classification import UNCLASSIFIED, Verdict
from rds_operations.rules.decision import Decision, decide
from rds_operations.rules.eligibility import not_found
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.gate import GateSettings
from rds_operations.steps.admit import accepted_under_its_name, admit


@dataclass(frozen=True)
class Executed:
    """`since` is when it acted, `verdict` that of the last look. With a `refusal` nothing was done.

    `resource_id` of the instance on record: the look of Classify may have been behind, and may have shown another one.
    """

    progress: Progress
    since: datetime
    refusal: Refusal | None = None
    verdict: Verdict | None = None
    resource_id: str = ""

    def to_document(self, request: OperationRequest) -> dict[str, Any]:
        """With the `request` as the polls need it: for the instance on record."""
        request = replace(request, resource_id=self.resource_id)
        document: dict[str, Any] = {"request": request.to_document(), "progress": self.progress.to_document()}
        document |= {"verdict": self.verdict.to_document()} if self.verdict else {}
        if self.refusal:
            return document | {"refusal": self.refusal.to_document()}
        return document | {"since": clock.to_text(self.since)}


@dataclass(frozen=True)
class Executor:
    rds_clients: RdsClients
    store: OperationStore
    gate: GateSettings
    callers: CallerSettings

    def execute(self, request: OperationRequest, now: datetime) -> Executed:
        """Raises `RdsThrottled`, `RdsNotReached` or `TableBusy` where a repetition is safe.

        The session, which can do this one thing, is made first; then comes the claim, then a last look, which decides
        everything anew. Between that look and the call to RDS stands nothing else.
        """
        item = self._opened(request, now)
        if isinstance(item, Executed):
            return item
        request = request_of(item)  # with its caller: the request on record decides, not the event
        return replace(self._executed(request, item, now), resource_id=request.resource_id)

    def _executed(self, request: OperationRequest, item: Item, now: datetime) -> Executed:
        try:
            rds = self.rds_clients.acting(request)
        except AccountRefused as refused:
            return self._taken_over(request, item) if "acting_at" in item else Executed(failed(str(refused)), now)
        if self.store.claim(request, OPERATIONS[request.operation], now):
            return self._act(rds, request, now)
        return self._go_on(rds, request, now)

    def _opened(self, request: OperationRequest, now: datetime) -> Item | Executed:
        """The operation's item. One that ADMISSION has not opened is opened here, after a look of its own."""
        known = accepted_under_its_name(self.store, request)
        if known:
            return _refused(known, now) if isinstance(known, Refusal) else known
        try:
            decision = self._look(request)
        except (AccountRefused, RdsRefused) as refused:
            return Executed(failed(str(refused)), now)
        if decision.against:
            return _refused(decision.against, now, decision.verdict)
        item = admit(self.store, replace(request, resource_id=decision.resource_id), decision.verdict, now)
        return _refused(item, now) if isinstance(item, Refusal) else item

    def _act(self, rds: Rds, request: OperationRequest, now: datetime) -> Executed:
        """What is known to have done nothing gives the claim back: a repetition must not take it for what may have
        acted. A no is heard again by it, throttling is tried again.
        """
        try:
            decision = self._look(request)
            if decision.against:
                self._give_back(request, now)
                return _refused(decision.against, now, decision.verdict)
            progress = OPERATIONS[request.operation].start(rds, request, decision.instance)
            return Executed(progress, now, verdict=decision.verdict)
        except RdsThrottled as throttled:
            if self._give_back(request, now):
                raise
            return Executed(failed(f"{throttled}; nothing was done"), now)
        except (AccountRefused, RdsRefused) as refused:
            self._give_back(request, now)
            return Executed(failed(str(refused)), now)

    def _give_back(self, request: OperationRequest, since: datetime) -> bool:
        """False where the table did not take it: a repetition will find the claim, and cannot know what was done."""
        try:
            self.store.give_back(request, since)
        except RecordNotWritten:
            return False
        return True

    def _go_on(self, rds: Rds, request: OperationRequest, now: datetime) -> Executed:
        """The claim was refused: an earlier attempt of this execution acted, or the request is over."""
        item: Item = self.store.item(request.operation_id) or {}
        lost = "acting_at" not in item and self.store.lock_holder(request, now) != request.operation_id
        if "ended_at" in item or lost:
            text = f"Operation {request.operation_id} is closed or has lost its lock; nothing was done"
            return Executed(failed(text), now)
        working = self._taken_over(request, item)
        try:
            decision = self._look(request)
            if decision.against:
                return working  # nothing is begun again; the polls will see what the first attempt has done
            progress = OPERATIONS[request.operation].resume(rds, request, working.since, decision.instance)
            return Executed(progress, working.since, verdict=decision.verdict)
        except RdsThrottled:
            raise  # a repetition is safe, and may have to begin what the first attempt did not
        except Fault:
            return working  # a look that failed ends nothing: the polls go on looking

    def _taken_over(self, request: OperationRequest, item: Item) -> Executed:
        """An earlier attempt may have acted: the polls will see what became of it.

        It may still run, where only its answer was lost. So it loses the claim first: if RDS throttles it, it must not
        undo what this attempt may do. Raises `TableBusy` where it has given the claim back by now.
        """
        if "acting_at" not in item or not self.store.take_over(request):
            raise TableBusy(f"Operation {request.operation_id} was given back or closed meanwhile; nothing was done")
        working = Progress(OPERATIONS[request.operation].working_status)
        return Executed(working, clock.from_text(str(item["acting_at"])))

    def _look(self, request: OperationRequest) -> Decision:
        """Judge by a live look. Raises `RdsNotReached` where there is none."""
        try:
            found = read_live(
                self.rds_clients, self.rds_clients.targets.place_of(request), request.instance_id, self.gate
            )
        except RdsUnavailable as unavailable:
            raise RdsNotReached("NotReached", f"No look at {request.instance_id}: {unavailable}") from unavailable
        if found is None:
            return Decision(UNCLASSIFIED, {}, not_found(request.instance_id))
        return decide(request, found, self.gate, self.callers)


def _refused(refusal: Refusal, now: datetime, verdict: Verdict | None = None) -> Executed:
    return Executed(failed(refusal.error), now, refusal, verdict)
