"""Compares what the service says of a database with what RDS really did."""

from __future__ import annotations

import json
from typing import Any

from rds_operations.model import clock
from rds_operations.model.place import Place
from tests.simulation import deployment
from tests.simulation.cloud import Cloud
from tests.simulation.deployment import SETTINGS
from tests.simulation.people import People
from tests.simulation.rds_past import Act, seconds_of

Document = dict[str, Any]
_LAG = 30.0
"""Seconds before the beginning that a read may still show."""
_TO_BE_SEEN = 1.5 * SETTINGS.late_watch_interval_seconds
"""Seconds before the last read by which visible work must have been seen."""

_SAME = ("account_id", "region", "instance_id", "operation")


def check_truth(cloud: Cloud, people: People, item: Document) -> None:
    """Check a finished operation for a false success, or a failure that was a success.

    A late call on a new instance of the same name is no success.
    """
    operation_id, watcher = item["operation_id"], cloud.watcher
    records = watcher.records.get((operation_id, "completed"))
    if not records or "ended_at" not in item:
        return
    final = watcher.records.get((operation_id, "final"))
    act = next((act for act in cloud.rds.acts if act.by == operation_id), None)
    last = final[0] if final else records[0]
    said = json.loads(last["result"])
    # A note says that another operation had begun by then, so only the late watch asked whose end it was.
    seen = watcher.ends_seen_late if "final_note" in said else watcher.ends_seen
    if said.get("final_status", said["status"]) == "timeout" and operation_id in seen:
        _check_forgotten(cloud, people, item)
    if last["success"]:
        _check_success(cloud, item, act, last)
    elif act and act.resource_id == item["resource_id"] and _is_untouched(cloud, people, act):
        _check_failure(cloud, item, act, said, last)
    elif final and act is None and said["final_status"] == "failed" and _is_alone(cloud, people, item):
        watcher.found("a failure that RDS has not shown", f"{operation_id}: {said['final_error']}")


def _check_forgotten(cloud: Cloud, people: People, item: Document) -> None:
    """Check a forgotten end. If only a stopped execution saw it and a stranger then changed it, nobody can see it
    again.
    """
    operation_id = item["operation_id"]
    execution = cloud.states.find(deployment.OPERATION, operation_id)
    stopped = execution is not None and execution.status == "ABORTED"
    where = (Place(item["account_id"], item["region"]), item["instance_id"])
    touched = not people.touched.isdisjoint({where, json.loads(item["parameters"]).get("snapshot_id")})
    if stopped and touched and operation_id not in cloud.watcher.ends_seen_late:
        cloud.counts["documented: an execution was stopped with an end unrecorded, and a stranger changed it"] += 1
        return
    cloud.watcher.found("an end that was seen is called a time-out", operation_id)


def _check_success(cloud: Cloud, item: Document, act: Act | None, record: Document) -> None:
    operation_id = item["operation_id"]
    where = (Place(item["account_id"], item["region"]), item["instance_id"])
    since, moment = _seconds(item["started_at"]) - _LAG, _seconds(record["timestamp"])
    shown = cloud.rds.instances[where].between(since, moment)
    if item["operation"] == "modify_backup_window":
        asked = json.loads(item["parameters"])["backup_window"]
        if not any(instance["PreferredBackupWindow"] == asked for instance in shown):
            cloud.watcher.found("a window that never was", operation_id)
    elif act is None or not act.succeeded or act.done_at > moment:
        restarted = [
            other.by
            for other in cloud.rds.acts
            if (other.where, other.action) == (where, "RebootDBInstance")
            and other.by != operation_id
            and other.succeeded
            and since <= other.done_at <= moment
        ]
        if "" in restarted and item["operation"] == "reboot_instance":
            cloud.counts["documented: a stranger's restart was taken for its own"] += 1
            return
        cloud.watcher.found(_name_of_wrong_success(item, restarted, shown), operation_id)


def _name_of_wrong_success(item: Document, restarted: list[str], shown: list[Document]) -> str:
    if item["operation"] == "reboot_instance":
        if restarted:
            return "another operation's restart is taken for its own"
        if len({instance["DbiResourceId"] for instance in shown}) > 1:
            return "an instance made anew is taken for rebooted"
    return "a success that RDS did not have"


def _check_failure(cloud: Cloud, item: Document, act: Act, said: Document, record: Document) -> None:
    """Check a failure where nobody else interfered, so that RDS shows this operation's work."""
    status, moment = said.get("final_status", said["status"]), _seconds(record["timestamp"])
    # Without a final record, this is the last word.
    if status == "failed" and act.succeeded and (act.done_at <= moment or record["event"] == "completed"):
        cloud.watcher.found("a failure that was a success", f"{item['operation_id']}: {said.get('error', '')[:100]}")
    troubled = any("Poll" in purpose or purpose.startswith("sweep") for purpose in cloud.chance.struck)
    if status == "timeout" and act.done_at + act.told_after + _TO_BE_SEEN <= moment and not troubled:
        if "final_note" in said and _is_followed(cloud, item):
            cloud.counts["documented: another operation of its kind took the claim before the end was seen"] += 1
            return
        cloud.watcher.found("done, and called a time-out", item["operation_id"])


def _is_followed(cloud: Cloud, item: Document) -> bool:
    """Return whether another operation of its kind had the claim after it, if only until RDS refused the call."""
    claims = [claim for claim in cloud.watcher.claims if all(claim[name] == item[name] for name in _SAME)]
    return bool(claims[-1]["operation_id"] != item["operation_id"])


def _seconds(timestamp: str) -> float:
    return seconds_of(clock.from_text(timestamp))


def _is_alone(cloud: Cloud, people: People, item: Document) -> bool:
    """Return whether nobody else acted on the instance or took the snapshot's name, so that RDS shows nothing."""
    where = (Place(item["account_id"], item["region"]), item["instance_id"])
    snapshot = json.loads(item["parameters"]).get("snapshot_id", "")
    names = {act.call.get("DBSnapshotIdentifier") for act in cloud.rds.acts}
    return where not in people.touched and snapshot not in {*people.touched, *names}


def _is_untouched(cloud: Cloud, people: People, act: Act) -> bool:
    """Return whether no stranger's or other operation's work on the instance could hide this one or pass for it."""
    snapshot = act.call.get("DBSnapshotIdentifier")
    others = [other for other in cloud.rds.acts if other is not act and other.where == act.where]
    if snapshot:
        return snapshot not in people.touched
    return act.where not in people.touched and not any(other.action == act.action for other in others)
