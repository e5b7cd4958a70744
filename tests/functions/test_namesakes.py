"""An instance is deleted, and a new one gets its name: the old one's operation reports nothing of the new one."""

from __future__ import annotations

import pytest

from rds_operations.model import clock
from tests.builders import INSTANCE_ID, a_body
from tests.functions.fake_aws import Document, FakeAws
from tests.functions.late import WINDOW, by_sweep, item, never_taken, restarted, unavailable, watched


@pytest.fixture(autouse=True)
def _instance(aws: FakeAws) -> None:
    aws.create_instance()


def make_anew(aws: FakeAws) -> None:
    """Replace the instance by one of the same name, with another id, which moto would not change."""
    tags = [{"Key": "Environment", "Value": "dev"}]
    aws.delete_instance()
    aws.create_instance(Tags=tags, PreferredBackupWindow=WINDOW)
    aws.backend.databases[INSTANCE_ID].dbi_resource_id = "db-ANOTHER"


def looked_twice(aws: FakeAws, work: Document) -> Document:
    progress: Document = aws.poll(aws.poll(work, 1), 2)["progress"]
    return progress


def test_an_instance_that_was_made_anew_has_not_been_rebooted(aws: FakeAws) -> None:
    work = aws.execute(aws.accept("reboot_instance"))
    make_anew(aws)
    work["progress"]["evidence"] = "rebooting"
    with aws.calls.answering(restarted):
        progress = looked_twice(aws, work)
    assert (progress["success"], progress["error"]) == (False, f"Instance {INSTANCE_ID} is gone")


def test_the_window_of_an_instance_that_was_made_anew_is_not_the_changed_one(aws: FakeAws) -> None:
    work = aws.accept("modify_backup_window", backup_window=WINDOW)
    work = unavailable(aws, work)
    make_anew(aws)
    assert looked_twice(aws, work)["error"] == f"Instance {INSTANCE_ID} is gone"


def test_a_repetition_takes_no_window_of_an_instance_that_was_made_anew_for_its_own(aws: FakeAws) -> None:
    work = aws.accept("modify_backup_window", backup_window=WINDOW)
    unavailable(aws, work)
    make_anew(aws)
    assert aws.execute(work)["progress"]["finished"] is False


def test_a_snapshot_of_an_instance_that_was_made_anew_is_not_the_one_asked_for(aws: FakeAws) -> None:
    work = aws.accept()
    aws.execute(work)
    aws.backend.database_snapshots[a_body()["parameters"]["snapshot_id"]].dbi_resource_id = "db-ANOTHER"
    progress = looked_twice(aws, {**work, "since": clock.to_text(clock.now()), "progress": {"status": "creating"}})
    assert (progress["success"], "another instance" in progress["error"]) == (False, True)


@pytest.mark.parametrize("operation", ["create_snapshot", "reboot_instance", "modify_backup_window"])
def test_the_polls_look_for_the_instance_on_record(aws: FakeAws, operation: str) -> None:
    """OPERATION's own Classify may have seen the old one, because RDS can be behind."""
    work = aws.accept(operation)
    work["request"]["resource_id"] = "db-BEFORE"
    polled = aws.poll(aws.execute(work), 1)
    assert (polled["progress"]["error"], polled["progress"]["missing"]) == ("", 0)


def test_the_late_watch_takes_no_instance_that_was_made_anew_for_the_old_one(aws: FakeAws) -> None:
    first = never_taken(aws, "modify_backup_window", backup_window=WINDOW)
    make_anew(aws)
    assert watched(aws, first)["progress"]["missing"] == 1


def test_the_sweep_takes_no_instance_that_was_made_anew_for_the_old_one(aws: FakeAws) -> None:
    first = never_taken(aws, "modify_backup_window", backup_window=WINDOW)
    make_anew(aws)
    assert by_sweep(aws, first)["final_status"] == "timeout"


@pytest.mark.parametrize("operation", ["create_snapshot", "reboot_instance", "modify_backup_window"])
def test_what_was_accepted_for_one_instance_is_not_done_to_the_next_of_its_name(aws: FakeAws, operation: str) -> None:
    start = aws.admit(a_body(operation))["start"]
    make_anew(aws)
    outcome = aws.audit(aws.execute(aws.begin(start)))
    assert (outcome["error"], outcome["document"]["code"]) == ("OperationRefused", "instance_not_found")
    assert aws.actions == []
    assert aws.held() == []


def test_a_direct_start_keeps_the_instance_that_its_own_look_has_found(aws: FakeAws) -> None:
    """Its event may name any other."""
    work = aws.start_directly("reboot_instance")
    work["request"]["resource_id"] = ""
    aws.execute(work)
    assert item(aws, "by-hand")["resource_id"] == aws.backend.databases[INSTANCE_ID].dbi_resource_id


def test_a_request_without_a_resource_id_is_not_compared(aws: FakeAws) -> None:
    """An older version wrote its item, which names no instance."""
    work = aws.accept("reboot_instance")
    stored = item(aws, work["request"]["operation_id"])
    aws.put(**{name: value for name, value in stored.items() if name != "resource_id"})
    make_anew(aws)
    assert aws.execute(work)["progress"]["status"] == "rebooting"
