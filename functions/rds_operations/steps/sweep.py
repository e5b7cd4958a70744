"""The sweep: what everything else left open is closed, by looking at the execution and at RDS."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from rds_operations.aws.operation_store import OperationStore
from rds_operations.aws.rds_clients import RdsClients
from rds_operations.aws.refusal_queue import Message, RefusalQueue
from rds_operations.aws.step_functions import RUNNING
from rds_operations.aws.telemetry import audit_write_failure, logger
from rds_operations.model.documents import Document, Item
from rds_operations.model.faults import Fault, TableBusy
from rds_operations.model.identifiers import recorded_name
from rds_operations.model.progress import Progress
from rds_operations.operations import OPERATIONS
from rds_operations.records.audit_record import Recorder
from rds_operations.records.ended_execution import unrecorded_work, work_of_event
from rds_operations.records.operation_item import Unfinished, acting_since, request_of
from rds_operations.records.outcome import NOT_STARTED
from rds_operations.rules.queued_refusal import QueuedRefusal, queued_refusal
from rds_operations.steps.audit_admission import refuse
from rds_operations.steps.audit_late_watch import record_final_status, seen_by_watch
from rds_operations.steps.audit_operation import Books, close_ended, close_item
from rds_operations.steps.late_look import late_look

_LOOK_BACK = timedelta(hours=1)
"""For ends of which no event came: many sweeps, so that one that fails misses nothing."""


def sweep(
    books: Books, rds_clients: RdsClients, refusal_queue: RefusalQueue, admission_machine: str, now: datetime
) -> dict[str, int]:
    """How many operations it `closed`, `settled` or `left` alone (their execution runs), how many refusals it
    `recorded`, how many messages that are none it `set_aside`, and what it `failed` on.

    What fails does not keep the others waiting; the next sweep tries it again.
    """
    counts: Counter[str] = Counter()

    def overdue(kind: Unfinished, action: Callable[[Item], str]) -> None:
        for operation_id in books.store.overdue(kind, now):
            counts[_tried(operation_id, partial(_if_overdue, books.store, operation_id, kind, now, action))] += 1

    def refusals() -> None:
        for message in refusal_queue.messages():
            counts[_tried(message.id, partial(_take, books, refusal_queue, message, admission_machine, now))] += 1

    def untold() -> None:
        for name, execution_arn in books.executions.ended_badly(now - _LOOK_BACK):
            operation_id = recorded_name(name)
            counts[_tried(operation_id, partial(_tell, books, operation_id, execution_arn, now))] += 1

    # The refusals first: they need neither RDS nor Step Functions, and are quick.
    for part in (
        refusals,
        partial(overdue, Unfinished.OPERATION, lambda item: _close(books, rds_clients, item, now)),
        partial(overdue, Unfinished.WATCH, lambda item: _settle(books, rds_clients, item, now)),
        untold,
    ):
        counts[_tried("", part)] += 1
    logger.append_keys(operation_id="")
    return {result: number for result, number in counts.items() if result}


def _tried(operation_id: str, action: Callable[[], str | None]) -> str:
    """What came of it, in a word; empty where there was nothing to do."""
    logger.append_keys(operation_id=operation_id)
    try:
        result = action()
    except Exception:  # whatever it is, it must not keep the others waiting
        audit_write_failure(operation_id)
        logger.exception("not swept")
        return "failed"
    if result:
        logger.info("swept", extra={"result": result})
    return result or ""


def _if_overdue(
    store: OperationStore, operation_id: str, kind: Unfinished, now: datetime, action: Callable[[Item], str]
) -> str:
    item = store.item(operation_id)
    return action(item) if item and store.is_overdue(item, kind, now) else ""


def _take(books: Books, refusal_queue: RefusalQueue, message: Message, admission_machine: str, now: datetime) -> str:
    kept = queued_refusal(message.body, admission_machine)
    if isinstance(kept, str):
        return _set_aside(refusal_queue, message, kept)
    logger.append_keys(operation_id=kept.request_id)
    return _record(books, refusal_queue, message, kept, now)


def _record(books: Books, refusal_queue: RefusalQueue, message: Message, kept: QueuedRefusal, now: datetime) -> str:
    """What ADMISSION's own Audit could not write: the time, the caller and the reason are those of then."""
    refuse(books.store, kept.work, kept.envelope, kept.execution, now, Recorder.SWEEP)
    refusal_queue.remove(message)
    return "recorded"


def _set_aside(refusal_queue: RefusalQueue, message: Message, doubt: str) -> str:
    """Somebody else's message, or a broken one: repeating would not help, and a person must see it."""
    refusal_queue.set_aside(message)
    audit_write_failure(message.id)
    logger.error("not a refusal of ADMISSION", extra={"reason": doubt})
    return "set_aside"


def _close(books: Books, rds_clients: RdsClients, item: Item, now: datetime) -> str:
    execution_arn = str(item["execution_arn"])
    detail = books.executions.detail(execution_arn)
    if detail and detail["status"] in RUNNING:
        return "left"
    try:
        close_item(books, item, _work(books, rds_clients, item, detail), execution_arn, now, Recorder.SWEEP)
    except TableBusy:
        return "left"  # somebody else is at it: the next sweep looks again
    return "closed"


def _tell(books: Books, operation_id: str, execution_arn: str, now: datetime) -> str:
    """A direct start that ended before it was on record, and whose event has not come."""
    if books.store.is_known(operation_id):
        return ""
    detail = books.executions.detail(execution_arn)
    if detail is None or detail["status"] in RUNNING:  # driven again by now
        return ""
    close_ended(books, detail, now, Recorder.SWEEP)
    return "closed"


def _work(books: Books, rds_clients: RdsClients, item: Item, detail: Document | None) -> Document:
    """What OPERATION would have left, had it come to its Audit."""
    if detail and (work := unrecorded_work(detail)):
        return work
    if "acting_at" in item:
        return {"progress": _look(books, rds_clients, item).to_document()}
    if detail:
        return work_of_event(detail)
    text = "Its execution was never started; nothing was done"
    return {"fault": {"Error": NOT_STARTED, "Cause": json.dumps({"errorMessage": text})}}


def _settle(books: Books, rds_clients: RdsClients, item: Item, now: datetime) -> str:
    operation_id = str(item["operation_id"])
    seen = seen_by_watch(item, books.executions.late_watch(operation_id))
    progress = seen or _look(books, rds_clients, item)
    record_final_status(books.store, operation_id, progress, now, Recorder.SWEEP)
    return "settled"


def _look(books: Books, rds_clients: RdsClients, item: Item) -> Progress:
    """One look. Where RDS cannot be looked at, the operation ends as timed out: its record cannot wait for RDS."""
    request = request_of(item)
    unseen = Progress(OPERATIONS[request.operation].working_status)
    try:
        return late_look(rds_clients, books.store, request, acting_since(item), unseen)
    except Fault as fault:
        logger.warning("no look at RDS", extra={"reason": str(fault)})
        return unseen
