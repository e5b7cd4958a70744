"""Execute: act at most once, only on what is on record, and only where nothing is against it now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from rds_operations.aws.live_instance import read_live
from rds_operations.aws.operation_store import OperationStore
from rds_operations.aws.rds_clients import RdsClients
from rds_operations.aws.telemetry import log_caller
from rds_operations.model import clock
from rds_operations.model.end_codes import EndCode, of_rds_error
from rds_operations.model.errors import (
    AccountUnreachable,
    NoEffect,
    RdsRejected,
    RdsUnavailable,
    RdsUnreachable,
    Retryable,
    ServiceError,
    TableBusy,
    TableUnavailable,
)
from rds_operations.model.progress import Progress, failed
from rds_operations.model.refusals import Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.operations.base import Rds
from rds_operations.records.state_document import StateDocument
from rds_operations.records.stored_operation import StoredOperation
from rds_operations.rules.classification import UNCLASSIFIED, Verdict
from rds_operations.rules.decision import Decision, decide
from rds_operations.rules.eligibility import not_found
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.gate import GateSettings
from rds_operations.steps.admit import Candidate, accepted_under_its_name, admit


@dataclass(frozen=True)
class Executed:
    """`since` is when it acted, `verdict` that of the last read. With a `refusal` nothing was done.

    `resource_id` of the instance on record: Classify may have read too early, and seen another one.
    """

    progress: Progress
    since: datetime
    refusal: Refusal | None = None
    verdict: Verdict | None = None
    resource_id: str = ""

    def to_document(self, request: OperationRequest) -> StateDocument:
        """Return what Execute adds, with the `request` as the polls need it: for the instance on record."""
        request = replace(request, resource_id=self.resource_id)
        document: StateDocument = {"request": request.to_document(), "progress": self.progress.to_document()}
        if self.verdict:
            document["verdict"] = self.verdict.to_document()
        if self.refusal:
            return {**document, "refusal": self.refusal.to_document()}
        return {**document, "since": clock.to_text(self.since)}


@dataclass(frozen=True)
class Executor:
    rds_clients: RdsClients
    store: OperationStore
    gate: GateSettings
    callers: CallerSettings

    def execute(self, request: OperationRequest, now: datetime) -> Executed:
        """Act, or say why not. Raises `Retryable` errors, after which Execute may run again.

        The session, which can do this one thing, is made first; then comes the claim, then a last read, which decides
        everything anew. Between that read and the call to RDS stands nothing else.
        """
        stored = self._opened(request, now)
        if isinstance(stored, Executed):
            return stored
        log_caller(stored.request.caller)
        # The request on record has its caller, and decides; that of the event does not.
        return replace(self._executed(stored, now), resource_id=stored.request.resource_id)

    def _executed(self, stored: StoredOperation, now: datetime) -> Executed:
        request = stored.request
        try:
            rds = self.rds_clients.acting(request)
        except AccountUnreachable as error:
            return self._taken_over(stored) if stored.acting_at else Executed(_failure(error), now)
        if self.store.claim(request, OPERATIONS[request.operation], now):
            return self._act(rds, request, now)
        return self._go_on(rds, stored, now)

    def _opened(self, request: OperationRequest, now: datetime) -> StoredOperation | Executed:
        """Return the operation. One that ADMISSION has not opened is opened here, after a read of its own."""
        known = accepted_under_its_name(self.store, request)
        if known:
            return _refused(known, now) if isinstance(known, Refusal) else known
        try:
            decision = self._decide(request)
        except NoEffect as error:
            return Executed(_failure(error), now)
        if decision.against:
            return _refused(decision.against, now, decision.verdict)
        candidate = Candidate(replace(request, resource_id=decision.resource_id), decision.verdict)
        admitted = admit(self.store, self.callers, candidate, now)
        return _refused(admitted, now) if isinstance(admitted, Refusal) else admitted

    def _act(self, rds: Rds, request: OperationRequest, now: datetime) -> Executed:
        """Act under the claim. What is known to have done nothing gives the claim back.

        A repetition must not take that claim for one that may have acted: it hears a no again, and tries again after
        throttling.
        """
        try:
            decision = self._decide(request)
            if decision.against:
                self._give_back(request, now)
                return _refused(decision.against, now, decision.verdict)
            progress = OPERATIONS[request.operation].start(rds, request, decision.instance)
            return Executed(progress, now, verdict=decision.verdict)
        except Retryable as error:
            if self._give_back(request, now):
                raise
            return Executed(failed(f"{error}; nothing was done", EndCode.TRY_AGAIN), now)
        except (AccountUnreachable, RdsRejected) as error:
            self._give_back(request, now)
            return Executed(_failure(error), now)

    def _give_back(self, request: OperationRequest, since: datetime) -> bool:
        """Return False where the table did not take it: a repetition finds the claim, and cannot know what was done."""
        try:
            self.store.give_back(request, since)
        except TableUnavailable:
            return False
        return True

    def _go_on(self, rds: Rds, stored: StoredOperation, now: datetime) -> Executed:
        """Go on after a refused claim: an earlier attempt of this execution acted, or the operation is over."""
        request, current = stored.request, self.store.operation(stored.operation_id)
        acting_at = current.acting_at if current else ""
        has_ended = bool(current and current.ended_at)
        if has_ended or (not acting_at and self.store.lock_holder(request, now) != request.operation_id):
            text = f"Operation {request.operation_id} is closed or has lost its lock; nothing was done"
            return Executed(failed(text, EndCode.NOT_STARTED), now)
        working = self._taken_over(current)
        try:
            decision = self._decide(request)
            if decision.against:
                return working  # nothing is begun again; the polls will see what the first attempt has done
            progress = OPERATIONS[request.operation].resume(rds, request, working.since, decision.instance)
            return Executed(progress, working.since, verdict=decision.verdict)
        except Retryable:
            raise  # a repetition is safe, and may have to begin what the first attempt did not
        except ServiceError:
            return working  # a read that failed ends nothing: the polls go on reading

    def _taken_over(self, stored: StoredOperation | None) -> Executed:
        """Leave it to the polls to see what an earlier attempt did, if it acted.

        It may still run, where only its answer was lost. So it loses the claim first: if RDS throttles it, it must not
        undo what this attempt may do. Raises `TableBusy` where it has given the claim back by now.
        """
        if not stored or not stored.acting_at or not self.store.take_over(stored.request):
            raise TableBusy("The operation was given back or closed meanwhile; nothing was done")
        working = Progress(OPERATIONS[stored.request.operation].working_status)
        return Executed(working, clock.from_text(stored.acting_at))

    def _decide(self, request: OperationRequest) -> Decision:
        """Decide by a live read. Raises `RdsUnreachable` where there is none."""
        place = self.rds_clients.targets.place_of(request)
        try:
            found = read_live(self.rds_clients, place, request.instance_id, self.gate)
        except RdsUnavailable as error:
            raise RdsUnreachable(f"{request.instance_id} could not be read: {error}") from error
        if found is None:
            return Decision(UNCLASSIFIED, {}, not_found(request.instance_id))
        return decide(request, found, self.gate, self.callers)


def _refused(refusal: Refusal, now: datetime, verdict: Verdict | None = None) -> Executed:
    return Executed(failed(refusal.error, refusal.code), now, refusal, verdict)


def _failure(error: NoEffect) -> Progress:
    """Fail with what RDS or STS has answered, in its words."""
    if isinstance(error, RdsRejected):
        return failed(str(error), of_rds_error(error.code))
    unreachable = isinstance(error, AccountUnreachable)
    return failed(str(error), EndCode.ACCOUNT_NOT_REACHABLE if unreachable else EndCode.TRY_AGAIN)
