"""Audit: every attempt ends on record, exactly once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import Any

from rds_operations import clock
from rds_operations.admission import accepted_reply
from rds_operations.classification import Environment, Verdict
from rds_operations.faults import TableBusy
from rds_operations.intake import api_stub, execution_stub
from rds_operations.items import order_of, verdict_of
from rds_operations.ledger import Ledger
from rds_operations.order import Order
from rds_operations.outcome import REFUSED, Outcome, fault_text, outcome_of, work_of_event
from rds_operations.refusals import reply
from rds_operations.tables import Item
from rds_operations.telemetry import operation_metrics

UNKNOWN = Verdict(Environment.UNKNOWN, "")
_TRY_AGAIN = (
    "RdsThrottled",
    "RdsUnavailable",
    "RecordNotWritten",
    "TableBusy",
    "TooLate",
    "Lambda.TooManyRequestsException",
    "Sandbox.Timedout",
    "States.Timeout",
    "StepFunctions.ThrottlingException",
)
Document = dict[str, Any]


def refuse(ledger: Ledger, work: Document, envelope: Document, execution: Document, now: datetime) -> Document:
    """ADMISSION said no, or broke: the record, and the answer to give."""
    order = _order(work) or api_stub(envelope, execution)
    requested_at = clock.from_text(order.requested_at)
    if "refusal" in work:
        ledger.record_refusal(order, {"success": False, **work["refusal"]}, requested_at, _verdict(work))
        answer: Document = work["reply"]
        return answer
    item = _own_item(ledger, order)
    if item:
        return _close_unbegun(ledger, work, item, now)
    result = {"success": False, "error": fault_text(work["fault"])}
    ledger.record_refusal(order, result, requested_at, _verdict(work))
    return _fault_reply(work["fault"], order)


def close(ledger: Ledger, work: Document, execution: Document, now: datetime, request: str = "") -> Outcome:
    """OPERATION is over: its closing record, final status and released lock; or a record of its own."""
    order = _order(work) or execution_stub(request, execution)
    item = ledger.item(order.operation_id)
    if item is None:
        return _record_refused_start(ledger, work, order, now)
    if "ended_at" in item:
        return _outcome_on_record(item)
    order = replace(order_of(item), execution_arn=str(execution["Id"]))
    verdict = _verdict(work, verdict_of(item))
    since = clock.from_text(str(item.get("acting_at") or item["started_at"]))
    outcome = outcome_of(work, order, verdict.environment.value, since, now)
    if ledger.close(order, verdict, outcome, now):
        _count(order, verdict, outcome)
        return outcome
    raise TableBusy(f"Operation {order.operation_id} was touched by another transaction; nothing was written")


def close_ended(ledger: Ledger, detail: Document, now: datetime) -> Outcome:
    """The backstop, from the event of an execution that failed, timed out or was stopped.

    Idempotent against the machine's own Audit state: what that has recorded is left alone.
    """
    execution = {"Id": detail["executionArn"], "Name": detail["name"], "StartTime": detail["startDate"]}
    return close(ledger, work_of_event(detail), execution, now, request=detail.get("input") or "")


def _order(work: Document) -> Order | None:
    """Validate's order; None where Validate itself broke."""
    return Order.from_document(work["order"]) if "order" in work else None


def _verdict(work: Document, otherwise: Verdict = UNKNOWN) -> Verdict:
    return Verdict.from_document(work["verdict"]) if "verdict" in work else otherwise


def _own_item(ledger: Ledger, order: Order) -> Item | None:
    """The item that Admit has opened for this very request, before ADMISSION broke."""
    item = ledger.item(order.operation_id) if order.instance_id else None
    return item if item and order.request_id and item["request_id"] == order.request_id else None


def _close_unbegun(ledger: Ledger, work: Document, item: Item, now: datetime) -> Document:
    """The order is closed, unless OPERATION was started all the same and has begun: then it stays accepted."""
    order, verdict = order_of(item), verdict_of(item)
    outcome = outcome_of(work, order, verdict.environment.value, now, now)
    closed = ledger.close(order, verdict, outcome, now, only_unclaimed=True)
    if not closed and "acting_at" in (ledger.item(order.operation_id) or item):
        return accepted_reply(item)
    return _fault_reply(work["fault"], order)


def _record_refused_start(ledger: Ledger, work: Document, order: Order, now: datetime) -> Outcome:
    """OPERATION was started without ADMISSION, and did not get as far as being accepted."""
    requested_at = clock.from_text(order.requested_at)
    outcome = outcome_of(work, order, _verdict(work).environment.value, requested_at, now)
    ledger.record_refusal(order, outcome.document, requested_at, _verdict(work))
    return outcome


def _outcome_on_record(item: Item) -> Outcome:
    return Outcome(json.loads(str(item["result"])), str(item["error"]))


def _count(order: Order, verdict: Verdict, outcome: Outcome) -> None:
    """A refusal at the last moment was no execution, and no error of the service."""
    if outcome.error != REFUSED:
        duration = outcome.document["duration_seconds"]
        operation_metrics(order.operation, verdict.environment.value, not outcome.error, duration)


def _fault_reply(fault: Document, order: Order) -> Document:
    """503 where repeating the request can help, else 500; never the cause."""
    if fault.get("Error") in _TRY_AGAIN:
        return reply(503, {"error": "The service is busy; nothing was done. Try again.", "code": "try_again"})
    return reply(
        500,
        {
            "error": f"The request could not be completed; nothing was done. It is on record as {order.operation_id}.",
            "code": "internal_error",
        },
    )
