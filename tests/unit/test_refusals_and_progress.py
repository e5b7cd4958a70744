"""What travels between the states survives the documents it travels in."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model.errors import (
    NoEffect,
    QueueUnavailable,
    RdsRejected,
    RdsThrottled,
    RdsUnavailable,
    RdsUnreachable,
    Retryable,
    ServiceError,
    TableBusy,
    TableUnavailable,
)
from rds_operations.model.progress import Progress, done, failed
from rds_operations.model.refusals import Code, Refusal, bad_request, conflict, invalid_parameter, not_supported, reply

details = st.dictionaries(st.text(), st.text() | st.integers() | st.booleans())


@given(st.sampled_from([400, 403, 404, 409, 413]), st.sampled_from(Code), st.text())
def test_a_refusal_survives_its_document(status: int, code: Code, error: str) -> None:
    refusal = Refusal(status, code, error)
    assert Refusal.from_document(json.loads(json.dumps(refusal.to_document()))) == refusal


@given(st.builds(Progress, st.text(), st.booleans(), st.booleans(), st.text(), st.integers(), st.text(), details))
def test_progress_survives_its_document(progress: Progress) -> None:
    assert Progress.from_document(json.loads(json.dumps(progress.to_document()))) == progress


def test_a_reply_holds_its_body_as_json_text() -> None:
    answer = Refusal(409, Code.PENDING_CHANGES, 'Größe "x"').reply()
    assert answer == {"statusCode": 409, "body": '{"error": "Größe \\"x\\"", "code": "pending_changes"}'}
    assert reply(202, {}, location="/operations/x") == {"statusCode": 202, "body": "{}", "location": "/operations/x"}


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (bad_request("x"), 400, "invalid_request"),
        (invalid_parameter("x"), 400, "invalid_parameter"),
        (not_supported("x"), 400, "not_supported_by_instance"),
        (conflict("x", Code.OPERATION_IN_PROGRESS), 409, "operation_in_progress"),
    ],
)
def test_the_status_and_code_of_each_kind_of_refusal(refusal: Refusal, status: int, code: str) -> None:
    assert (refusal.status, refusal.code) == (status, code)


def test_done_and_failed_are_finished_and_only_one_is_a_success() -> None:
    assert done("available", arn="x") == Progress(
        "available", finished=True, success=True, percent=100, details={"arn": "x"}
    )
    assert failed("no") == Progress("failed", finished=True, success=False, error="no")
    assert not Progress("creating").finished


def test_an_error_keeps_its_message_for_the_cause() -> None:
    throttled = RdsThrottled("Throttling", "Rate exceeded")
    assert str(throttled) == "Throttling: Rate exceeded"
    assert throttled.code == "Throttling"


@pytest.mark.parametrize("retryable", [RdsThrottled("Throttling", "x"), RdsUnreachable("x"), TableBusy("x")])
def test_what_may_be_repeated_had_no_effect(retryable: ServiceError) -> None:
    assert isinstance(retryable, Retryable)
    assert isinstance(retryable, NoEffect)


@pytest.mark.parametrize("unknown", [RdsUnavailable("x"), TableUnavailable("x"), QueueUnavailable("x")])
def test_what_may_have_had_its_effect_is_none_of_those(unknown: ServiceError) -> None:
    assert not isinstance(unknown, NoEffect)


def test_a_rejection_may_not_be_repeated() -> None:
    assert not isinstance(RdsRejected("AccessDenied", "x"), Retryable)
    assert not isinstance(RdsThrottled("Throttling", "x"), RdsRejected)
