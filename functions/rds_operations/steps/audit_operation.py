"""Audit: every operation ends on record, exactly once. `audit_admission` has what never became an operation."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime

from rds_operations.aws.metrics import count_audit_failed
from rds_operations.aws.operation_store import OperationStore
from rds_operations.aws.step_functions import Executions
from rds_operations.aws.telemetry import log_caller, logger
from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.model.errors import RecordMismatch, StepFunctionsUnavailable, TableBusy
from rds_operations.model.identifiers import recorded_name
from rds_operations.model.progress import Progress
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.records.audit_record import Recorder
from rds_operations.records.ended_execution import NOT_RECORDED, work_of_event
from rds_operations.records.outcome import NOT_STARTED, Outcome, outcome_of
from rds_operations.records.state_document import StateDocument, progress_in, request_in, verdict_in
from rds_operations.records.stored_operation import StoredOperation
from rds_operations.rules.classification import Verdict
from rds_operations.rules.request_stub import execution_stub
from rds_operations.rules.validation import parse_json
from rds_operations.steps.audit_admission import refuse_start
from rds_operations.steps.audit_late_watch import record_seen_end


@dataclass(frozen=True)
class Closer:
    """Closes operations, and hands those whose end is not known to the late watch."""

    store: OperationStore
    executions: Executions

    def close(
        self,
        work: StateDocument,
        execution: Document,
        now: datetime,
        body: str = "",
        by: Recorder = Recorder.OPERATION,
    ) -> Outcome:
        """Record how an execution of OPERATION ended: its closing record, or a refusal where it has no operation.

        `body` is the execution's input, for where Validate broke. Raises `RecordMismatch`, `TableBusy`,
        `TableUnavailable`.
        """
        request = request_in(work) or execution_stub(parse_json(body), execution)
        stored = self.store.operation(request.operation_id)
        if stored is None and not refuse_start(self.store, work, request, by, for_good=True):
            # Execute has opened it meanwhile. If not, it was recorded before.
            stored = self.store.operation(request.operation_id)
        if stored is None:
            return _outcome_of_refused(work, request, now)
        if "request" in work and request.fingerprint != stored.fingerprint:  # a name that is taken
            refuse_start(self.store, work, request, by, for_good=False)
            return _outcome_of_refused(work, request, now)
        if stored.request.execution_arn != execution["Id"]:
            raise RecordMismatch(f"Operation {request.operation_id} is on record for another execution")
        return self.close_stored(stored, work, str(execution["Id"]), now, by)

    def close_ended(self, detail: Document, now: datetime, by: Recorder = Recorder.BACKSTOP) -> Outcome:
        """Close by the EventBridge event of an execution that failed, timed out or was stopped, or as if by one.

        What the machine's own Audit state has recorded is left alone.
        """
        if detail.get("error") == NOT_RECORDED:
            count_audit_failed(recorded_name(detail["name"]))
        execution = {"Id": detail["executionArn"], "Name": detail["name"], "StartTime": detail["startDate"]}
        return self.close(work_of_event(detail), execution, now, detail.get("input") or "", by)

    def close_stored(
        self, stored: StoredOperation, work: StateDocument, execution_arn: str, now: datetime, by: Recorder
    ) -> Outcome:
        """Close an operation, once. Where its end is not known, record what the execution saw since, or watch on."""
        log_caller(stored.request.caller)
        for _attempt in range(2):
            outcome = _outcome_on_record(stored) if stored.ended_at else self._end(stored, work, execution_arn, now, by)
            if outcome:
                return self._with_final_status(stored, work, outcome, now, by) if outcome.unsettled else outcome
            stored = self.store.operation(stored.operation_id) or stored
            if _never_started(work) and not stored.ended_at:
                break  # it has begun, or was handed over: what was seen of its execution is no longer so
        raise TableBusy(f"Operation {stored.operation_id} was touched by other transactions; nothing was written")

    def _end(
        self, stored: StoredOperation, work: StateDocument, execution_arn: str, now: datetime, by: Recorder
    ) -> Outcome | None:
        """Write the end. None where somebody began to act, or closed it, since it was read."""
        now = max(now, stored.acting_since)  # begun after the clock was read: no end before its beginning
        request = replace(stored.request, execution_arn=execution_arn)
        verdict, acted = _verdict_of_end(work, stored), bool(stored.acting_at)
        if not acted and work.get("progress", {}).get("success"):
            work = _unbelieved(request, by)
        outcome = outcome_of(work, request, verdict.environment.value, stored.acting_since, now, acted=acted)
        # An execution that was stopped may still run its Execute: only what was never started frees its key.
        handed_over_at = stored.handed_over_at if _never_started(work) else None
        closed = self.store.close(
            request, verdict, outcome, now, by, acted_at=stored.acting_at, handed_over_at=handed_over_at
        )
        return outcome if closed else None

    def _with_final_status(
        self, stored: StoredOperation, work: StateDocument, outcome: Outcome, now: datetime, by: Recorder
    ) -> Outcome:
        if final := record_seen_end(self.store, stored, work, now, by):
            return Outcome(final, outcome.error)
        self._watch_on(stored, work)
        return outcome

    def _watch_on(self, stored: StoredOperation, work: StateDocument) -> None:
        """Start the late watch. Without it the sweep polls last, when it is due: nothing is lost, only later."""
        seen = progress_in(work)
        # A finished progress is not what the record says, so the watch begins anew.
        begin = seen if seen and not seen.finished else Progress(OPERATIONS[stored.request.operation].working_status)
        try:
            self.executions.start_late_watch(stored.request, clock.to_text(stored.acting_since), begin)
        except StepFunctionsUnavailable as error:
            logger.error("late watch not started", extra={"reason": str(error)})


def _verdict_of_end(work: StateDocument, stored: StoredOperation) -> Verdict:
    """Return the newest; but one that forbids acting counts only beside a refusal."""
    verdict = verdict_in(work)
    counts = verdict.source and (verdict.allowed or "refusal" in work)
    return verdict if counts else stored.verdict


def _never_started(work: StateDocument) -> bool:
    return bool(work.get("error", {}).get("Error") == NOT_STARTED)


def _unbelieved(request: OperationRequest, by: Recorder) -> StateDocument:
    """Treat a success of what has not acted: raise `RecordMismatch` to OPERATION; for other writers it is a failure."""
    text = f"Operation {request.operation_id} has not acted, so it cannot have succeeded"
    if by is Recorder.OPERATION:
        raise RecordMismatch(text)
    return {"error": {"Error": RecordMismatch.__name__, "Cause": json.dumps({"errorMessage": text})}}


def _outcome_of_refused(work: StateDocument, request: OperationRequest, now: datetime) -> Outcome:
    return outcome_of(work, request, verdict_in(work).environment.value, clock.from_text(request.requested_at), now)


def _outcome_on_record(stored: StoredOperation) -> Outcome:
    return Outcome(stored.result, stored.error, unsettled=stored.is_watched)
