"""The specification's result documents, and the ends of executions."""

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from rds_operations.model.end_codes import EndCode
from rds_operations.model.progress import Progress, done, failed, unknown_end
from rds_operations.model.refusals import Code, bad_request
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.records.ended_execution import work_of_event
from rds_operations.records.outcome import Outcome, outcome_of, with_final_status
from rds_operations.records.state_document import as_state_document
from tests.builders import INSTANCE_ID, MOMENT, SNAPSHOT_ID, a_request
from tests.operation_cases import CASES

SNAPSHOT_ARN = f"arn:aws:rds:ap-southeast-1:123456789012:snapshot:{SNAPSHOT_ID}"
DETAILS = {name: case.details for name, case in CASES.items()}
SPECIFIED: dict[str, dict[str, Any]] = {
    "create_snapshot": {"operation": "create_snapshot", "snapshot_id": SNAPSHOT_ID, **DETAILS["create_snapshot"]},
    "reboot_instance": {"operation": "reboot_instance", "instance_id": INSTANCE_ID, "force_failover": False},
    "modify_backup_window": {
        "operation": "modify_backup_window",
        "instance_id": INSTANCE_ID,
        "backup_window": "03:00-04:00",
        "apply_immediately": True,
        "pending_backup_window": None,
    },
}
STILL_AT_IT = "RDS had not finished at the last poll. The service polls on, and final_status will say how it ended"


def ended(work: Mapping[str, Any], request: OperationRequest | None = None, seconds: float = 125.31) -> Outcome:
    return outcome_of(
        as_state_document(work), request or a_request(), "development", MOMENT, MOMENT + timedelta(seconds=seconds)
    )


def found_by(request: OperationRequest) -> dict[str, str]:
    return {
        "operation_id": request.operation_id,
        "execution_arn": request.execution_arn,
        "instance_id": INSTANCE_ID,
        "environment": "development",
    }


@pytest.mark.parametrize("operation", SPECIFIED)
def test_a_success_is_the_specifications_document_with_all_its_keys(operation: str) -> None:
    request = a_request(operation)
    outcome = ended({"progress": done("available", **DETAILS[operation]).to_document()}, request)
    ending = {"status": "available", "duration_seconds": 125.3, "success": True}
    assert outcome == Outcome(SPECIFIED[operation] | ending | found_by(request))


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("seconds", [0, 2, 300, -1])
def test_a_duration_is_a_number_with_a_fraction_and_never_negative(operation: str, seconds: int) -> None:
    document = ended({"progress": done("available").to_document()}, a_request(operation), seconds).document
    assert type(document["duration_seconds"]) is float
    assert document["duration_seconds"] == max(0, seconds)
    assert type(document["success"]) is bool


@pytest.mark.parametrize("operation", OPERATIONS)
def test_progress_that_is_not_finished_is_a_timeout(operation: str) -> None:
    outcome = ended({"progress": Progress("creating", percent=40).to_document()}, a_request(operation), 300)
    assert outcome.error == "OperationTimedOut"
    assert (outcome.document["status"], outcome.document["success"]) == ("timeout", False)
    assert outcome.document["duration_seconds"] == 300.0
    assert "error" not in outcome.document
    assert (outcome.document["code"], outcome.document["note"]) == ("timed_out", STILL_AT_IT)


def test_an_error_of_aws_is_in_the_document_word_for_word() -> None:
    error = f"DBSnapshotAlreadyExists: Snapshot {SNAPSHOT_ID} already exists"
    request = a_request()
    outcome = ended({"progress": failed(error, EndCode.SNAPSHOT_EXISTS).to_document()}, request, 1.2)
    assert outcome.error == "OperationFailed"
    assert outcome.document == {
        "operation": "create_snapshot",
        "snapshot_id": SNAPSHOT_ID,
        "status": "failed",
        "success": False,
        "error": error,
        "code": "snapshot_exists",
        "duration_seconds": 1.2,
        **found_by(request),
    }


@pytest.mark.parametrize("kind", ["refusal", "not_ready"])
def test_a_refusal_ends_as_refused_with_its_sentence(kind: str) -> None:
    refusal = {"status": 409, "code": "instance_not_ready", "error": "Instance is stopped."}
    outcome = ended({kind: refusal})
    assert outcome.error == "OperationRefused"
    assert (outcome.document["success"], outcome.document["error"]) == (False, "Instance is stopped.")


def test_a_refused_start_that_names_nothing_sound_still_has_a_document() -> None:
    refusal = bad_request("operation is required", Code.MISSING_PARAMETER)
    outcome = ended({"refusal": refusal.to_document()}, OperationRequest("by-hand"), 0)
    assert outcome.document["operation_id"] == "by-hand"
    assert (outcome.document["error"], outcome.document["code"]) == ("operation is required", "missing_parameter")
    assert "snapshot_id" not in outcome.document


def test_a_fault_beats_the_progress_before_it() -> None:
    cause = json.dumps({"errorMessage": "Throttling: Rate exceeded", "stackTrace": ["secret path"]})
    work = {"progress": done("available").to_document(), "error": {"Error": "RdsThrottled", "Cause": cause}}
    outcome = ended(work)
    assert outcome.error == "OperationFailed"
    assert outcome.document["error"] == "Throttling: Rate exceeded"
    assert outcome.document["success"] is False


def test_where_only_the_recording_failed_the_outcome_is_known() -> None:
    work = {"progress": done("available", **DETAILS["create_snapshot"]).to_document()}
    detail = {"status": "FAILED", "error": "AuditFailed", "cause": json.dumps(work)}
    assert ended(work_of_event(detail)) == ended(work)


def test_the_end_of_the_execution_carries_the_document_as_its_cause() -> None:
    outcome = ended({"progress": failed("Größe", EndCode.REBOOT_FAILED).to_document()})
    document = outcome.to_document()
    assert (document["success"], document["error"]) == (False, "OperationFailed")
    assert json.loads(document["cause"]) == document["document"] == outcome.document
    assert ended({"progress": done("available").to_document()}).to_document()["success"] is True


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ExecutionAborted", "stopped"),
        ("AccountUnreachable", "account_not_reachable"),
        ("OperationNotStarted", "not_started"),
        ("RdsThrottled", "try_again"),
        ("States.Runtime", "internal_error"),
    ],
)
def test_what_broke_has_a_code(name: str, code: str) -> None:
    assert ended({"error": {"Error": name, "Cause": "{}"}}).document["code"] == code


def test_an_execution_that_ran_out_of_time_has_a_note_and_no_error() -> None:
    cause = json.dumps({"errorMessage": "The execution ran out of time"})
    document = ended({"error": {"Error": "ExecutionTimedOut", "Cause": cause}}).document
    assert (document["status"], document["code"]) == ("timeout", "timed_out")
    assert document["note"].endswith("The execution ran out of time")
    assert "error" not in document


# What a late look adds.

NOTE = "Unknown: another operation of this kind began on the instance before RDS was seen to finish this one"
TIMED_OUT_WORK: dict[str, Any] = {"progress": Progress("rebooting").to_document()}


@pytest.mark.parametrize(
    ("progress", "final"),
    [
        (done("available"), {"final_status": "available"}),
        (
            failed("gone", EndCode.INSTANCE_GONE),
            {"final_status": "failed", "final_error": "gone", "final_code": "instance_gone"},
        ),
        (Progress("rebooting"), {"final_status": "timeout"}),
        (unknown_end(), {"final_status": "timeout", "final_note": NOTE}),
    ],
)
def test_a_late_look_adds_what_became_of_it_and_changes_nothing_else(progress: Progress, final: dict[str, str]) -> None:
    request = a_request("reboot_instance")
    document = ended(TIMED_OUT_WORK, request).document
    late = with_final_status(document, request, progress, MOMENT, MOMENT + timedelta(seconds=1234.56))
    assert late | {"note": STILL_AT_IT} == document | final | {"final_duration_seconds": 1234.6}
    assert "note" not in late
    assert (late["status"], late["success"]) == ("timeout", False)


def test_a_late_look_completes_the_document_with_what_rds_shows() -> None:
    document = ended({"progress": Progress("creating").to_document()}).document
    late = with_final_status(document, a_request(), done("available", **DETAILS["create_snapshot"]), MOMENT, MOMENT)
    assert "snapshot_arn" not in document
    assert late["snapshot_arn"] == SNAPSHOT_ARN


@pytest.mark.parametrize(
    ("work", "acted", "unsettled"),
    [
        (TIMED_OUT_WORK, True, True),
        ({"error": {"Error": "ExecutionAborted"}}, True, True),
        ({"error": {"Error": "ExecutionTimedOut"}}, True, True),
        ({"error": {"Error": "ExecutionAborted"}}, False, False),
        ({"progress": done("available").to_document()}, True, False),
        ({"progress": failed("no", EndCode.REBOOT_FAILED).to_document()}, True, False),
        ({"refusal": bad_request("no").to_document()}, False, False),
    ],
)
def test_an_end_is_settled_where_rds_was_never_asked_or_has_answered(
    work: dict[str, Any], acted: bool, unsettled: bool
) -> None:
    request = a_request("reboot_instance")
    outcome = outcome_of(as_state_document(work), request, "development", MOMENT, MOMENT, acted=acted)
    assert outcome.unsettled is unsettled
