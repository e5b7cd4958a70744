"""Extension: snapshots and reboots take time, and an instance's tags can make them fail or never end."""

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from ministack.core.responses import get_account_id, get_region, set_request_account_id, set_request_region
from ministack.services import rds

from local.instance_tags import FAILS, NEVER, REBOOT_TAG, SNAPSHOT_TAG, THROTTLE_TAG

Document = dict[str, Any]
Instance = Document
_DEFAULT_SECONDS = {SNAPSHOT_TAG: 95.0, REBOOT_TAG: 65.0}
_STEPS = 10


def install(time_scale: float) -> None:
    rds._create_snapshot_internal = _slow_snapshots(rds._create_snapshot_internal, time_scale)
    rds._finish_instance_reboot = _slow_reboots(rds._finish_instance_reboot, time_scale)
    rds.load_persisted_state = _going_on(rds.load_persisted_state, time_scale)
    rds._ACTION_MAP["DescribeDBSnapshots"] = _throttled(rds._ACTION_MAP["DescribeDBSnapshots"])


def _going_on(load: Callable[[Document], None], time_scale: float) -> Callable[[Document], None]:
    """Begin again what a restart of the local cloud interrupted: RDS itself would not have stopped."""

    def load_persisted_state(state: Document) -> None:
        rebooting = [
            key for key, instance in state["instances"]._data.items() if instance["DBInstanceStatus"] == "rebooting"
        ]
        load(state)
        for (account, region, _), snapshot in list(rds._snapshots._data.items()):
            instance = rds._instances._data.get((account, region, snapshot["DBInstanceIdentifier"]))
            if snapshot["Status"] == "creating" and instance:
                _in_background(partial(_grow, snapshot, instance, time_scale), account, region)
        for account, region, name in rebooting:
            _in_background(partial(_reboot_again, rds._instances._data[account, region, name]), account, region)

    return load_persisted_state


def _reboot_again(instance: Instance) -> None:
    while instance["DBInstanceStatus"] == "creating":  # MiniStack loads every instance with this status
        time.sleep(0.1)
    instance["DBInstanceStatus"] = "rebooting"
    rds._finish_instance_reboot(instance, None)


def _slow_snapshots(create: Callable[[str, Instance], Document], time_scale: float) -> Callable[..., Document]:
    def create_snapshot(snapshot_id: str, instance: Instance) -> Document:
        snapshot = create(snapshot_id, instance)
        snapshot.update(Status="creating", PercentProgress=0, DbiResourceId=instance["DbiResourceId"])
        if instance["DBInstanceStatus"] == "available":
            instance["DBInstanceStatus"] = "backing-up"  # as RDS does during a snapshot
        _in_background(partial(_grow, snapshot, instance, time_scale), get_account_id(), get_region())
        return snapshot

    return create_snapshot


def _slow_reboots(finish: Callable[[Instance, Any], None], time_scale: float) -> Callable[[Instance, Any], None]:
    def finish_reboot(instance: Instance, cluster: Any) -> None:
        behaviour = tag_of(instance, REBOOT_TAG)
        if behaviour == NEVER:
            return
        time.sleep(_seconds(behaviour, REBOOT_TAG) / time_scale)
        if behaviour == FAILS:
            instance["DBInstanceStatus"] = "incompatible-parameters"
        else:
            finish(instance, cluster)

    return finish_reboot


def _throttled(describe_snapshots: Callable[[Any], Any]) -> Callable[[Any], Any]:
    left: dict[str, int] = {}

    def describe(parameters: Any) -> Any:
        snapshot = rds._snapshots.get(rds._p(parameters, "DBSnapshotIdentifier")) or {}
        instance = rds._resolve_instance(snapshot.get("DBInstanceIdentifier", ""))
        if instance:
            arn = instance["DBInstanceArn"]
            left.setdefault(arn, int(tag_of(instance, THROTTLE_TAG) or 0))
            if left[arn] > 0:
                left[arn] -= 1
                return rds._error("Throttling", "Rate exceeded", 400)
        return describe_snapshots(parameters)

    return describe


def _grow(snapshot: Document, instance: Instance, time_scale: float) -> None:
    behaviour = tag_of(instance, SNAPSHOT_TAG)
    for step in range(1, _STEPS + 1):
        time.sleep(_seconds(behaviour, SNAPSHOT_TAG) / _STEPS / time_scale)
        snapshot["PercentProgress"] = 100 * step // _STEPS
        if behaviour == NEVER:
            return
    snapshot["Status"] = "failed" if behaviour == FAILS else "available"
    if instance["DBInstanceStatus"] == "backing-up":
        instance["DBInstanceStatus"] = "available"


def tag_of(instance: Instance, key: str) -> str:
    tags = rds._tags.get(instance["DBInstanceArn"], [])
    return next((str(item["Value"]) for item in tags if item["Key"] == key), "")


def _seconds(behaviour: str, tag: str) -> float:
    return float(behaviour) if behaviour.replace(".", "", 1).isdigit() else _DEFAULT_SECONDS[tag]


def _in_background(work: Callable[[], None], account: str, region: str) -> None:
    def run() -> None:
        set_request_account_id(account)
        set_request_region(region)
        work()

    threading.Thread(target=run, daemon=True).start()
