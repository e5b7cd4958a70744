"""Audit: every attempt ends on record, exactly once."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from rds_operations import clock
from rds_operations.admission import accepted_reply
from rds_operations.answers import answer_to, as_recorded, fault_answer
from rds_operations.audit_record import Recorder
from rds_operations.classification import UNCLASSIFIED, Verdict
from rds_operations.executions import Executions
from rds_operations.faults import AnotherOrder, StatesUnavailable, TableBusy
from rds_operations.intake import api_stub, execution_stub
from rds_operations.items import Unfinished, acting_since, order_of, verdict_of
from rds_operations.ledger import Ledger
from rds_operations.operations import OPERATIONS
from rds_operations.order import Order
from rds_operations.outcome import NOT_STARTED, REFUSED, Outcome, outcome_of, work_of_event
from rds_operations.progress import Progress
from rds_operations.tables import Item
from rds_operations.telemetry import logger, operation_metrics

Document = dict[str, Any]


@dataclass(frozen=True)
class Books:
    """Where an end is written, and who goes on watching."""

    ledger: Ledger
    executions: Executions


def refuse(
    ledger: Ledger,
    work: Document,
    envelope: Document,
    execution: Document,
    now: datetime,
    by: Recorder = Recorder.ADMISSION,
) -> Document:
    """ADMISSION said no, or broke: the record, and the answer to give."""
    order = _order(work) or api_stub(envelope, execution)
    item = _own_item(ledger, order) if "fault" in work else None
    if item:
        return _close_unbegun(ledger, work, item, now, by)
    answer = answer_to(work, order.operation_id)
    ledger.record_refusal(order, as_recorded(answer, work), clock.from_text(order.requested_at), _verdict(work), by)
    return answer.reply()


def close(
    books: Books,
    work: Document,
    execution: Document,
    now: datetime,
    request: str = "",
    by: Recorder = Recorder.OPERATION,
) -> Outcome:
    """OPERATION is over: its closing record, final status and released lock; or a record of its own."""
    order = _order(work) or execution_stub(request, execution)
    item = books.ledger.item(order.operation_id)
    if item is None or ("order" in work and order.fingerprint != item["fingerprint"]):  # or a name that is taken
        return _record_refused_start(books.ledger, work, order, now, by)
    if item["execution_arn"] != execution["Id"]:
        raise AnotherOrder(f"Operation {order.operation_id} is on record for another execution")
    return close_item(books, item, work, str(execution["Id"]), now, by)


def close_ended(books: Books, detail: Document, now: datetime) -> Outcome:
    """The backstop, from the event of an execution that failed, timed out or was stopped.

    Idempotent against the machine's own Audit state: what that has recorded is left alone.
    """
    execution = {"Id": detail["executionArn"], "Name": detail["name"], "StartTime": detail["startDate"]}
    request = detail.get("input") or ""
    return close(books, work_of_event(detail), execution, now, request, Recorder.BACKSTOP)


def close_item(books: Books, item: Item, work: Document, execution_arn: str, now: datetime, by: Recorder) -> Outcome:
    """The operation of an item, closed once. What is not settled is handed to the late watch."""
    for _attempt in range(2):
        if "ended_at" in item:
            outcome: Outcome | None = _outcome_on_record(item)
        else:
            outcome = _close_open(books.ledger, item, work, execution_arn, now, by)
        if outcome:
            if outcome.unsettled:
                _watch_on(books.executions, item, work)
            return outcome
        item = books.ledger.item(str(item["operation_id"])) or item
    raise TableBusy(f"Operation {item['operation_id']} was touched by other transactions; nothing was written")


def _order(work: Document) -> Order | None:
    """Validate's order; None where Validate itself broke."""
    return Order.from_document(work["order"]) if "order" in work else None


def _verdict(work: Document) -> Verdict:
    return Verdict.from_document(work["verdict"]) if "verdict" in work else UNCLASSIFIED


def _verdict_of_end(work: Document, item: Item) -> Verdict:
    """The newest; but one that forbids acting counts only beside a refusal."""
    verdict = _verdict(work)
    counts = verdict.source and (verdict.allowed or "refusal" in work)
    return verdict if counts else verdict_of(item)


def _own_item(ledger: Ledger, order: Order) -> Item | None:
    """The item that Admit has opened for this very request, before ADMISSION broke."""
    item = ledger.item(order.operation_id) if order.instance_id else None
    return item if item and order.request_id and item["request_id"] == order.request_id else None


def _close_unbegun(ledger: Ledger, work: Document, item: Item, now: datetime, by: Recorder) -> Document:
    """The order is closed, unless OPERATION was started all the same and has begun: then it stays accepted."""
    order, verdict = order_of(item), verdict_of(item)
    outcome = outcome_of(work, order, verdict.environment.value, now, now)
    # The key is freed, since a repetition must not be answered with an operation that never was.
    closed = ledger.close(order, verdict, outcome, now, by, acted_at="", free_key=True)
    if not closed and "ended_at" not in (ledger.item(order.operation_id) or item):
        return accepted_reply(item, ledger.home)
    return fault_answer(work["fault"], order.operation_id).reply()


def _close_open(
    ledger: Ledger, item: Item, work: Document, execution_arn: str, now: datetime, by: Recorder
) -> Outcome | None:
    """None where somebody began to act, or closed it, after this look at the item."""
    order = replace(order_of(item), execution_arn=execution_arn)
    verdict = _verdict_of_end(work, item)
    acted_at = str(item.get("acting_at", ""))
    if not acted_at and work.get("progress", {}).get("success"):
        work = _unbelieved(order, by)
    outcome = outcome_of(work, order, verdict.environment.value, acting_since(item), now, acted=bool(acted_at))
    # An execution that was stopped may still run its Execute.
    never_started = work.get("fault", {}).get("Error") == NOT_STARTED
    if not ledger.close(order, verdict, outcome, now, by, acted_at=acted_at, free_key=never_started):
        return None
    _count(order, verdict, outcome)
    return outcome


def _unbelieved(order: Order, by: Recorder) -> Document:
    """A success of what has not acted. Raises `AnotherOrder` to OPERATION; who closes behind it closes a failure."""
    text = f"Operation {order.operation_id} has not acted, so it cannot have succeeded"
    if by is Recorder.OPERATION:
        raise AnotherOrder(text)
    return {"fault": {"Error": AnotherOrder.__name__, "Cause": json.dumps({"errorMessage": text})}}


def _watch_on(executions: Executions, item: Item, work: Document) -> None:
    """Without the late watch the sweep takes the last look, when it is due: nothing is lost, only later."""
    order = order_of(item)
    try:
        executions.start_late_watch(order, clock.to_text(acting_since(item)), _begin_with(order, work))
    except StatesUnavailable as fault:
        logger.error("late watch not started", extra={"reason": str(fault)})


def _begin_with(order: Order, work: Document) -> Progress:
    """Go on from what the polls saw. A finished progress is not what the record says, so the watch looks anew."""
    progress = Progress.from_document(work["progress"]) if "progress" in work else None
    return progress if progress and not progress.finished else Progress(OPERATIONS[order.operation].working_status)


def _record_refused_start(ledger: Ledger, work: Document, order: Order, now: datetime, by: Recorder) -> Outcome:
    """OPERATION was started without ADMISSION, and did not get as far as being accepted."""
    requested_at = clock.from_text(order.requested_at)
    outcome = outcome_of(work, order, _verdict(work).environment.value, requested_at, now)
    answer = answer_to(work, order.operation_id)
    ledger.record_refusal(order, as_recorded(answer, work), requested_at, _verdict(work), by)
    return outcome


def _outcome_on_record(item: Item) -> Outcome:
    unsettled = item.get("unfinished") == Unfinished.WATCH.value
    return Outcome(json.loads(str(item["result"])), str(item["error"]), unsettled)


def _count(order: Order, verdict: Verdict, outcome: Outcome) -> None:
    """A refusal at the last moment was no execution, and no error of the service."""
    if outcome.error != REFUSED:
        duration = outcome.document["duration_seconds"]
        operation_metrics(order.operation, verdict.environment.value, not outcome.error, duration)
