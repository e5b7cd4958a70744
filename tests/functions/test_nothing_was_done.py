"""An answer "nothing was done" stays true; what has acted was accepted."""

from __future__ import annotations

import pytest

from tests.builders import SNAPSHOT_ID, a_body
from tests.functions.fake_aws import Document, FakeAws

LOST = {"Error": "States.Timeout", "Cause": ""}
BROKEN = {"Error": "KeyError", "Cause": '{"errorMessage": "boom"}'}
each_fault = pytest.mark.parametrize("fault", [LOST, BROKEN], ids=["busy", "broken"])


@pytest.fixture(autouse=True)
def _instance(aws: FakeAws) -> None:
    aws.create_instance()


def first(aws: FakeAws) -> Document:
    return aws.admit(a_body(), "a-key", "request-1")


# ADMISSION breaks after it started OPERATION.


@each_fault
@pytest.mark.parametrize("operation", ["create_snapshot", "modify_backup_window"])
def test_an_operation_that_acted_was_accepted_though_it_is_over(aws: FakeAws, operation: str, fault: Document) -> None:
    work = aws.admit(a_body(operation), "a-key")
    aws.audit(aws.execute(aws.begin(work["start"])))
    assert aws.answer({**work, "error": fault}, "a-key")["statusCode"] == 202
    assert aws.status(work["request"]["operation_id"])["body"]["success"] is True
    assert aws.events() == ["accepted", "completed"]


@pytest.mark.parametrize("key", ["a-key", None])
def test_an_operation_that_ended_without_acting_is_nothing_done_and_never_acts(aws: FakeAws, key: str | None) -> None:
    work = aws.admit(a_body(), key)
    aws.retag("prod")
    refused = aws.begin(work["start"])
    aws.audit(refused)
    answer = aws.answer({**work, "error": LOST}, key)
    assert (answer["statusCode"], "nothing was done" in answer["error"]) == (503, True)
    aws.retag("dev")
    driven_again = {name: part for name, part in refused.items() if name != "refusal"}
    assert aws.execute(driven_again)["progress"]["finished"] is True
    assert aws.actions == []
    assert aws.events() == ["accepted", "completed"]


def test_what_an_operation_has_given_back_and_ended_is_nothing_done(aws: FakeAws) -> None:
    work = first(aws)
    begun = aws.begin(work["start"])
    with aws.calls.refusing("execute", "rds", "CreateDBSnapshot", "InvalidDBInstanceState"):
        aws.audit(aws.execute(begun))
    answer = aws.answer({**work, "error": LOST}, "a-key")
    assert (answer["statusCode"], "nothing was done" in answer["error"]) == (503, True)
    assert aws.snapshots() == []


def test_a_repeated_audit_says_again_that_nothing_was_done(aws: FakeAws) -> None:
    work = {**first(aws), "error": LOST}
    assert aws.answer(work, "a-key") == aws.answer(work, "a-key")
    assert aws.events() == ["accepted", "completed"]


# The answer to a repetition that breaks.


@pytest.mark.parametrize("state", ["validate", "classify", "admit"])
def test_a_repetition_that_breaks_does_not_call_nothing_what_the_first_request_does(aws: FakeAws, state: str) -> None:
    work = first(aws)
    aws.execute(aws.begin(work["start"]))
    request = {**work["request"], "operation_id": "of-request-2", "request_id": "request-2"}
    left = {"validate": {}, "classify": {"request": request}, "admit": {"request": request, "verdict": work["verdict"]}}
    answer = aws.answer({**left[state], "error": LOST}, "a-key", "request-2")
    assert (answer["statusCode"], "may have begun" in answer["error"]) == (503, True)
    assert [snapshot["DBSnapshotIdentifier"] for snapshot in aws.snapshots()] == [SNAPSHOT_ID]
