"""Poll: one look at RDS, written down; never back."""

from typing import Any

import pytest
from moto.rds.models import Event

from rds_operations.model.progress import Progress
from tests.functions.cloud import Cloud, Document
from tests.unit.builders import INSTANCE_ID, SNAPSHOT_ID


@pytest.fixture(autouse=True)
def _instance(cloud: Cloud) -> None:
    cloud.create_instance()


def creating(cloud: Cloud) -> Document:
    """A snapshot in the making; in moto it would be there at once."""
    work = cloud.executed(cloud.accepted())
    shown(cloud, "creating", 0)
    return {**work, "progress": Progress("creating").to_document()}


def shown(cloud: Cloud, status: str, percent: int) -> None:
    snapshot = cloud.backend.database_snapshots[SNAPSHOT_ID]
    snapshot.status, snapshot.percent_progress = status, percent


def standing(cloud: Cloud, work: Document) -> dict[str, Any]:
    item = cloud.item(work["request"]["operation_id"])
    assert item
    return {name: item.get(name) for name in ("status", "polls", "percent")}


def test_a_snapshot_in_the_making_is_written_down(cloud: Cloud) -> None:
    work = creating(cloud)
    shown(cloud, "creating", 40)
    polled = cloud.polled(work, 1)
    assert (polled["progress"]["finished"], polled["progress"]["percent"]) == (False, 40)
    assert standing(cloud, work) == {"status": "creating", "polls": 1, "percent": 40}


def test_an_available_snapshot_is_finished_and_its_end_is_left_to_audit(cloud: Cloud) -> None:
    work = creating(cloud)
    cloud.polled(work, 1)
    shown(cloud, "available", 100)
    progress = cloud.polled(work, 2)["progress"]
    assert (progress["status"], progress["finished"], progress["success"]) == ("available", True, True)
    assert set(progress["details"]) == {"snapshot_arn", "snapshot_create_time"}
    assert standing(cloud, work)["status"] == "creating"
    assert cloud.events() == ["accepted"]


def test_a_failed_snapshot_is_finished_without_success(cloud: Cloud) -> None:
    work = creating(cloud)
    shown(cloud, "failed", 10)
    progress = cloud.polled(work, 1)["progress"]
    assert (progress["finished"], progress["success"]) == (True, False)
    assert progress["error"] == f"Snapshot {SNAPSHOT_ID} ended in the state failed"


def test_a_snapshot_that_vanished_goes_on_until_the_polls_are_used_up(cloud: Cloud) -> None:
    work = creating(cloud)
    cloud.rds.delete_db_snapshot(DBSnapshotIdentifier=SNAPSHOT_ID)
    assert cloud.polled(work, 1)["progress"] == work["progress"]


@pytest.mark.parametrize("late", [1, 2, 3])
def test_a_late_poll_changes_nothing(cloud: Cloud, late: int) -> None:
    work = creating(cloud)
    shown(cloud, "creating", 70)
    cloud.polled(work, 3)
    shown(cloud, "creating", 10)
    cloud.polled(work, late)
    assert standing(cloud, work) == {"status": "creating", "polls": 3, "percent": 70}


def test_a_poll_after_the_end_changes_nothing(cloud: Cloud) -> None:
    work = creating(cloud)
    cloud.ended(work["request"]["operation_id"])
    before = cloud.item(work["request"]["operation_id"])
    cloud.polled(work, 9)
    assert cloud.item(work["request"]["operation_id"]) == before


def test_a_reboot_is_over_once_it_was_seen_and_is_available_again(cloud: Cloud) -> None:
    work = cloud.executed(cloud.accepted("reboot_instance"))
    work = cloud.polled(work, 1)
    assert not work["progress"]["finished"], "a stale available"
    cloud.backend.databases[INSTANCE_ID].status = "rebooting"
    work = cloud.polled(work, 2)
    assert standing(cloud, work) == {"status": "rebooting", "polls": 2, "percent": -1}
    cloud.backend.databases[INSTANCE_ID].status = "available"
    work = cloud.polled(work, 3)
    assert (work["progress"]["finished"], work["progress"]["success"]) == (True, True)


def test_a_reboot_between_two_polls_is_known_by_its_event(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    work = cloud.executed(cloud.accepted("reboot_instance"))
    restarted = {"Categories": ["availability"], "Message": "DB instance restarted"}
    monkeypatch.setitem(Event.EVENT_MAP, "DB_INSTANCE_RESTARTED", restarted)
    cloud.backend.databases[INSTANCE_ID].add_event("DB_INSTANCE_RESTARTED")
    assert cloud.polled(work, 1)["progress"]["success"] is True


def test_an_instance_that_is_deleted_while_it_reboots_is_a_failure(cloud: Cloud) -> None:
    work = cloud.executed(cloud.accepted("reboot_instance"))
    cloud.rds.delete_db_instance(DBInstanceIdentifier=INSTANCE_ID, SkipFinalSnapshot=True)
    work = cloud.polled(work, 1)
    assert work["progress"]["finished"] is False
    assert cloud.polled(work, 2)["progress"]["error"] == f"Instance {INSTANCE_ID} is gone"


def test_a_snapshot_that_lost_the_services_tag_is_still_its_own(cloud: Cloud) -> None:
    work = cloud.executed(cloud.accepted())
    arn = work["progress"]["details"]["snapshot_arn"]
    cloud.rds.remove_tags_from_resource(ResourceName=arn, TagKeys=["rds-operations:operation-id"])
    assert cloud.polled(work, 1)["progress"]["success"] is True
