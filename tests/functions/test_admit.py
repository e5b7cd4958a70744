"""Admit: on record with its lock, once per Idempotency-Key, one at a time per instance."""

import json
import time
from collections.abc import Callable
from datetime import timedelta

import pytest

from rds_operations.model import clock
from rds_operations.model.errors import AdmittedTooLate, TableBusy
from rds_operations.settings.callers import CallerSettings
from tests.functions.cloud import LOCK, Cloud, Document, a_work
from tests.unit.builders import (
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


@pytest.fixture(autouse=True)
def _instance(cloud: Cloud) -> None:
    cloud.create_instance()


def reply(work: Document) -> tuple[int, Document]:
    return work["reply"]["statusCode"], json.loads(work["reply"]["body"])


def repeated(first: Document, status: str = "accepted") -> tuple[int, Document]:
    """The answer to a repetition of a request whose operation stands so now."""
    code, body = reply(first)
    return code, {**body, "status": status, "repeated": True}


def test_a_new_order_is_on_record_with_its_lock_before_it_begins(cloud: Cloud) -> None:
    work = cloud.request(a_body())
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
    assert work["reply"]["location"] == f"/operations/{operation_id}"
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
    item, lock = cloud.item(operation_id), cloud.lock()
    assert item
    assert (item["status"], item["environment"], item["request_id"]) == ("accepted", "development", "request-1")
    assert json.loads(item["user_identity"])["userId"] == "apikey:key-id-1"
    assert lock
    assert lock["owner"] == operation_id
    assert lock["expires_at"] == pytest.approx(time.time() + 300, abs=10)
    (record,) = cloud.records()
    assert (record["event"], record["operation_id"], record["success"]) == ("accepted", operation_id, True)
    assert json.loads(record["parameters"]) == {"snapshot_id": SNAPSHOT_ID, "tags": []}
    assert cloud.snapshots() == []


def test_the_same_key_and_request_get_the_same_answer_and_no_second_record(cloud: Cloud) -> None:
    first = cloud.request(a_body(), key="my-key", request_id="request-1")
    again = cloud.request(a_body() | {"instance_id": INSTANCE_ID.upper()}, key="my-key", request_id="request-2")
    assert reply(again) == repeated(first)
    assert again["start"] == first["start"]
    assert cloud.events() == ["accepted"]


def test_two_requests_with_one_key_side_by_side_are_one_operation(cloud: Cloud) -> None:
    """Both have passed Classify before either is admitted."""
    envelope = an_envelope(a_body(), idempotency_key="my-key")
    works = []
    for name in ("request-1", "request-2"):
        work = cloud.call("validate", {"machine": "ADMISSION", "envelope": envelope, "execution": an_execution(name)})
        works.append(work | cloud.call("classify", work))
    first, again = (work | cloud.call("admit", work) for work in works)
    assert reply(again) == repeated(first)
    assert again["start"] == first["start"]
    assert cloud.events() == ["accepted"]


@pytest.mark.parametrize(
    "place", [{}, {"region": REGION}, {"account_id": ACCOUNT}, {"account_id": ACCOUNT, "region": REGION}]
)
def test_a_repetition_may_name_the_place_or_leave_it_open(cloud: Cloud, place: Document) -> None:
    first = cloud.request(a_body(), key="my-key")
    assert reply(cloud.request(a_body() | place, key="my-key", request_id="request-2")) == repeated(first)


def test_a_replay_of_what_has_begun_does_not_start_it_again(cloud: Cloud) -> None:
    first = cloud.request(a_body(), key="my-key")
    cloud.executed(cloud.begin(first["start"]))
    again = cloud.request(a_body(), key="my-key", request_id="request-2")
    assert reply(again) == repeated(first, "creating")
    assert "start" not in again


def test_a_replay_of_what_is_over_tells_how_it_ended(cloud: Cloud) -> None:
    first = cloud.request(a_body("modify_backup_window"), key="my-key")
    cloud.audited(cloud.executed(cloud.begin(first["start"])))
    again = cloud.request(a_body("modify_backup_window"), key="my-key", request_id="request-2")
    assert reply(again) == repeated(first, "available")
    assert "start" not in again


def retag(cloud: Cloud) -> None:
    cloud.retag("Production")


def remove(cloud: Cloud) -> None:
    cloud.delete_instance()


def withdraw(cloud: Cloud) -> None:
    cloud.deploy(callers=CallerSettings(permissions={"group:others": {}}))


@pytest.mark.parametrize("change", [retag, remove, withdraw])
def test_what_was_accepted_stays_accepted_whatever_has_changed(cloud: Cloud, change: Callable[[Cloud], None]) -> None:
    first = cloud.request(a_body(), key="my-key")
    change(cloud)
    assert reply(cloud.request(a_body(), key="my-key", request_id="request-2")) == repeated(first)
    assert cloud.events() == ["accepted"]
    refused = cloud.answered(cloud.request(a_body(), key="another-key", request_id="request-3"))
    assert refused["statusCode"] in (403, 404), "without the key it is asked anew"


@pytest.mark.parametrize("change", [retag, remove, withdraw])
def test_another_request_under_a_used_key_is_a_conflict_whatever_has_changed(
    cloud: Cloud, change: Callable[[Cloud], None]
) -> None:
    cloud.request(a_body(), key="my-key")
    change(cloud)
    refused = cloud.answered(cloud.request(a_body("reboot_instance"), key="my-key", request_id="request-2"))
    assert (refused["statusCode"], refused["code"]) == (409, "idempotency_key_reused")
    assert sorted(cloud.events()) == ["accepted", "refused"]


def test_a_replay_is_answered_though_the_instance_is_in_the_way_now(cloud: Cloud) -> None:
    first = cloud.request(a_body(), key="my-key")
    cloud.rds.stop_db_instance(DBInstanceIdentifier=INSTANCE_ID)
    assert reply(cloud.request(a_body(), key="my-key", request_id="request-2")) == repeated(first)


def test_a_retried_admit_of_one_request_replays(cloud: Cloud) -> None:
    assert cloud.request(a_body()) == cloud.request(a_body())
    assert cloud.events() == ["accepted"]


@pytest.mark.parametrize("other", [a_body(snapshot_id="another"), a_body("reboot_instance")])
def test_another_request_under_a_used_key_is_a_conflict(cloud: Cloud, other: Document) -> None:
    first = cloud.request(a_body(), key="my-key")["request"]["operation_id"]
    status, body = reply(cloud.request(other, key="my-key", request_id="request-2"))
    assert (status, body["code"]) == (409, "idempotency_key_reused")
    assert first in body["error"]
    assert cloud.events() == ["accepted"]


def test_a_busy_instance_is_a_conflict_that_names_the_other_operation(cloud: Cloud) -> None:
    first = cloud.request(a_body())["request"]["operation_id"]
    work = cloud.request(a_body("reboot_instance"), key="my-key", request_id="request-2")
    assert reply(work) == (
        409,
        {
            "error": f"Operation {first} is running on {INSTANCE_ID}. Try again when it is over.",
            "code": "operation_in_progress",
        },
    )
    assert "start" not in work
    assert {item["operation_id"] for item in cloud.items()} == {first, LOCK}


def test_a_key_that_met_a_busy_instance_can_be_used_again(cloud: Cloud) -> None:
    work = cloud.executed(cloud.accepted())
    refused = cloud.request(a_body("reboot_instance"), key="my-key", request_id="request-2")
    assert refused["reply"]["statusCode"] == 409
    cloud.audited(work)
    repeated = cloud.request(a_body("reboot_instance"), key="my-key", request_id="request-3")
    assert repeated["reply"]["statusCode"] == 202


def test_a_stopped_instance_is_a_conflict_and_leaves_nothing(cloud: Cloud) -> None:
    cloud.rds.stop_db_instance(DBInstanceIdentifier=INSTANCE_ID)
    status, body = reply(cloud.request(a_body()))
    assert (status, body["code"]) == (409, "instance_not_ready")
    assert (cloud.items(), cloud.records()) == ([], [])


def test_a_lock_past_its_time_is_taken_over(cloud: Cloud) -> None:
    cloud.put(operation_id=LOCK, owner="long-gone", expires_at=int(time.time()) - 1)
    work = cloud.request(a_body())
    assert work["reply"]["statusCode"] == 202
    lock = cloud.lock()
    assert lock
    assert lock["owner"] == work["request"]["operation_id"]


def test_a_lock_within_its_time_holds(cloud: Cloud) -> None:
    cloud.put(operation_id=LOCK, owner="still-running", expires_at=int(time.time()) + 60)
    status, body = reply(cloud.request(a_body()))
    assert status == 409
    assert "still-running" in body["error"]


def test_two_callers_may_use_the_same_key(cloud: Cloud) -> None:
    mine = cloud.executed(cloud.accepted(key="my-key"))
    cloud.audited(mine)
    stranger = cloud.request(a_body("reboot_instance"), key="my-key", caller=a_context(apiKeyId="key-id-2"))
    assert stranger["reply"]["statusCode"] == 202


def test_a_key_whose_operation_is_gone_writes_nothing(cloud: Cloud) -> None:
    """Only TTL removes items, the key and its operation within days of each other: refused as busy meanwhile."""
    operation_id = cloud.request(a_body(), key="my-key")["request"]["operation_id"]
    cloud.drop(operation_id)
    cloud.drop(LOCK)
    with pytest.raises(TableBusy):
        cloud.request(a_body(), key="my-key", request_id="request-2")
    assert cloud.item(operation_id) is None
    assert cloud.lock() is None


def test_an_admit_that_is_run_too_late_opens_nothing(cloud: Cloud) -> None:
    """Its Task may have given up: nobody would start the request, or close it."""
    late = clock.to_text(clock.now() - timedelta(seconds=3))
    with pytest.raises(AdmittedTooLate, match="after its turn; nothing was done"):
        cloud.call("admit", {**a_work(), "entered_at": late})
    assert cloud.items() == []
    assert cloud.records() == []
