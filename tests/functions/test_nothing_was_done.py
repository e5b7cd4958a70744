"""An answer that says "nothing was done" is true for ever; what has acted was accepted."""

from __future__ import annotations

import pytest

from tests.functions.cloud import Cloud, Document
from tests.unit.builders import SNAPSHOT_ID, a_body

LOST = {"Error": "States.Timeout", "Cause": ""}
BROKEN = {"Error": "KeyError", "Cause": '{"errorMessage": "boom"}'}
each_fault = pytest.mark.parametrize("fault", [LOST, BROKEN], ids=["busy", "broken"])


@pytest.fixture(autouse=True)
def _instance(cloud: Cloud) -> None:
    cloud.create_instance()


def first(cloud: Cloud) -> Document:
    return cloud.request(a_body(), "a-key", "request-1")


# ADMISSION breaks after OPERATION was started.


@each_fault
@pytest.mark.parametrize("operation", ["create_snapshot", "modify_backup_window"])
def test_an_operation_that_acted_was_accepted_though_it_is_over(cloud: Cloud, operation: str, fault: Document) -> None:
    work = cloud.request(a_body(operation), "a-key")
    cloud.audited(cloud.executed(cloud.begin(work["start"])))
    assert cloud.answered({**work, "error": fault}, "a-key")["statusCode"] == 202
    assert cloud.status(work["request"]["operation_id"])["body"]["success"] is True
    assert cloud.events() == ["accepted", "completed"]


@pytest.mark.parametrize("key", ["a-key", None])
def test_an_operation_that_ended_without_acting_is_nothing_done_and_never_acts(cloud: Cloud, key: str | None) -> None:
    work = cloud.request(a_body(), key)
    cloud.retag("prod")
    refused = cloud.begin(work["start"])
    cloud.audited(refused)
    answer = cloud.answered({**work, "error": LOST}, key)
    assert (answer["statusCode"], "nothing was done" in answer["error"]) == (503, True)
    cloud.retag("dev")
    driven_again = {name: part for name, part in refused.items() if name != "refusal"}
    assert cloud.executed(driven_again)["progress"]["finished"] is True
    assert cloud.actions == []
    assert cloud.events() == ["accepted", "completed"]


def test_what_an_operation_has_given_back_and_ended_is_nothing_done(cloud: Cloud) -> None:
    work = first(cloud)
    begun = cloud.begin(work["start"])
    with cloud.calls.refusing("execute", "rds", "CreateDBSnapshot", "InvalidDBInstanceState"):
        cloud.audited(cloud.executed(begun))
    answer = cloud.answered({**work, "error": LOST}, "a-key")
    assert (answer["statusCode"], "nothing was done" in answer["error"]) == (503, True)
    assert cloud.snapshots() == []


def test_a_repeated_audit_says_again_that_nothing_was_done(cloud: Cloud) -> None:
    work = {**first(cloud), "error": LOST}
    assert cloud.answered(work, "a-key") == cloud.answered(work, "a-key")
    assert cloud.events() == ["accepted", "completed"]


# What a repetition is told when it breaks.


@pytest.mark.parametrize("state", ["validate", "classify", "admit"])
def test_a_repetition_that_breaks_does_not_call_nothing_what_the_first_request_does(cloud: Cloud, state: str) -> None:
    work = first(cloud)
    cloud.executed(cloud.begin(work["start"]))
    request = {**work["request"], "operation_id": "of-request-2", "request_id": "request-2"}
    left = {"validate": {}, "classify": {"request": request}, "admit": {"request": request, "verdict": work["verdict"]}}
    answer = cloud.answered({**left[state], "error": LOST}, "a-key", "request-2")
    assert (answer["statusCode"], "may have begun" in answer["error"]) == (503, True)
    assert [snapshot["DBSnapshotIdentifier"] for snapshot in cloud.snapshots()] == [SNAPSHOT_ID]
