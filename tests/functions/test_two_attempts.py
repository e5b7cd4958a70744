"""Two attempts of one Execute at the same time: the first lost its answer, but still runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from rds_operations.model.errors import RdsThrottled, TableBusy
from tests.builders import SNAPSHOT_ID
from tests.functions.calls import Answer, Call, error
from tests.functions.fake_aws import Document, FakeAws


@pytest.fixture(autouse=True)
def _instance(aws: FakeAws) -> None:
    aws.create_instance()


@contextmanager
def before_the_call(aws: FakeAws, action: Callable[[], object]) -> Iterator[None]:
    """Run `action` once between an attempt's claim and its call, which RDS then throttles."""
    under_way: list[str] = []

    def answer(call: Call) -> Answer | None:
        if call.state != "execute":
            return None
        if call.action == "DescribeDBInstances" and not under_way:
            under_way.append("meanwhile")
            action()
            under_way.append("over")
            return None
        acts = call.service == "rds" and not call.action.startswith("Describe")
        return error("Throttling") if acts and "over" in under_way else None

    with aws.calls.answering(answer), pytest.raises(RdsThrottled):
        yield


def acted_twice_at_once(aws: FakeAws, operation: str = "create_snapshot") -> Document:
    """Run a whole second attempt during the first, which is then throttled."""
    work = aws.accept(operation)
    with before_the_call(aws, lambda: aws.execute(work)):
        aws.execute(work)
    return work


@pytest.mark.parametrize("operation", ["create_snapshot", "reboot_instance", "modify_backup_window"])
def test_a_throttled_attempt_does_not_give_back_what_a_later_one_went_on_with(aws: FakeAws, operation: str) -> None:
    work = acted_twice_at_once(aws, operation)
    operation_id = work["request"]["operation_id"]
    assert "acting_at" in (aws.item(operation_id) or {})
    aws.end(operation_id)
    assert aws.late_watches() == [operation_id]  # so the result will be on record


@pytest.mark.parametrize("refusal", ["DBSnapshotAlreadyExists", "InvalidDBInstanceState"])
def test_a_third_attempt_takes_no_refusal_for_the_end_of_what_the_second_one_did(aws: FakeAws, refusal: str) -> None:
    work = acted_twice_at_once(aws)
    with aws.calls.acting() as rds:
        rds.refuse("DescribeDBSnapshots", "DBSnapshotNotFound", status=404)
        rds.refuse("CreateDBSnapshot", refusal)
        rds.refuse("DescribeDBSnapshots", "DBSnapshotNotFound", status=404)
        work = aws.execute(work)
    assert work["progress"]["finished"] is False
    assert aws.poll(work, 1)["progress"]["success"] is True
    assert [snapshot["DBSnapshotIdentifier"] for snapshot in aws.snapshots()] == [SNAPSHOT_ID]


def test_a_claim_that_is_given_back_before_it_is_kept_is_claimed_anew(aws: FakeAws) -> None:
    """The first attempt gives it back after the second one reads the item and before it writes."""
    work = aws.accept()
    with pytest.raises(RdsThrottled), aws.calls.refusing("execute", "rds", "CreateDBSnapshot", "Throttling"):
        aws.execute(work)
    operation_id = work["request"]["operation_id"]
    unclaimed = aws.item(operation_id) or {}
    aws.put(**{**unclaimed, "acting_at": "2026-01-01T00:00:00.000Z"})

    def give_back(call: Call) -> None:
        if call.action == "UpdateItem":
            aws.put(**unclaimed)

    with aws.calls.answering(give_back), pytest.raises(TableBusy):
        aws.execute(work)
    assert aws.snapshots() == []
    assert aws.execute(work)["progress"]["success"] is True
    assert len(aws.snapshots()) == 1


def test_an_account_that_closes_for_the_second_attempt_leaves_no_claim_to_the_first(aws: FakeAws) -> None:
    """The second continues with the polls, so the first may not undo the claim when it is throttled."""
    work = aws.accept("reboot_instance")

    def second() -> None:
        with aws.calls.refusing("execute", "sts", "AssumeRole", "AccessDenied", 403):
            assert aws.execute(work)["progress"]["finished"] is False

    with before_the_call(aws, second):
        aws.execute(work)
    assert "acting_at" in (aws.item(work["request"]["operation_id"]) or {})


def test_an_attempt_that_comes_as_the_first_gives_back_is_repeated_and_acts(aws: FakeAws) -> None:
    work = aws.accept("reboot_instance")
    operation_id = work["request"]["operation_id"]
    claimed: list[Document] = []

    def between_claim_and_read(call: Call) -> None:
        if (call.state, call.action) == ("execute", "TransactWriteItems") and not claimed:
            claimed.append(aws.item(operation_id) or {})
            aws.put(**{**claimed[0], "acting_at": "2026-01-01T00:00:00.000Z"})
        elif claimed and call.action == "GetItem" and len(claimed) == 1:
            claimed.append(claimed[0])
            aws.put(**claimed[0])

    with aws.calls.answering(between_claim_and_read), pytest.raises(TableBusy):
        aws.execute(work)
    assert aws.execute(work)["progress"]["status"] == "rebooting"
    assert aws.actions == ["RebootDBInstance"]


def test_an_end_that_rests_on_a_claim_is_not_written_once_that_is_given_back(aws: FakeAws) -> None:
    """It is stopped while Execute refuses: the claim exists when the backstop reads, and is gone when it writes."""
    work = aws.accept("reboot_instance")
    operation_id = work["request"]["operation_id"]
    unclaimed = aws.item(operation_id) or {}
    aws.put(**{**unclaimed, "acting_at": "2026-01-01T00:00:00.000Z"})
    written: list[str] = []

    def give_back(call: Call) -> None:
        if (call.state, call.action) == ("audit", "TransactWriteItems") and not written:
            written.append(call.action)
            aws.put(**unclaimed)

    with aws.calls.answering(give_back):
        aws.end(operation_id)
    assert aws.late_watches() == []
    item = aws.item(operation_id) or {}
    assert "unfinished" not in item
    assert aws.events() == ["accepted", "completed"]
