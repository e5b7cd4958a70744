"""The local cloud is killed during operations and started again from its disk: every operation ends on record."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from local import cloud, deployment
from local.cloud import Cloud
from tests.local_service import LATE_WATCH
from tests.workflow.faults.case import Case, Row
from tests.workflow.faults.checks import assert_as_expected
from tests.workflow.service import Service, reboot_of, snapshot_of, window_of

TIME_SCALE = 20.0
SLOW = {"Environment": "dev", "local:snapshot": "160", "local:reboot": "160"}
"""Longer than the eight seconds that it takes to kill the cloud."""
FAULT = "the whole cloud is killed in mid-operation and started again"
KILLED = {"answer": 202, "execution": "FAILED States.ServiceRestart", "acted": 1}
CLOSED = ("accepted by admission", "completed by sweep")
STALE_WINDOW = {
    "point": "rds:DescribeDBInstances",
    "effect": "rewrite",
    "pattern": "<PreferredBackupWindow>[^<]*<",
    "replacement": "<PreferredBackupWindow>03:00-04:00<",
    "skip": 2,
}
ROWS = [
    Row("Cloud", FAULT, snapshot_of, (), {**KILLED, "outcome": "available", "records": CLOSED}, SLOW),
    Row("Cloud", FAULT, reboot_of, (), {**KILLED, "outcome": "available", "records": CLOSED}, SLOW),
    Row("Cloud", FAULT, window_of, (STALE_WINDOW,), {**KILLED, "outcome": "available", "records": CLOSED}, SLOW),
]


def test_every_operation_ends_and_is_recorded(tmp_path: Path, record_property: Callable[[str, object], None]) -> None:
    port = cloud.free_port()
    try:
        here = cloud.start(tmp_path, port, TIME_SCALE, faults=True, keep_state=True)
        service = Service.on(here, deployment.deploy(here, overrides=LATE_WATCH))
        cases = [under_way(service, row) for row in ROWS]
        wait_until_on_disk(tmp_path)
        for case in cases:
            case.earlier = case.calls()  # RDS remembers them, the list of calls does not
        kill(here)
        cloud.start(tmp_path, port, TIME_SCALE, faults=True, keep_state=True)
        for case in cases:
            case.eventually(partial(not_at_it_any_more, case), "the end in RDS")
            case.sweep()
            # The stream is lost with the cloud, and Digest makes good for it.
            case.eventually(partial(is_archived, case), "the archive")
            case.finish()
            observation = case.observe()
            record_property("observation", observation.to_document())
            assert_as_expected(case.row, observation)
    finally:
        cloud.stop(tmp_path)


def is_archived(case: Case) -> bool:
    case.service.digest()
    records = case.service.records(case.instance)
    return len(records) == len(CLOSED) and all(map(case.service.archived, records))


def under_way(service: Service, row: Row) -> Case:
    """Start an operation, and wait until RDS works on it."""
    case = Case(service, row)
    for fault in row.faults:
        case.inject(**fault)
    case.post()
    case.eventually(lambda: service.get(case.operation_id).body["status"] != "accepted", "the act")
    case.eventually(case.calls, "the acting call")
    return case


def wait_until_on_disk(folder: Path) -> None:
    """Wait for two rounds of writing, so that the disk has all that is known now."""
    file, now = folder / "state" / "stepfunctions.json", time.time()
    for _round in range(2):
        while not file.exists() or file.stat().st_mtime <= now:
            time.sleep(0.05)
        now = file.stat().st_mtime


def kill(here: Cloud) -> None:
    os.kill(here.pid, signal.SIGKILL)
    while cloud._is_alive(here.pid) or not cloud.port_is_free(here.port):
        time.sleep(0.05)


def not_at_it_any_more(case: Case) -> bool:
    instance = case.service.instance(case.instance)
    snapshots = [snapshot["Status"] for snapshot in case.service.snapshots(case.instance)]
    return instance["DBInstanceStatus"] == "available" and "creating" not in snapshots
