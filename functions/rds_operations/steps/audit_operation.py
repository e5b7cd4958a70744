"""Audit: every operation ends on record, exactly once. What never became one is in `refused`."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime

from rds_operations.aws.operation_store import OperationStore
from rds_operations.aws.step_functions import Executions
from rds_operations.aws.telemetry import logger, operation_metrics
from rds_operations.model import clock
from rds_operations.model.documents import Document, Item
from rds_operations.model.faults import AnotherRequest, StatesUnavailable, TableBusy
from rds_operations.model.progress import Progress
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.records.audit_record import Recorder
from rds_operations.records.ended_execution import work_of_event
from rds_operations.records.operation_item import Unfinished, acting_since, request_of, verdict_of
from rds_operations.records.outcome import NOT_STARTED, REFUSED, Outcome, outcome_of
from rds_operations.rules.classification import Verdict
from rds_operations.rules.request_stub import execution_stub
from rds_operations.steps.audit_admission import refuse_start, request_in, verdict_in
from rds_operations.steps.audit_late_watch import settle_seen


@dataclass(frozen=True)
class Books:
    """Where an end is written, and who goes on watching."""

    store: OperationStore
    executions: Executions


def close(
    books: Books,
    work: Document,
    execution: Document,
    now: datetime,
    body: str = "",
    by: Recorder = Recorder.OPERATION,
) -> Outcome:
    """OPERATION is over: its closing record, final status and released lock; or a record of its own."""
    request = request_in(work) or execution_stub(body, execution)
    item = books.store.item(request.operation_id)
    if item is None and not refuse_start(books.store, work, request, by, for_good=True):
        item = books.store.item(request.operation_id)  # Execute has opened it meanwhile; if not, it was recorded before
    if item is None:
        return _outcome_of_refused(work, request, now)
    if "request" in work and request.fingerprint != item["fingerprint"]:  # a name that is taken
        refuse_start(books.store, work, request, by, for_good=False)
        return _outcome_of_refused(work, request, now)
    if item["execution_arn"] != execution["Id"]:
        raise AnotherRequest(f"Operation {request.operation_id} is on record for another execution")
    return close_item(books, item, work, str(execution["Id"]), now, by)


def close_ended(books: Books, detail: Document, now: datetime, by: Recorder = Recorder.BACKSTOP) -> Outcome:
    """The backstop, from the event of an execution that failed, timed out or was stopped; or the sweep without it.

    Idempotent against the machine's own Audit state: what that has recorded is left alone.
    """
    execution = {"Id": detail["executionArn"], "Name": detail["name"], "StartTime": detail["startDate"]}
    body = detail.get("input") or ""
    return close(books, work_of_event(detail), execution, now, body, by)


def close_item(books: Books, item: Item, work: Document, execution_arn: str, now: datetime, by: Recorder) -> Outcome:
    """Close the operation of an item, once. An end that is not settled is settled by what the execution has seen since,
    or handed to the late watch.
    """
    for _attempt in range(2):
        if "ended_at" in item:
            outcome: Outcome | None = _outcome_on_record(item)
        else:
            outcome = _close_open(books.store, item, work, execution_arn, now, by)
        if outcome:
            if not outcome.unsettled:
                return outcome
            if final := settle_seen(books.store, item, work, now, by):
                return Outcome(final, outcome.error)
            _watch_on(books.executions, item, work)
            return outcome
        item = books.store.item(str(item["operation_id"])) or item
        if _never_started(work) and "ended_at" not in item:
            break  # it has begun, or was handed over: what was seen of its execution is no longer so
    raise TableBusy(f"Operation {item['operation_id']} was touched by other transactions; nothing was written")


def _verdict_of_end(work: Document, item: Item) -> Verdict:
    """The newest; but one that forbids acting counts only beside a refusal."""
    verdict = verdict_in(work)
    counts = verdict.source and (verdict.allowed or "refusal" in work)
    return verdict if counts else verdict_of(item)


def _close_open(
    store: OperationStore, item: Item, work: Document, execution_arn: str, now: datetime, by: Recorder
) -> Outcome | None:
    """None where somebody began to act, or closed it, after this look at the item."""
    now = max(now, acting_since(item))  # begun after this look at the clock: no end before its beginning
    request = replace(request_of(item), execution_arn=execution_arn)
    verdict = _verdict_of_end(work, item)
    acted_at = str(item.get("acting_at", ""))
    if not acted_at and work.get("progress", {}).get("success"):
        work = _unbelieved(request, by)
    outcome = outcome_of(work, request, verdict.environment.value, acting_since(item), now, acted=bool(acted_at))
    # An execution that was stopped may still run its Execute: only what was never started frees its key.
    handed_over_at = str(item.get("handed_over_at", "")) if _never_started(work) else None
    if not store.close(request, verdict, outcome, now, by, acted_at=acted_at, handed_over_at=handed_over_at):
        return None
    _count(request, verdict, outcome)
    return outcome


def _never_started(work: Document) -> bool:
    return bool(work.get("fault", {}).get("Error") == NOT_STARTED)


def _unbelieved(request: OperationRequest, by: Recorder) -> Document:
    """A success of what has not acted. Raises `AnotherRequest` to OPERATION; who closes behind it closes a failure."""
    text = f"Operation {request.operation_id} has not acted, so it cannot have succeeded"
    if by is Recorder.OPERATION:
        raise AnotherRequest(text)
    return {"fault": {"Error": AnotherRequest.__name__, "Cause": json.dumps({"errorMessage": text})}}


def _watch_on(executions: Executions, item: Item, work: Document) -> None:
    """Without the late watch the sweep takes the last look, when it is due: nothing is lost, only later."""
    request = request_of(item)
    try:
        executions.start_late_watch(request, clock.to_text(acting_since(item)), _begin_with(request, work))
    except StatesUnavailable as fault:
        logger.error("late watch not started", extra={"reason": str(fault)})


def _begin_with(request: OperationRequest, work: Document) -> Progress:
    """Go on from what the polls saw. A finished progress is not what the record says, so the watch looks anew."""
    progress = Progress.from_document(work["progress"]) if "progress" in work else None
    return progress if progress and not progress.finished else Progress(OPERATIONS[request.operation].working_status)


def _outcome_of_refused(work: Document, request: OperationRequest, now: datetime) -> Outcome:
    return outcome_of(work, request, verdict_in(work).environment.value, clock.from_text(request.requested_at), now)


def _outcome_on_record(item: Item) -> Outcome:
    unsettled = item.get("unfinished") == Unfinished.WATCH.value
    return Outcome(json.loads(str(item["result"])), str(item["error"]), unsettled)


def _count(request: OperationRequest, verdict: Verdict, outcome: Outcome) -> None:
    """A refusal at the last moment was no execution, and no error of the service."""
    if outcome.error != REFUSED:
        duration = outcome.document["duration_seconds"]
        operation_metrics(request.operation, verdict.environment.value, not outcome.error, duration)
