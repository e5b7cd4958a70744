"""The refusal of a request that never became an operation: for the caller, and for the record."""

from __future__ import annotations

from dataclasses import replace

from rds_operations.model.documents import Document
from rds_operations.model.progress import Progress
from rds_operations.model.refusals import Code, Refusal
from rds_operations.records.ended_execution import error_text
from rds_operations.records.state_document import StateDocument

_TRY_AGAIN = (
    "RdsThrottled",
    "RdsUnreachable",
    "RdsUnavailable",
    "TableUnavailable",
    "TableBusy",
    "AdmittedTooLate",
    "States.Timeout",
    "StepFunctions.ThrottlingException",
    # What AWS tells to repeat, and a function that ran into its own time-out: Lambda.Unknown until 2025.
    # https://docs.aws.amazon.com/step-functions/latest/dg/bp-lambda-serviceexception.html
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Lambda.Unknown",
    "Runtime.ExitError",
    "Sandbox.Timedout",
)
MAY_HAVE_BEGUN = Refusal(
    503,
    Code.TRY_AGAIN,
    "The service is busy, and the operation may have begun. Repeat the request with the same Idempotency-Key.",
)


def answer_to(work: StateDocument, operation_id: str) -> Refusal:
    """Say what the caller is told: a refusal as it is, of an error never the cause."""
    if "error" in work:
        # With a start, it was that of a request which an earlier request with this key has opened.
        return MAY_HAVE_BEGUN if "start" in work else error_answer(work["error"], operation_id)
    if no := work.get("refusal") or work.get("not_ready"):
        return Refusal.from_document(no)
    error = Progress.from_document(work["progress"]).error
    return Refusal(500, Code.INTERNAL_ERROR, error or "The operation is not on record")


def as_recorded(answer: Refusal, work: StateDocument) -> Refusal:
    """Add to the answer what it keeps back: the cause of an error."""
    return replace(answer, error=error_text(work["error"])) if "error" in work else answer


def error_answer(error: Document, operation_id: str) -> Refusal:
    """Answer 503 where repeating the request can help, else 500; never the cause."""
    if error.get("Error") in _TRY_AGAIN:
        return Refusal(503, Code.TRY_AGAIN, "The service is busy; nothing was done. Try again.")
    text = f"The request could not be completed; nothing was done. It is on record as {operation_id}."
    return Refusal(500, Code.INTERNAL_ERROR, text)
