"""Every operation's poll: it never takes a stale read for the end, and each failure ends it."""

from typing import Any

import pytest

from rds_operations.model.progress import Progress
from rds_operations.operations import OPERATIONS
from rds_operations.operations.snapshot_tags import OPERATION_TAG
from tests.builders import MOMENT, a_request, an_instance
from tests.operation_cases import CASES, SNAPSHOT_ARN, SNAPSHOT_ID, Shown
from tests.unit.stub_rds import error, rds

FAILURES = [(name, failure) for name, case in CASES.items() for failure in case.failures]


def polled(name: str, shown: Shown, *, times: int = 2) -> Progress:
    """Poll `times` times from the first progress: a first read may be behind, a second one counts."""
    request, operation = a_request(name), OPERATIONS[name]
    progress = Progress(operation.working_status)
    for _poll in range(times):
        if not progress.finished:
            progress = operation.poll(rds(**answers(name, shown)), request, MOMENT, progress)
    return progress


def answers(name: str, shown: Shown) -> dict[str, Any]:
    tags = [{"Key": OPERATION_TAG, "Value": a_request(name).operation_id}]
    snapshot = {"DBSnapshotIdentifier": SNAPSHOT_ID, "DBSnapshotArn": SNAPSHOT_ARN, "TagList": tags}
    return {
        "describe_db_instances": error("DBInstanceNotFound")
        if shown.gone
        else {"DBInstances": [an_instance(**shown.instance)]},
        "describe_db_snapshots": {"DBSnapshots": [] if shown.snapshot is None else [snapshot | dict(shown.snapshot)]},
        "describe_events": {"Events": [{"Message": message} for message in shown.events]},
    }


def test_there_is_a_case_for_every_operation() -> None:
    assert list(CASES) == list(OPERATIONS)


@pytest.mark.parametrize("name", CASES)
def test_what_rds_showed_before_is_never_the_end(name: str) -> None:
    progress = polled(name, CASES[name].before, times=3)
    assert not progress.finished
    assert progress.status == OPERATIONS[name].working_status


@pytest.mark.parametrize(("name", "failure"), FAILURES)
def test_each_failure_ends_it_as_failed(name: str, failure: str) -> None:
    progress = polled(name, CASES[name].failures[failure])
    assert (progress.finished, progress.success, progress.status) == (True, False, "failed")
    assert progress.error


@pytest.mark.parametrize("name", CASES)
def test_a_success_has_the_word_of_the_operation(name: str) -> None:
    assert OPERATIONS[name].end_status not in {"failed", "timeout", OPERATIONS[name].working_status}
