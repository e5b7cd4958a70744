"""What the service says of the database, held against what RDS has really done."""

from __future__ import annotations

import json
from typing import Any

from rds_operations import clock
from rds_operations.place import Place
from tests.simulation.cloud import Cloud
from tests.simulation.deployment import SETTINGS
from tests.simulation.people import People
from tests.simulation.rds_past import Act, seconds_of

Document = dict[str, Any]
_TO_BE_SEEN = 1.5 * SETTINGS.late_watch_interval_seconds
"""Seconds before the last look: what was done by then, and shows, must have been seen."""


def check_truth(cloud: Cloud, people: People, item: Document) -> None:
    """Of one operation that is over: a success that was none, a failure that was a success."""
    operation_id, watcher = item["operation_id"], cloud.watcher
    records = watcher.records.get((operation_id, "completed"))
    if not records or "ended_at" not in item:
        return
    final = watcher.records.get((operation_id, "final"))
    act = next((act for act in cloud.rds.acts if act.by == operation_id), None)
    last = final[0] if final else records[0]
    if last["success"]:
        _check_success(cloud, item, act, last)
    elif act and _is_untouched(cloud, people, act):
        _check_failure(cloud, item, act, json.loads(last["result"]), last)


def _check_success(cloud: Cloud, item: Document, act: Act | None, record: Document) -> None:
    operation_id = item["operation_id"]
    moment = seconds_of(clock.from_text(record["timestamp"]))
    if item["operation"] == "modify_backup_window":
        asked = json.loads(item["parameters"])["backup_window"]
        where = (Place(item["account_id"], item["region"]), item["instance_id"])
        since = seconds_of(clock.from_text(item["started_at"])) - 30
        shown = cloud.rds.instances[where].between(since, moment)
        if not any(instance["PreferredBackupWindow"] == asked for instance in shown):
            cloud.watcher.found("a window that never was", operation_id)
    elif act is None:
        cloud.watcher.found("a success of what RDS never took", operation_id)
    elif not act.succeeded or act.done_at > moment:
        cloud.watcher.found("a success that RDS did not have", operation_id)


def _check_failure(cloud: Cloud, item: Document, act: Act, said: Document, record: Document) -> None:
    """Nobody else had a hand in it, so what RDS shows is this operation's."""
    status = said.get("final_status", said["status"])
    moment = seconds_of(clock.from_text(record["timestamp"]))
    # Without a final record nothing will ever be said but this.
    if status == "failed" and act.succeeded and (act.done_at <= moment or record["event"] == "completed"):
        cloud.watcher.found("a failure that was a success", f"{item['operation_id']}: {said.get('error', '')[:100]}")
    seen = act.done_at + _TO_BE_SEEN + (0 if act.shown else 10**6)
    if status == "timeout" and act.succeeded and seen <= moment:
        cloud.watcher.found("done, and called a time-out", item["operation_id"])
    if status == "timeout" and not act.succeeded and seen <= moment:
        cloud.watcher.found("failed, and called a time-out", item["operation_id"])


def _is_untouched(cloud: Cloud, people: People, act: Act) -> bool:
    """No stranger and no other operation on the same instance that could be taken for this one, or hide it."""
    snapshot = act.call.get("DBSnapshotIdentifier")
    others = [other for other in cloud.rds.acts if other is not act and other.where == act.where]
    if snapshot:
        return snapshot not in people.touched
    return act.where not in people.touched and not any(other.action == act.action for other in others)
