"""What remains of an execution that ended without its own closing record."""

import json
from typing import Any

import pytest

from rds_operations.records.ended_execution import error_text, work_of_event

NO_FUNCTION = "Function not found: arn:aws:lambda:eu-west-1:111122223333:function:f:$LATEST"
UNKNOWN = "The cause could not be determined because Lambda did not return an error type."
TIMED_OUT_TEXT = "2025-01-07T10:40:38.651Z Task timed out after 5.00 seconds"


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ({}, "Unknown: no details"),
        ({"Error": "States.Timeout"}, "States.Timeout: no details"),
        ({"Error": "States.Timeout", "Cause": ""}, "States.Timeout: no details"),
        ({"Error": "KeyError", "Cause": '{"errorMessage": "\'order\'"}'}, "KeyError: 'order'"),
        ({"Error": "RdsUnavailable", "Cause": '{"errorMessage": "no answer"}'}, "no answer"),
        ({"Error": "RdsRejected", "Cause": "{}"}, "RdsRejected: no details"),
        ({"Error": "E", "Cause": "No cause could be read. Traceback: x"}, "E: No cause could be read."),
        ({"Error": "Lambda.Unknown", "Cause": 'Odd. {"stackTrace": ["x"]}'}, "Lambda.Unknown: Odd."),
        ({"Error": "E", "Cause": "One line.\nAnother, with a path: /var/task"}, "E: One line."),
        ({"Error": "E", "Cause": "x" * 501}, "E: " + "x" * 500),
        # Recorded on AWS for LocalStack: test_task_service_lambda.snapshot.json, test_no_such_function_catch.
        ({"Error": "Lambda.ResourceNotFoundException", "Cause": f"{NO_FUNCTION} (Status Code: 404)"},
         f"Lambda.ResourceNotFoundException: {NO_FUNCTION} (Status Code: 404)"),
        # Executions of 2024 and 2025 show this for a function that reached its own time-out.
        ({"Error": "Lambda.Unknown", "Cause": f'{UNKNOWN} Returned payload: {{"errorMessage":"{TIMED_OUT_TEXT}"}}'},
         f"Lambda.Unknown: {TIMED_OUT_TEXT}"),
        ({"Error": "E", "Cause": '["a list"]'}, "E: no details"),
        ({"Error": "E", "Cause": "null"}, "E: no details"),
    ],
)  # fmt: skip
def test_a_fault_in_words(fault: dict[str, str], text: str) -> None:
    assert error_text(fault) == text


def test_no_stack_trace_is_ever_in_a_fault_text() -> None:
    cause = {
        "errorMessage": "boom",
        "errorType": "ValueError",
        "stackTrace": ['  File "/var/task/execute/handler.py", line 1'],
    }
    text = error_text({"Error": "ValueError", "Cause": json.dumps(cause)})
    assert text == "ValueError: boom"


@pytest.mark.parametrize(
    ("detail", "text"),
    [
        ({"status": "ABORTED"}, "ExecutionAborted: The execution was stopped"),
        ({"status": "ABORTED", "error": "StoppedByDba"}, "ExecutionAborted: The execution was stopped"),
        ({"status": "TIMED_OUT"}, "ExecutionTimedOut: The execution ran out of time"),
        ({"status": "FAILED", "error": None}, "ExecutionFailed: The execution broke: no details"),
        ({"status": "FAILED", "error": "States.Runtime"}, "ExecutionFailed: The execution broke: States.Runtime"),
    ],
)
def test_an_execution_that_ended_without_its_closing_record(detail: dict[str, Any], text: str) -> None:
    assert error_text(work_of_event(detail)["error"]) == text


# After a late read.


@pytest.mark.parametrize("cause", [None, "", "no JSON", "[]", "3", "{}", '{"request": {}}'])
def test_a_cause_that_is_no_work_tells_only_that_the_execution_broke(cause: str | None) -> None:
    work = work_of_event({"status": "FAILED", "error": "AuditFailed", "cause": cause})
    assert error_text(work["error"]) == "ExecutionFailed: The execution broke: AuditFailed"
