"""How an operation ended: its result document, and the end of its execution."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rds_operations.model.end_codes import EndCode
from rds_operations.model.progress import Progress, failed
from rds_operations.model.refusals import Code
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.records.ended_execution import error_text
from rds_operations.records.state_document import StateDocument

FAILED = "OperationFailed"
TIMED_OUT = "OperationTimedOut"
REFUSED = "OperationRefused"
_EXECUTION_TIMED_OUT = "ExecutionTimedOut"
NOT_STARTED = "OperationNotStarted"
_STILL_AT_IT = "RDS had not finished at the last poll. The service polls on, and final_status will say how it ended"
_MAY_GO_ON = ". RDS may already have received the call; final_status will show the result"
_CODES = {
    "ExecutionAborted": EndCode.STOPPED,
    "AccountUnreachable": EndCode.ACCOUNT_NOT_REACHABLE,
    NOT_STARTED: EndCode.NOT_STARTED,
    **dict.fromkeys(("RdsThrottled", "RdsUnreachable", "TableBusy"), EndCode.TRY_AGAIN),
}
"""By the name of the error that ended the execution."""
_UNKNOWN = "Unknown: another operation of this kind began on the instance before RDS was seen to finish this one"


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
    work: StateDocument,
    request: OperationRequest,
    environment: str,
    since: datetime,
    now: datetime,
    *,
    acted: bool = False,
) -> Outcome:
    """Decide by what the states left in `work`: a refusal, an error, or the progress.

    Progress that is not finished means that the polls are used up: the time-out. An error after the service `acted`
    says nothing of the database.
    """
    duration = seconds_between(since, now)
    if "error" in work:
        text = error_text(work["error"]) + (_MAY_GO_ON if acted else "")
        if work["error"]["Error"] == _EXECUTION_TIMED_OUT:
            return Outcome(_timed_out(request, environment, Progress("timeout"), duration, text), TIMED_OUT, acted)
        failure = failed(text, _code_of(work["error"]["Error"], acted))
        return Outcome(_failure(request, environment, failure, duration), FAILED, unsettled=acted)
    if refusal := work.get("refusal") or work.get("not_ready"):
        failure = failed(refusal["error"], Code(refusal["code"]))
        return Outcome(_failure(request, environment, failure, duration), REFUSED)
    progress = Progress.from_document(work["progress"])
    if progress.success:
        return Outcome(_document(request, environment, progress, duration) | {"success": True})
    if not progress.finished or progress.has_unknown_end:
        return Outcome(_timed_out(request, environment, progress, duration, _STILL_AT_IT), TIMED_OUT, unsettled=True)
    return Outcome(_failure(request, environment, progress, duration), FAILED)


def with_final_status(
    document: dict[str, Any], request: OperationRequest, progress: Progress, since: datetime, now: datetime
) -> dict[str, Any]:
    """Complete the result `document` of an end that was not settled with what RDS shows later.

    `final_status` is `available`, `failed`, or `timeout` where RDS was never seen to be done; `final_note` says where
    that cannot be known any more. `final_duration_seconds` is up to the poll that saw the end. `status` and `success`
    stay as they were.
    """
    seen = OPERATIONS[request.operation].document(request, progress)
    final = {
        "final_status": progress.status if progress.finished else "timeout",
        "final_duration_seconds": seconds_between(since, now),
    }
    final |= {"final_error": progress.error, "final_code": progress.code} if progress.error else {}
    final |= {"final_note": _UNKNOWN} if progress.has_unknown_end else {}
    told = {name: value for name, value in document.items() if (name, value) != ("note", _STILL_AT_IT)}
    return told | seen | final


def _code_of(error: str, acted: bool) -> EndCode:
    code = _CODES.get(error, EndCode.INTERNAL_ERROR)
    return EndCode.INTERNAL_ERROR if acted and code is EndCode.TRY_AGAIN else code


def seconds_between(since: datetime, now: datetime) -> float:
    return max(0.0, round((now - since).total_seconds(), 1))


def _failure(request: OperationRequest, environment: str, progress: Progress, duration: float) -> dict[str, Any]:
    document = _document(request, environment, progress, duration)
    return document | {"success": False, "error": progress.error, "code": progress.code or EndCode.INTERNAL_ERROR.value}


def _timed_out(
    request: OperationRequest, environment: str, progress: Progress, duration: float, note: str
) -> dict[str, Any]:
    document = _document(request, environment, progress, duration)
    return document | {"status": "timeout", "success": False, "code": EndCode.TIMED_OUT.value, "note": note}


def _document(request: OperationRequest, environment: str, progress: Progress, duration: float) -> dict[str, Any]:
    """Make the specification's document, with what its reader needs to find the rest."""
    operation = OPERATIONS.get(request.operation)
    return {
        "operation": request.operation,
        **(operation.document(request, progress) if operation and request.parameters else {}),
        "status": progress.status,
        "duration_seconds": duration,
        "operation_id": request.operation_id,
        "execution_arn": request.execution_arn,
        "instance_id": request.instance_id,
        "environment": environment,
    }
