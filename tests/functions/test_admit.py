"""Admit: writes the operation and its lock, once per Idempotency-Key, one at a time per instance."""

import json
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from rds_operations.model import clock
from rds_operations.model.errors import AdmittedTooLate, TableBusy
from rds_operations.settings.callers import CallerSettings
from tests.builders import (
    ACCOUNT,
    EXECUTION_PREFIX,
    INSTANCE_ID,
    REGION,
    SNAPSHOT_ID,
    a_body,
    a_context,
    an_envelope,
    an_execution,
)
from tests.functions.fake_aws import LOCK, Document, FakeAws, a_work


@pytest.fixture(autouse=True)
def _instance(aws: FakeAws) -> None:
    aws.create_instance()


def reply(work: Document) -> tuple[int, Document]:
    return work["reply"]["statusCode"], json.loads(work["reply"]["body"])


def repeated(first: Document, status: str = "accepted") -> tuple[int, Document]:
    code, body = reply(first)
    return code, {**body, "status": status, "repeated": True}


def test_an_operation_is_on_record_with_its_lock_before_it_begins(aws: FakeAws) -> None:
    work = aws.admit(a_body())
    operation_id = work["request"]["operation_id"]
    assert reply(work) == (
        202,
        {
            "operation": "create_snapshot",
            "instance_id": INSTANCE_ID,
            "operation_id": operation_id,
            "execution_arn": EXECUTION_PREFIX + operation_id,
            "environment": "development",
            "status": "accepted",
        },
    )
    assert work["reply"]["operation_id"] == operation_id
    assert work["start"] == {
        "name": operation_id,
        "input": {
            "operation": "create_snapshot",
            "instance_id": INSTANCE_ID,
            "parameters": {"snapshot_id": SNAPSHOT_ID, "tags": []},
            "account_id": ACCOUNT,
            "region": REGION,
        },
    }
    item, lock = aws.item(operation_id), aws.lock()
    assert item
    assert (item["status"], item["environment"], item["request_id"]) == ("accepted", "development", "request-1")
    assert json.loads(item["user_identity"])["userId"] == "apikey:key-id-1"
    assert lock
    assert lock["owner"] == operation_id
    assert lock["expires_at"] == pytest.approx(time.time() + 300, abs=10)
    (record,) = aws.records()
    assert (record["event"], record["operation_id"], record["success"]) == ("accepted", operation_id, True)
    assert json.loads(record["parameters"]) == {"snapshot_id": SNAPSHOT_ID, "tags": []}
    assert aws.snapshots() == []


def test_the_same_key_and_request_get_the_same_answer_and_no_second_record(aws: FakeAws) -> None:
    first = aws.admit(a_body(), key="my-key", request_id="request-1")
    again = aws.admit(a_body() | {"instance_id": INSTANCE_ID.upper()}, key="my-key", request_id="request-2")
    assert reply(again) == repeated(first)
    assert again["start"] == first["start"]
    assert aws.events() == ["accepted"]


def test_two_requests_with_one_key_side_by_side_are_one_operation(aws: FakeAws) -> None:
    """Both pass Classify before either is admitted."""
    envelope = an_envelope(a_body(), idempotency_key="my-key")
    works = []
    for name in ("request-1", "request-2"):
        work = aws.call("validate", {"machine": "ADMISSION", "envelope": envelope, "execution": an_execution(name)})
        works.append(work | aws.call("classify", work))
    first, again = (work | aws.call("admit", work) for work in works)
    assert reply(again) == repeated(first)
    assert again["start"] == first["start"]
    assert aws.events() == ["accepted"]


@pytest.mark.parametrize(
    "place", [{}, {"region": REGION}, {"account_id": ACCOUNT}, {"account_id": ACCOUNT, "region": REGION}]
)
def test_a_repetition_may_name_the_place_or_leave_it_open(aws: FakeAws, place: Document) -> None:
    first = aws.admit(a_body(), key="my-key")
    assert reply(aws.admit(a_body() | place, key="my-key", request_id="request-2")) == repeated(first)


def test_a_replay_of_what_has_begun_does_not_start_it_again(aws: FakeAws) -> None:
    first = aws.admit(a_body(), key="my-key")
    aws.execute(aws.begin(first["start"]))
    again = aws.admit(a_body(), key="my-key", request_id="request-2")
    assert reply(again) == repeated(first, "creating")
    assert "start" not in again


def test_a_replay_of_what_is_over_tells_how_it_ended(aws: FakeAws) -> None:
    first = aws.admit(a_body("modify_backup_window"), key="my-key")
    aws.audit(aws.execute(aws.begin(first["start"])))
    again = aws.admit(a_body("modify_backup_window"), key="my-key", request_id="request-2")
    assert reply(again) == repeated(first, "available")
    assert "start" not in again


def retag(aws: FakeAws) -> None:
    aws.retag("Production")


def remove(aws: FakeAws) -> None:
    aws.delete_instance()


def withdraw(aws: FakeAws) -> None:
    aws.deploy(callers=CallerSettings(permissions={"group:others": {}}))


@pytest.mark.parametrize("change", [retag, remove, withdraw])
def test_what_was_accepted_stays_accepted_whatever_has_changed(aws: FakeAws, change: Callable[[FakeAws], None]) -> None:
    first = aws.admit(a_body(), key="my-key")
    change(aws)
    assert reply(aws.admit(a_body(), key="my-key", request_id="request-2")) == repeated(first)
    assert aws.events() == ["accepted"]
    refused = aws.answer(aws.admit(a_body(), key="another-key", request_id="request-3"))
    assert refused["statusCode"] in (403, 404), "without the key it is asked anew"


@pytest.mark.parametrize("change", [retag, remove, withdraw])
def test_another_request_under_a_used_key_is_a_conflict_whatever_has_changed(
    aws: FakeAws, change: Callable[[FakeAws], None]
) -> None:
    aws.admit(a_body(), key="my-key")
    change(aws)
    refused = aws.answer(aws.admit(a_body("reboot_instance"), key="my-key", request_id="request-2"))
    assert (refused["statusCode"], refused["code"]) == (409, "idempotency_key_reused")
    assert sorted(aws.events()) == ["accepted", "refused"]


def test_a_replay_is_answered_though_the_instance_is_in_the_way_now(aws: FakeAws) -> None:
    first = aws.admit(a_body(), key="my-key")
    aws.rds.stop_db_instance(DBInstanceIdentifier=INSTANCE_ID)
    assert reply(aws.admit(a_body(), key="my-key", request_id="request-2")) == repeated(first)


def test_a_retried_admit_of_one_request_replays(aws: FakeAws) -> None:
    assert aws.admit(a_body()) == aws.admit(a_body())
    assert aws.events() == ["accepted"]


@pytest.mark.parametrize("other", [a_body(snapshot_id="another"), a_body("reboot_instance")])
def test_another_request_under_a_used_key_is_a_conflict(aws: FakeAws, other: Document) -> None:
    first = aws.admit(a_body(), key="my-key")["request"]["operation_id"]
    status, body = reply(aws.admit(other, key="my-key", request_id="request-2"))
    assert (status, body["code"]) == (409, "idempotency_key_reused")
    assert first in body["error"]
    assert aws.events() == ["accepted"]


def test_a_busy_instance_is_a_conflict_that_says_what_runs_and_since_when(aws: FakeAws) -> None:
    first = aws.admit(a_body())["request"]["operation_id"]
    running = f"create_snapshot has been running on {INSTANCE_ID} since {aws.item(first)['started_at']}"  # type: ignore[index]
    work = aws.admit(a_body("reboot_instance"), key="my-key", request_id="request-2")
    told = {"error": f"{running} ({first}). Try again when it has ended.", "code": "operation_in_progress"}
    assert reply(work) == (409, told)
    stranger = aws.admit(a_body("reboot_instance"), request_id="request-3", caller=a_context(apiKeyId="key-id-2"))
    assert reply(stranger) == (409, {**told, "error": f"{running}. Try again when it has ended."})
    assert "start" not in work
    assert {item["operation_id"] for item in aws.items()} == {first, LOCK}


def test_a_key_that_met_a_busy_instance_can_be_used_again(aws: FakeAws) -> None:
    work = aws.execute(aws.accept())
    refused = aws.admit(a_body("reboot_instance"), key="my-key", request_id="request-2")
    assert refused["reply"]["statusCode"] == 409
    aws.audit(work)
    repeated = aws.admit(a_body("reboot_instance"), key="my-key", request_id="request-3")
    assert repeated["reply"]["statusCode"] == 202


def test_a_stopped_instance_is_a_conflict_and_leaves_nothing(aws: FakeAws) -> None:
    aws.rds.stop_db_instance(DBInstanceIdentifier=INSTANCE_ID)
    status, body = reply(aws.admit(a_body()))
    assert (status, body["code"]) == (409, "instance_not_ready")
    assert (aws.items(), aws.records()) == ([], [])


def test_a_lock_past_its_time_is_taken_over(aws: FakeAws) -> None:
    aws.put(operation_id=LOCK, owner="long-gone", expires_at=int(time.time()) - 1)
    work = aws.admit(a_body())
    assert work["reply"]["statusCode"] == 202
    lock = aws.lock()
    assert lock
    assert lock["owner"] == work["request"]["operation_id"]


def test_a_lock_within_its_time_holds(aws: FakeAws) -> None:
    aws.put(operation_id=LOCK, owner="still-running", expires_at=int(time.time()) + 60)
    status, body = reply(aws.admit(a_body()))
    assert status == 409
    assert body["error"] == f"Another operation is running on {INSTANCE_ID}. Try again when it has ended."


def test_two_callers_may_use_the_same_key(aws: FakeAws) -> None:
    mine = aws.execute(aws.accept(key="my-key"))
    aws.audit(mine)
    stranger = aws.admit(a_body("reboot_instance"), key="my-key", caller=a_context(apiKeyId="key-id-2"))
    assert stranger["reply"]["statusCode"] == 202


def test_a_key_whose_operation_is_gone_writes_nothing(aws: FakeAws) -> None:
    """TTL removes the key and its operation within days of each other. Until both are gone, the key is busy."""
    operation_id = aws.admit(a_body(), key="my-key")["request"]["operation_id"]
    aws.drop(operation_id)
    aws.drop(LOCK)
    with pytest.raises(TableBusy):
        aws.admit(a_body(), key="my-key", request_id="request-2")
    assert aws.item(operation_id) is None
    assert aws.lock() is None


def test_an_admit_that_is_run_too_late_opens_nothing(aws: FakeAws) -> None:
    """Its Task may have given up, so nobody would start the request or close it."""
    late = clock.to_text(clock.now() - timedelta(seconds=3))
    with pytest.raises(AdmittedTooLate, match="late, so nothing was done"):
        aws.call("admit", {**a_work(), "entered_at": late})
    assert aws.items() == []
    assert aws.records() == []


def test_what_nothing_is_in_the_way_of_takes_one_call(aws: FakeAws) -> None:
    aws.accept(key="a-key")
    assert [call.action for call in aws.calls.of("admit", "dynamodb")] == ["TransactWriteItems"]
