"""Poll breaks, or RDS shows something odd. A failed poll ends nothing; a definite status does."""

from __future__ import annotations

from typing import Any

from rds_operations.operations.create_snapshot import FAILED_STATES as FAILED_SNAPSHOT_STATES
from rds_operations.operations.reboot_instance import FAILED_STATES as FAILED_INSTANCE_STATES
from tests.workflow.faults.case import Case, Row
from tests.workflow.faults.checks import assert_as_expected, parametrized
from tests.workflow.faults.conftest import Seen
from tests.workflow.faults.effects import shows
from tests.workflow.faults.expected import DONE, FAILED, LATE
from tests.workflow.service import Document, reboot_of, snapshot_of, window_of

WHERE = "Poll"
SNAPSHOTS, INSTANCES = "rds:DescribeDBSnapshots", "rds:DescribeDBInstances"
LOOKS = {snapshot_of: SNAPSHOTS, reboot_of: INSTANCES}
NOT_FOUND = {"effect": "refuse", "status": 404}


def while_polling(point: str, **effect: Any) -> Document:
    return {"point": point, "caller": "Poll", **effect}


def on_every_look(fault: str, expected: Document, **effect: Any) -> list[Row]:
    """Return a row for each of the two polled operations."""
    return [Row(WHERE, fault, request, (while_polling(point, **effect),), expected) for request, point in LOOKS.items()]


def delete_the_snapshot(case: Case) -> None:
    snapshot = f"{case.instance}-manual"
    case.eventually(lambda: case.service.get(case.operation_id).body.get("polls", 0) > 0, "a first poll")
    case.service.aws("rds").delete_db_snapshot(DBSnapshotIdentifier=snapshot)


def delete_the_instance(case: Case) -> None:
    case.eventually(lambda: case.service.get(case.operation_id).body["status"] == "rebooting", "the reboot")
    case.service.aws("rds").delete_db_instance(DBInstanceIdentifier=case.instance, SkipFinalSnapshot=True)


NO_INSTANCES = {"effect": "rewrite", "pattern": "<DBInstances>.*</DBInstances>", "replacement": "<DBInstances/>"}
NO_SNAPSHOTS = {"effect": "rewrite", "pattern": "<DBSnapshots>.*</DBSnapshots>", "replacement": "<DBSnapshots/>"}
STALE = {
    "effect": "rewrite",
    "pattern": "<DBInstanceStatus>rebooting</DBInstanceStatus>(.*?)<ParameterApplyStatus>in-sync<",
    "replacement": r"<DBInstanceStatus>available</DBInstanceStatus>\1<ParameterApplyStatus>pending-reboot<",
}

ROWS = [
    *on_every_look("throttled once", DONE, effect="refuse", code="Throttling", times=1),
    # One of each: botocore really waits between attempts.
    Row(WHERE, "throttled always", reboot_of, (while_polling(INSTANCES, effect="refuse", code="Throttling"),), LATE),
    Row(
        WHERE,
        "503, always",
        snapshot_of,
        (while_polling(SNAPSHOTS, effect="refuse", code="ServiceUnavailable", status=503),),
        LATE,
    ),
    *on_every_look("access denied, always", LATE, effect="refuse", code="AccessDenied", status=403),
    *on_every_look("connection lost, twice", DONE, effect="cut", times=2),
    Row(
        WHERE,
        "a status word that nobody knows",
        snapshot_of,
        (while_polling(SNAPSHOTS, **shows("Status", "pondering"), times=2),),
        DONE,
    ),
    Row(
        WHERE,
        "a status word that nobody knows",
        reboot_of,
        (while_polling(INSTANCES, **shows("DBInstanceStatus", "pondering"), times=2),),
        DONE,
    ),
    Row(WHERE, "an empty list, once", snapshot_of, (while_polling(SNAPSHOTS, **NO_SNAPSHOTS, skip=1, times=1),), DONE),
    Row(WHERE, "an empty list, once", reboot_of, (while_polling(INSTANCES, **NO_INSTANCES, times=1),), DONE),
    Row(
        WHERE,
        "DBSnapshotNotFound right after creation",
        snapshot_of,
        (while_polling(SNAPSHOTS, **NOT_FOUND, code="DBSnapshotNotFound", times=2),),
        DONE,
    ),
    Row(
        WHERE,
        "DBInstanceNotFound, once",
        reboot_of,
        (while_polling(INSTANCES, **NOT_FOUND, code="DBInstanceNotFound", times=1),),
        DONE,
    ),
    Row(
        WHERE,
        "a stale available, parameter groups not in sync",
        reboot_of,
        (while_polling(INSTANCES, **STALE, times=2),),
        DONE,
    ),
    Row(
        WHERE,
        "available, without evidence of a restart",
        reboot_of,
        (while_polling(INSTANCES, **shows("DBInstanceStatus", "available"), times=2),),
        DONE,
    ),
    Row(
        WHERE,
        "backing-up after the reboot",
        reboot_of,
        (while_polling(INSTANCES, **shows("DBInstanceStatus", "backing-up"), times=3),),
        DONE,
    ),
    Row(
        WHERE,
        "the new window shows late",
        window_of,
        (
            {
                "point": INSTANCES,
                "matching": "{instance}",
                **shows("PreferredBackupWindow", "03:00-04:00"),
                "skip": 2,
                "times": 3,
            },
        ),
        DONE,
    ),
    *(
        Row(
            WHERE,
            f"the snapshot ends as {state}",
            snapshot_of,
            (while_polling(SNAPSHOTS, **shows("Status", state)),),
            FAILED,
        )
        for state in sorted(FAILED_SNAPSHOT_STATES)
    ),
    *(
        Row(
            WHERE,
            f"the instance ends as {state}",
            reboot_of,
            (while_polling(INSTANCES, **shows("DBInstanceStatus", state)),),
            FAILED,
            tags={"Environment": "dev", "local:reboot": "never"},  # a reboot that ends before the first poll succeeds
        )
        for state in sorted(FAILED_INSTANCE_STATES)
    ),
    Row(
        WHERE,
        "the snapshot disappears",
        snapshot_of,
        expected=FAILED,
        tags={"Environment": "dev", "local:snapshot": "never"},
        during=delete_the_snapshot,
    ),
    Row(
        WHERE,
        "the instance disappears",
        reboot_of,
        expected=FAILED,
        tags={"Environment": "dev", "local:reboot": "never"},
        during=delete_the_instance,
    ),
    Row(
        WHERE,
        "Poll crashes, always",
        reboot_of,
        ({"point": "function:poll", "effect": "refuse", "code": "Runtime.ExitError"},),
        LATE,
    ),
    Row(
        WHERE, "slower than the time-out", snapshot_of, (while_polling(SNAPSHOTS, **shows("Status", "creating")),), LATE
    ),
]


@parametrized(ROWS)
def test_poll(row: Row, seen: Seen) -> None:
    assert_as_expected(row, seen(row))
