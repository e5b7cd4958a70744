"""Poll: reads RDS once and stores the progress, which never goes back."""

from typing import Any

import pytest
from moto.rds.models import Event

from rds_operations.model.progress import Progress
from tests.builders import INSTANCE_ID, SNAPSHOT_ID
from tests.functions.fake_aws import Document, FakeAws


@pytest.fixture(autouse=True)
def _instance(aws: FakeAws) -> None:
    aws.create_instance()


def creating(aws: FakeAws) -> Document:
    """Show a snapshot as creating: moto finishes it at once."""
    work = aws.execute(aws.accept())
    shown(aws, "creating", 0)
    return {**work, "progress": Progress("creating").to_document()}


def shown(aws: FakeAws, status: str, percent: int) -> None:
    snapshot = aws.backend.database_snapshots[SNAPSHOT_ID]
    snapshot.status, snapshot.percent_progress = status, percent


def standing(aws: FakeAws, work: Document) -> dict[str, Any]:
    item = aws.item(work["request"]["operation_id"])
    assert item
    return {name: item.get(name) for name in ("status", "polls", "percent")}


def test_a_snapshot_in_the_making_is_written_down(aws: FakeAws) -> None:
    work = creating(aws)
    shown(aws, "creating", 40)
    polled = aws.poll(work, 1)
    assert (polled["progress"]["finished"], polled["progress"]["percent"]) == (False, 40)
    assert standing(aws, work) == {"status": "creating", "polls": 1, "percent": 40}


def test_an_available_snapshot_is_finished_and_its_end_is_left_to_audit(aws: FakeAws) -> None:
    work = creating(aws)
    aws.poll(work, 1)
    shown(aws, "available", 100)
    progress = aws.poll(work, 2)["progress"]
    assert (progress["status"], progress["finished"], progress["success"]) == ("available", True, True)
    assert set(progress["details"]) == {"snapshot_arn", "snapshot_create_time"}
    assert standing(aws, work)["status"] == "creating"
    assert aws.events() == ["accepted"]


def test_a_failed_snapshot_is_finished_without_success(aws: FakeAws) -> None:
    work = creating(aws)
    shown(aws, "failed", 10)
    progress = aws.poll(work, 1)["progress"]
    assert (progress["finished"], progress["success"]) == (True, False)
    assert progress["error"] == f"Snapshot {SNAPSHOT_ID} ended in the state failed"


def test_a_snapshot_that_vanished_goes_on_until_the_polls_are_used_up(aws: FakeAws) -> None:
    work = creating(aws)
    aws.rds.delete_db_snapshot(DBSnapshotIdentifier=SNAPSHOT_ID)
    assert aws.poll(work, 1)["progress"] == work["progress"]


@pytest.mark.parametrize("late", [1, 2, 3])
def test_a_late_poll_changes_nothing(aws: FakeAws, late: int) -> None:
    work = creating(aws)
    shown(aws, "creating", 70)
    aws.poll(work, 3)
    shown(aws, "creating", 10)
    aws.poll(work, late)
    assert standing(aws, work) == {"status": "creating", "polls": 3, "percent": 70}


def test_a_poll_after_the_end_changes_nothing(aws: FakeAws) -> None:
    work = creating(aws)
    aws.end(work["request"]["operation_id"])
    before = aws.item(work["request"]["operation_id"])
    aws.poll(work, 9)
    assert aws.item(work["request"]["operation_id"]) == before


def test_a_reboot_is_over_once_it_was_seen_and_is_available_again(aws: FakeAws) -> None:
    work = aws.execute(aws.accept("reboot_instance"))
    work = aws.poll(work, 1)
    assert not work["progress"]["finished"], "a stale available"
    aws.backend.databases[INSTANCE_ID].status = "rebooting"
    work = aws.poll(work, 2)
    assert standing(aws, work) == {"status": "rebooting", "polls": 2, "percent": -1}
    aws.backend.databases[INSTANCE_ID].status = "available"
    work = aws.poll(work, 3)
    assert (work["progress"]["finished"], work["progress"]["success"]) == (True, True)


def test_a_reboot_between_two_polls_is_known_by_its_event(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    work = aws.execute(aws.accept("reboot_instance"))
    restarted = {"Categories": ["availability"], "Message": "DB instance restarted"}
    monkeypatch.setitem(Event.EVENT_MAP, "DB_INSTANCE_RESTARTED", restarted)
    aws.backend.databases[INSTANCE_ID].add_event("DB_INSTANCE_RESTARTED")
    assert aws.poll(work, 1)["progress"]["success"] is True


def test_an_instance_that_is_deleted_while_it_reboots_is_a_failure(aws: FakeAws) -> None:
    work = aws.execute(aws.accept("reboot_instance"))
    aws.rds.delete_db_instance(DBInstanceIdentifier=INSTANCE_ID, SkipFinalSnapshot=True)
    work = aws.poll(work, 1)
    assert work["progress"]["finished"] is False
    assert aws.poll(work, 2)["progress"]["error"] == f"Instance {INSTANCE_ID} is gone"


def test_a_snapshot_that_lost_the_services_tag_is_still_its_own(aws: FakeAws) -> None:
    work = aws.execute(aws.accept())
    arn = work["progress"]["details"]["snapshot_arn"]
    aws.rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["rds-operations:operation-id"])
    assert aws.poll(work, 1)["progress"]["success"] is True
