from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from rds_operations.model.end_codes import EndCode
from rds_operations.model.progress import Progress, done, failed
from rds_operations.operations import OPERATIONS
from rds_operations.operations.snapshot_tags import OPERATION_TAG
from tests.builders import MOMENT, SNAPSHOT_ID, a_request
from tests.unit.stub_rds import error, rds

SNAPSHOT_ARN = f"arn:aws:rds:ap-southeast-1:123456789012:snapshot:{SNAPSHOT_ID}"


def snapshot(**fields: Any) -> dict[str, Any]:
    return {
        "DBSnapshotIdentifier": SNAPSHOT_ID,
        "DBSnapshotArn": SNAPSHOT_ARN,
        "Status": "creating",
        "TagList": [{"Key": OPERATION_TAG, "Value": a_request().operation_id}],
        **fields,
    }


def watched(answer: Any, previous: Progress | None = None) -> Progress:
    shown = rds(
        describe_db_snapshots=answer if isinstance(answer, Exception) else {"DBSnapshots": [answer]},
        describe_events={"Events": []},
    )
    return OPERATIONS["create_snapshot"].poll(shown, a_request(), MOMENT, previous or Progress("creating"))


@pytest.mark.parametrize("percent", [0, 40])
def test_a_snapshot_in_the_making_tells_its_percent(percent: int) -> None:
    details = {"snapshot_arn": SNAPSHOT_ARN}
    expected = Progress("creating", percent=percent, evidence="seen", details=details)
    assert watched(snapshot(PercentProgress=percent)) == expected


def test_an_available_snapshot_is_done_with_its_arn_and_time() -> None:
    created = datetime(2025, 11, 13, 10, 30, 0, 500_000, tzinfo=UTC)
    progress = watched(snapshot(Status="available", SnapshotCreateTime=created, PercentProgress=100))
    expected = done("available", snapshot_arn=SNAPSHOT_ARN, snapshot_create_time="2025-11-13T10:30:00Z")
    assert progress == replace(expected, evidence="seen")


@pytest.mark.parametrize("state", ["failed", "deleting", "deleted", "incompatible-restore", "incompatible-parameters"])
def test_a_snapshot_that_will_never_be_available_is_a_failure(state: str) -> None:
    text = f"Snapshot {SNAPSHOT_ID} ended in the state {state}"
    assert watched(snapshot(Status=state)) == failed(text, EndCode.SNAPSHOT_FAILED, snapshot_arn=SNAPSHOT_ARN)


def test_a_failed_snapshot_tells_what_rds_has_told_of_it() -> None:
    events = [
        {"Message": "Manual snapshot failed: no space", "Date": MOMENT},
        {"Message": "Creating manual snapshot", "Date": MOMENT - timedelta(seconds=9)},
    ]
    shown = rds(describe_db_snapshots={"DBSnapshots": [snapshot(Status="failed")]}, describe_events={"Events": events})
    progress = OPERATIONS["create_snapshot"].poll(shown, a_request(), MOMENT, Progress("creating"))
    assert progress.error.endswith(" in the state failed. RDS's last event: Manual snapshot failed: no space")


@pytest.mark.parametrize("code", ["AccessDenied", "Throttling"])
def test_a_failed_snapshot_is_one_without_its_events_too(code: str) -> None:
    shown = rds(describe_db_snapshots={"DBSnapshots": [snapshot(Status="failed")]}, describe_events=error(code))
    progress = OPERATIONS["create_snapshot"].poll(shown, a_request(), MOMENT, Progress("creating"))
    assert progress.error.endswith("ended in the state failed")


@pytest.mark.parametrize("tags", [[], [{"Key": OPERATION_TAG, "Value": "another operation"}]])
def test_a_snapshot_of_that_name_by_somebody_else_is_not_taken_for_ours(tags: list[dict[str, str]]) -> None:
    once = watched(snapshot(Status="available", TagList=tags))
    assert once == Progress("creating", missing=1)  # its tags may show later than itself
    expected = failed(f"DBSnapshotAlreadyExists: Snapshot {SNAPSHOT_ID} already exists", EndCode.SNAPSHOT_EXISTS)
    assert watched(snapshot(Status="available", TagList=tags), once) == replace(expected, evidence="seen")


def test_a_snapshot_that_does_not_show_yet_leaves_things_as_they_were() -> None:
    previous = Progress("creating", percent=3)
    assert watched(error("DBSnapshotNotFound"), previous) == previous


def test_a_snapshot_that_was_seen_and_is_gone_at_two_looks_in_a_row_is_a_failure() -> None:
    seen = watched(snapshot())
    once = watched(error("DBSnapshotNotFound"), seen)
    assert once == replace(seen, missing=1)
    assert watched(snapshot(), once) == seen
    gone = failed(f"Snapshot {SNAPSHOT_ID} is gone", EndCode.INSTANCE_GONE, **seen.details)
    assert watched(error("DBSnapshotNotFound"), once) == gone
