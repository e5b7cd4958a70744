"""Extension: time in RDS. Snapshots and reboots take a while, and can be told to fail or never to end."""

import threading
import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region, set_request_account_id, set_request_region
from ministack.services import rds

from local.instance_tags import FAILS, NEVER, REBOOT_TAG, SNAPSHOT_TAG

_DEFAULT_SECONDS = {SNAPSHOT_TAG: 95.0, REBOOT_TAG: 65.0}
_STEPS = 10


def install(time_scale: float) -> None:
    create, finish = rds._create_snapshot_internal, rds._finish_instance_reboot

    def create_snapshot(snapshot_id: str, instance: dict[str, Any]) -> dict[str, Any]:
        snapshot: dict[str, Any] = create(snapshot_id, instance)
        snapshot.update(Status="creating", PercentProgress=0)
        if instance["DBInstanceStatus"] == "available":
            instance["DBInstanceStatus"] = "backing-up"  # as RDS does while it takes a snapshot
        _in_background(lambda: _grow(snapshot, instance, _behaviour(instance, SNAPSHOT_TAG), time_scale))
        return snapshot

    def finish_reboot(instance: dict[str, Any], cluster: Any) -> None:
        behaviour = _behaviour(instance, REBOOT_TAG)
        if behaviour == NEVER:
            return
        time.sleep(_seconds(behaviour, REBOOT_TAG) / time_scale)
        if behaviour == FAILS:
            instance["DBInstanceStatus"] = "incompatible-parameters"
        else:
            finish(instance, cluster)

    rds._create_snapshot_internal = create_snapshot
    rds._finish_instance_reboot = finish_reboot


def _grow(snapshot: dict[str, Any], instance: dict[str, Any], behaviour: str, time_scale: float) -> None:
    seconds = _seconds(behaviour, SNAPSHOT_TAG)
    for step in range(1, _STEPS + 1):
        if behaviour == NEVER and step > 1:
            return
        time.sleep(seconds / _STEPS / time_scale)
        snapshot["PercentProgress"] = 100 * step // _STEPS
    snapshot["Status"] = "failed" if behaviour == FAILS else "available"
    if instance["DBInstanceStatus"] == "backing-up":
        instance["DBInstanceStatus"] = "available"


def _behaviour(instance: dict[str, Any], tag: str) -> str:
    tags = rds._tags.get(instance["DBInstanceArn"], [])
    return next((str(item["Value"]) for item in tags if item["Key"] == tag), "")


def _seconds(behaviour: str, tag: str) -> float:
    return float(behaviour) if behaviour.replace(".", "", 1).isdigit() else _DEFAULT_SECONDS[tag]


def _in_background(work: Callable[[], None]) -> None:
    account, region = get_account_id(), get_region()

    def run() -> None:
        set_request_account_id(account)
        set_request_region(region)
        work()

    threading.Thread(target=run, daemon=True).start()
