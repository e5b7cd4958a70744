"""An instance is deleted, and another one gets its name: nothing of the new one is told of the old one."""

from __future__ import annotations

import pytest

from rds_operations.model import clock
from tests.functions.cloud import Cloud, Document
from tests.functions.late import WINDOW, by_sweep, item, never_taken, restarted, unavailable, watched
from tests.unit.builders import INSTANCE_ID, a_body


@pytest.fixture(autouse=True)
def _instance(cloud: Cloud) -> None:
    cloud.create_instance()


def make_anew(cloud: Cloud) -> None:
    """Delete the instance and create another one of its name. moto gives all of them the same id."""
    tags = [{"Key": "Environment", "Value": "dev"}]
    cloud.delete_instance()
    cloud.create_instance(Tags=tags, PreferredBackupWindow=WINDOW)
    cloud.backend.databases[INSTANCE_ID].dbi_resource_id = "db-ANOTHER"


def looked_twice(cloud: Cloud, work: Document) -> Document:
    progress: Document = cloud.polled(cloud.polled(work, 1), 2)["progress"]
    return progress


def test_an_instance_that_was_made_anew_has_not_been_rebooted(cloud: Cloud) -> None:
    work = cloud.executed(cloud.accepted("reboot_instance"))
    make_anew(cloud)
    work["progress"]["evidence"] = "rebooting"
    with cloud.calls.answering(restarted):
        progress = looked_twice(cloud, work)
    assert (progress["success"], progress["error"]) == (False, f"Instance {INSTANCE_ID} is gone")


def test_the_window_of_an_instance_that_was_made_anew_is_not_the_changed_one(cloud: Cloud) -> None:
    work = cloud.accepted("modify_backup_window", backup_window=WINDOW)
    work = unavailable(cloud, work)
    make_anew(cloud)
    assert looked_twice(cloud, work)["error"] == f"Instance {INSTANCE_ID} is gone"


def test_a_repetition_takes_no_window_of_an_instance_that_was_made_anew_for_its_own(cloud: Cloud) -> None:
    work = cloud.accepted("modify_backup_window", backup_window=WINDOW)
    unavailable(cloud, work)
    make_anew(cloud)
    assert cloud.executed(work)["progress"]["finished"] is False


def test_a_snapshot_of_an_instance_that_was_made_anew_is_not_the_one_asked_for(cloud: Cloud) -> None:
    work = cloud.accepted()
    cloud.executed(work)
    cloud.backend.database_snapshots[a_body()["parameters"]["snapshot_id"]].dbi_resource_id = "db-ANOTHER"
    progress = looked_twice(cloud, {**work, "since": clock.to_text(clock.now()), "progress": {"status": "creating"}})
    assert (progress["success"], "another instance" in progress["error"]) == (False, True)


@pytest.mark.parametrize("operation", ["create_snapshot", "reboot_instance", "modify_backup_window"])
def test_the_polls_look_for_the_instance_on_record(cloud: Cloud, operation: str) -> None:
    """OPERATION's own Classify may have seen the one before it: RDS can be behind."""
    work = cloud.accepted(operation)
    work["request"]["resource_id"] = "db-BEFORE"
    polled = cloud.polled(cloud.executed(work), 1)
    assert (polled["progress"]["error"], polled["progress"]["missing"]) == ("", 0)


def test_the_late_watch_takes_no_instance_that_was_made_anew_for_the_old_one(cloud: Cloud) -> None:
    first = never_taken(cloud, "modify_backup_window", backup_window=WINDOW)
    make_anew(cloud)
    assert watched(cloud, first)["progress"]["missing"] == 1


def test_the_sweep_takes_no_instance_that_was_made_anew_for_the_old_one(cloud: Cloud) -> None:
    first = never_taken(cloud, "modify_backup_window", backup_window=WINDOW)
    make_anew(cloud)
    assert by_sweep(cloud, first)["final_status"] == "timeout"


@pytest.mark.parametrize("operation", ["create_snapshot", "reboot_instance", "modify_backup_window"])
def test_what_was_accepted_for_one_instance_is_not_done_to_the_next_of_its_name(cloud: Cloud, operation: str) -> None:
    start = cloud.request(a_body(operation))["start"]
    make_anew(cloud)
    outcome = cloud.audited(cloud.executed(cloud.begin(start)))
    assert (outcome["error"], outcome["document"]["code"]) == ("OperationRefused", "instance_not_found")
    assert cloud.actions == []
    assert cloud.held() == []


def test_a_direct_start_keeps_the_instance_that_its_own_look_has_found(cloud: Cloud) -> None:
    """Whatever its event says of one."""
    work = cloud.by_hand("reboot_instance")
    work["request"]["resource_id"] = ""
    cloud.executed(work)
    assert item(cloud, "by-hand")["resource_id"] == cloud.backend.databases[INSTANCE_ID].dbi_resource_id


def test_an_order_from_before_its_instance_was_kept_is_not_compared(cloud: Cloud) -> None:
    """A deploy came between: its item names no instance."""
    work = cloud.accepted("reboot_instance")
    stored = item(cloud, work["request"]["operation_id"])
    cloud.put(**{name: value for name, value in stored.items() if name != "resource_id"})
    make_anew(cloud)
    assert cloud.executed(work)["progress"]["status"] == "rebooting"
