"""What became of a piece of work: the result document, and how its execution ends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rds_operations.model.order import Order
from rds_operations.model.progress import Progress
from rds_operations.operations import OPERATIONS

FAILED = "OperationFailed"
TIMED_OUT = "OperationTimedOut"
REFUSED = "OperationRefused"
_EXECUTION_TIMED_OUT = "ExecutionTimedOut"
NOT_RECORDED = "AuditFailed"
NOT_STARTED = "OperationNotStarted"
_ENDED = {"ABORTED": "The execution was stopped", "TIMED_OUT": "The execution ran out of time"}
_TELL_AN_END = frozenset({"fault", "refusal", "obstacle", "progress"})
_MAY_GO_ON = ". RDS may have been asked by then: final_status will tell what became of it"
_UNTOLD = "Unknown: another operation of this kind began on the instance before RDS was seen to be done with this one"
_LONGEST_SENTENCE = 500
_KEPT_EXCEPTIONS = (
    "AccountRefused",
    "RdsThrottled",
    "RdsNotReached",
    "RdsRefused",
    "RdsUnavailable",
    "RecordNotWritten",
    "TableBusy",
)


@dataclass(frozen=True)
class Outcome:
    """`error` is the error name of the execution, empty where it succeeds.

    `unsettled`: RDS had been asked, and what became of it is not known yet.
    """

    document: dict[str, Any]
    error: str = ""
    unsettled: bool = False

    def to_document(self) -> dict[str, Any]:
        cause = json.dumps(self.document, ensure_ascii=False)
        return {"success": not self.error, "error": self.error, "cause": cause, "document": self.document}


def outcome_of(
    work: dict[str, Any], order: Order, environment: str, since: datetime, now: datetime, *, acted: bool = False
) -> Outcome:
    """From what the states left in `work`: a refusal, a fault, or the progress.

    Progress that is not finished means that the polls are used up: the time-out. A fault after the service `acted`
    says nothing of the database.
    """
    duration = seconds_between(since, now)
    if "fault" in work:
        text = fault_text(work["fault"]) + (_MAY_GO_ON if acted else "")
        document = _failure(order, environment, text, duration)
        if work["fault"]["Error"] == _EXECUTION_TIMED_OUT:
            return Outcome(document | {"status": "timeout"}, TIMED_OUT, unsettled=acted)
        return Outcome(document, FAILED, unsettled=acted)
    if refusal := work.get("refusal") or work.get("obstacle"):
        document = _failure(order, environment, refusal["error"], duration)
        return Outcome(document | {"code": refusal["code"]}, REFUSED)
    progress = Progress.from_document(work["progress"])
    if progress.success:
        return Outcome(_document(order, environment, progress, duration) | {"success": True})
    document = _document(order, environment, progress, duration) | {"success": False}
    if not progress.finished or progress.is_untold:
        return Outcome(document | {"status": "timeout"}, TIMED_OUT, unsettled=True)
    return Outcome(document | {"error": progress.error}, FAILED)


def settled(
    document: dict[str, Any], order: Order, progress: Progress, since: datetime, now: datetime
) -> dict[str, Any]:
    """The result `document` of an end that was not settled, completed by what RDS shows later.

    `final_status` is `available`, `failed`, or `timeout` where RDS was never seen to be done; `final_note` says where
    that cannot be known any more. `final_duration_seconds` is up to the look that saw the end. `status` and `success`
    stay as they were.
    """
    seen = OPERATIONS[order.operation].document(order, progress)
    final = {
        "final_status": progress.status if progress.finished else "timeout",
        "final_duration_seconds": seconds_between(since, now),
    }
    final |= {"final_error": progress.error} if progress.error else {}
    final |= {"final_note": _UNTOLD} if progress.is_untold else {}
    return document | seen | final


def seconds_between(since: datetime, now: datetime) -> float:
    return max(0.0, round((now - since).total_seconds(), 1))


def fault_text(fault: dict[str, Any]) -> str:
    """A fault in words. The cause of a failed function is JSON with a stack trace, which stays out of records; that of
    a call which Step Functions could not make is a sentence.
    """
    name, cause = str(fault.get("Error", "Unknown")), fault.get("Cause") or ""
    message = _message_in(cause)
    if message is None:
        sentence, brace, rest = cause.partition("{")  # "... Returned payload: {"errorMessage": ...}"
        message = _message_in(brace + rest) or _first_line(sentence)
    return message if name in _KEPT_EXCEPTIONS and message else f"{name}: {message or 'no details'}"


def _message_in(cause: str) -> str | None:
    """What a function has raised; None where the text is no JSON."""
    try:
        document = json.loads(cause)
    except (ValueError, RecursionError):
        return None
    return str(document.get("errorMessage", "")) if isinstance(document, dict) else ""


def _first_line(text: str) -> str:
    return text.partition("Traceback")[0].strip().partition("\n")[0][:_LONGEST_SENTENCE].strip()


def _failure(order: Order, environment: str, error: str, duration: float) -> dict[str, Any]:
    document = _document(order, environment, Progress("failed"), duration)
    return document | {"success": False, "error": error}


def _document(order: Order, environment: str, progress: Progress, duration: float) -> dict[str, Any]:
    """The specification's document, and what a reader of one needs to find the rest."""
    operation = OPERATIONS.get(order.operation)
    return {
        "operation": order.operation,
        **(operation.document(order, progress) if operation and order.parameters else {}),
        "status": progress.status,
        "duration_seconds": duration,
        "operation_id": order.operation_id,
        "execution_arn": order.execution_arn,
        "instance_id": order.instance_id,
        "environment": environment,
    }


def unrecorded_work(detail: dict[str, Any]) -> dict[str, Any] | None:
    """The whole work of an execution of which only the recording failed: its cause. None for any other end.

    Of a stopped execution, error and cause are the words of whoever stopped it.
    """
    if detail["status"] != "FAILED" or detail.get("error") != NOT_RECORDED:
        return None
    try:
        work = json.loads(detail.get("cause") or "")
    except (ValueError, RecursionError):
        return None
    return work if isinstance(work, dict) and not _TELL_AN_END.isdisjoint(work) else None


def work_of_event(detail: dict[str, Any]) -> dict[str, Any]:
    """The work of an execution that ended without its own closing record, from its EventBridge event."""
    if work := unrecorded_work(detail):
        return work
    status = str(detail["status"])
    text = _ENDED.get(status, f"The execution broke: {detail.get('error') or 'no details'}")
    return {
        "fault": {"Error": f"Execution{status.title().replace('_', '')}", "Cause": json.dumps({"errorMessage": text})}
    }
