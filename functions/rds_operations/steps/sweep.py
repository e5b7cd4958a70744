"""Sweep: close what everything else left open, by reading the execution and RDS."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rds_operations.aws.metrics import count_sweep, count_write_failure
from rds_operations.aws.rds_clients import RdsClients
from rds_operations.aws.refusal_queue import Message, RefusalQueue
from rds_operations.aws.step_functions import RUNNING
from rds_operations.aws.telemetry import logger
from rds_operations.model.documents import Document
from rds_operations.model.errors import ServiceError, TableBusy
from rds_operations.model.identifiers import recorded_name
from rds_operations.model.progress import Progress
from rds_operations.operations import OPERATIONS
from rds_operations.records.audit_record import Recorder
from rds_operations.records.ended_execution import unrecorded_work, work_of_event
from rds_operations.records.operation_item import Unfinished
from rds_operations.records.outcome import NOT_STARTED
from rds_operations.records.queued_refusal import queued_refusal
from rds_operations.records.refused_admission import RefusedAdmission
from rds_operations.records.state_document import StateDocument
from rds_operations.records.stored_operation import StoredOperation
from rds_operations.steps.audit_admission import audit_admission
from rds_operations.steps.audit_late_watch import record_final_status, seen_by_watch
from rds_operations.steps.audit_operation import Closer
from rds_operations.steps.poll import poll_after_end

_BACK = timedelta(hours=1)
"""How far back it searches for ends without an event: many sweeps, so that a failed one misses nothing."""


@dataclass(frozen=True)
class Sweep:
    """One run, at the moment `now`. What fails does not keep the rest waiting: the next run tries it again."""

    closer: Closer
    rds_clients: RdsClients
    refusal_queue: RefusalQueue
    admission_machine: str
    now: datetime
    counts: Counter[str] = field(default_factory=Counter)

    def run(self) -> dict[str, int]:
        """Return how many operations it `closed`, `settled` or `left` alone (their execution runs), how many refusals
        it `recorded`, how many messages that are none it `set_aside`, and how often it `failed`.
        """
        # The refusals first: they need neither RDS nor Step Functions, and are quick.
        for part in (self._refusals, self._overdue_operations, self._overdue_watches, self._unrecorded_ends):
            with self._attempt(""):
                part()
        logger.append_keys(operation_id="")
        count_sweep()
        return dict(self.counts)

    def _refusals(self) -> None:
        for message in self.refusal_queue.messages():
            with self._attempt(message.id):
                self._record(message)

    def _overdue_operations(self) -> None:
        for operation_id in self.closer.store.overdue(Unfinished.OPERATION, self.now):
            with self._attempt(operation_id):
                if stored := self._if_overdue(operation_id, Unfinished.OPERATION):
                    self._close(stored)

    def _overdue_watches(self) -> None:
        for operation_id in self.closer.store.overdue(Unfinished.WATCH, self.now):
            with self._attempt(operation_id):
                if stored := self._if_overdue(operation_id, Unfinished.WATCH):
                    self._settle(stored)

    def _unrecorded_ends(self) -> None:
        for name, execution_arn in self.closer.executions.ended_badly(self.now - _BACK):
            operation_id = recorded_name(name)
            with self._attempt(operation_id):
                if not self.closer.store.is_known(operation_id):
                    self._close_unrecorded(execution_arn)

    def _record(self, message: Message) -> None:
        """Record a refusal that Audit could not write, with its original time, caller and reason."""
        refused = queued_refusal(message.body, self.admission_machine)
        if isinstance(refused, RefusedAdmission):
            logger.append_keys(operation_id=refused.request.operation_id)
            audit_admission(self.closer.store, refused, self.now, Recorder.SWEEP)
            self.refusal_queue.remove(message)
            self._count("recorded")
        else:
            self._set_aside(message, doubt=refused)

    def _set_aside(self, message: Message, doubt: str) -> None:
        """Somebody else's message, or a broken one: repeating would not help, and a person must see it."""
        self.refusal_queue.set_aside(message)
        count_write_failure(message.id)
        logger.error("not a refusal of ADMISSION", extra={"reason": doubt})
        self._count("set_aside")

    def _close(self, stored: StoredOperation) -> None:
        execution_arn = stored.request.execution_arn
        detail = self.closer.executions.detail(execution_arn)
        if detail and detail["status"] in RUNNING:
            self._count("left")
            return
        try:
            self.closer.close_stored(stored, self._work(stored, detail), execution_arn, self.now, Recorder.SWEEP)
        except TableBusy:
            self._count("left")  # somebody else is at it: the next sweep reads again
        else:
            self._count("closed")

    def _settle(self, stored: StoredOperation) -> None:
        watch = self.closer.executions.late_watch(stored.operation_id)
        progress = seen_by_watch(stored, watch) or self._poll(stored)
        record_final_status(self.closer.store, stored.operation_id, progress, self.now, Recorder.SWEEP)
        self._count("settled")

    def _close_unrecorded(self, execution_arn: str) -> None:
        """Close a direct start that ended before it was on record, and whose event has not come."""
        detail = self.closer.executions.detail(execution_arn)
        if detail and detail["status"] not in RUNNING:  # else it was driven again by now
            self.closer.close_ended(detail, self.now, Recorder.SWEEP)
            self._count("closed")

    def _work(self, stored: StoredOperation, detail: Document | None) -> StateDocument:
        """Return what OPERATION would have left, had it come to its Audit."""
        if detail and (work := unrecorded_work(detail)):
            return work
        if stored.acting_at:
            return {"progress": self._poll(stored).to_document()}
        if detail:
            return work_of_event(detail)
        text = "Its execution was never started; nothing was done"
        return {"error": {"Error": NOT_STARTED, "Cause": json.dumps({"errorMessage": text})}}

    def _poll(self, stored: StoredOperation) -> Progress:
        """Poll once. Where RDS cannot be read, the operation ends as timed out: its record cannot wait for RDS."""
        unseen = Progress(OPERATIONS[stored.request.operation].working_status)
        try:
            return poll_after_end(self.rds_clients, self.closer.store, stored.request, stored.acting_since, unseen)
        except ServiceError as error:
            logger.warning("RDS could not be read", extra={"reason": str(error)})
            return unseen

    def _if_overdue(self, operation_id: str, kind: Unfinished) -> StoredOperation | None:
        """Ask the operation itself: an index is a moment behind."""
        stored = self.closer.store.operation(operation_id)
        return stored if stored and stored.is_overdue(kind, self.now) else None

    @contextmanager
    def _attempt(self, operation_id: str) -> Iterator[None]:
        """Keep any failure from what comes next, and count it."""
        logger.append_keys(operation_id=operation_id)
        try:
            yield
        except Exception:
            count_write_failure(operation_id)
            logger.exception("not swept")
            self.counts["failed"] += 1

    def _count(self, result: str) -> None:
        logger.info("swept", extra={"result": result})
        self.counts[result] += 1
