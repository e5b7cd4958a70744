"""What an execution leaves when it ends without its own closing record: its work, or the error that ended it."""

from __future__ import annotations

import json

from rds_operations.model.documents import Document
from rds_operations.records.state_document import StateDocument, as_state_document

NOT_RECORDED = "AuditFailed"
_ENDED = {"ABORTED": "The execution was stopped", "TIMED_OUT": "The execution ran out of time"}
_TELL_AN_END = frozenset({"error", "refusal", "not_ready", "progress"})
_LONGEST_SENTENCE = 500
_KEPT_EXCEPTIONS = (
    "AccountUnreachable",
    "RdsThrottled",
    "RdsUnreachable",
    "RdsRejected",
    "RdsUnavailable",
    "TableUnavailable",
    "TableBusy",
)


def error_text(error: Document) -> str:
    """Say an error in words.

    The cause of a failed function is JSON with a stack trace, which stays out of records. That of a call which Step
    Functions could not make is a sentence.
    """
    name, cause = str(error.get("Error", "Unknown")), error.get("Cause") or ""
    message = _message_in(cause)
    if message is None:
        sentence, brace, rest = cause.partition("{")  # "... Returned payload: {"errorMessage": ...}"
        message = _message_in(brace + rest) or _first_line(sentence)
    return message if name in _KEPT_EXCEPTIONS and message else f"{name}: {message or 'no details'}"


def _message_in(cause: str) -> str | None:
    """Return what a function has raised; None where the text is no JSON."""
    try:
        document = json.loads(cause)
    except (ValueError, RecursionError):
        return None
    return str(document.get("errorMessage", "")) if isinstance(document, dict) else ""


def _first_line(text: str) -> str:
    return text.partition("Traceback")[0].strip().partition("\n")[0][:_LONGEST_SENTENCE].strip()


def unrecorded_work(detail: Document) -> StateDocument | None:
    """Return the whole work of an execution of which only the recording failed: its cause. None for any other end.

    Of a stopped execution, error and cause are the words of whoever stopped it.
    """
    if detail["status"] != "FAILED" or detail.get("error") != NOT_RECORDED:
        return None
    try:
        work = json.loads(detail.get("cause") or "")
    except (ValueError, RecursionError):
        return None
    return as_state_document(work) if isinstance(work, dict) and not _TELL_AN_END.isdisjoint(work) else None


def work_of_event(detail: Document) -> StateDocument:
    """Make the work of an execution that ended without its own closing record, from its EventBridge event."""
    if work := unrecorded_work(detail):
        return work
    status = str(detail["status"])
    text = _ENDED.get(status, f"The execution broke: {detail.get('error') or 'no details'}")
    return {
        "error": {"Error": f"Execution{status.title().replace('_', '')}", "Cause": json.dumps({"errorMessage": text})}
    }
