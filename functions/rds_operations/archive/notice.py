"""The event that tells others of an audit record. docs/event.schema.json is its schema.

An event is a notice, and the record is the evidence: anybody with `events:PutEvents` in the account can send its like.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rds_operations.model.documents import Document, Item
from rds_operations.records.audit_record import NO_INSTANCE, Event

SOURCE = "rds-operations"
DETAIL_TYPES = {
    Event.ACCEPTED: "Operation accepted",
    Event.REFUSED: "Operation refused",
    Event.COMPLETED: "Operation ended",
    Event.FINAL: "Operation settled",
}
VERSION = "1"
_AS_ON_RECORD = (
    *("timestamp", "event", "recorded_by", "operation", "instance_id", "account_id", "region"),
    *("environment", "environment_source", "success", "operation_id", "execution_arn"),
)
_LONGEST_SUMMARY = 400


def detail_type(record: Item) -> str:
    return DETAIL_TYPES[Event(str(record["event"]))]


def detail_of(record: Item, console_url: str = "") -> Document:
    """Return the event's detail. `id` is the record's own: who gets an event twice knows it by that.

    Values of tags stay out, as they may be anybody's. `console_url` is the console's start page; empty for none.
    """
    caller = json.loads(str(record["user_identity"]))
    result = json.loads(str(record["result"]))
    return {
        "version": VERSION,
        "id": record["audit_id"],
        **{name: record[name] for name in _AS_ON_RECORD},
        "dry_run": bool(record.get("dry_run", False)),
        "requested_by": str(caller.get("userId", "")),
        "principal": str(caller.get("principal", "")),
        "parameters": _without_tag_values(json.loads(str(record["parameters"]))),
        "result": result,
        "summary": summary_of(record, caller, result),
        **_link(record, console_url),
    }


def summary_of(record: Mapping[str, Any], caller: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """Return one line that a person reads in a chat: who asked for what, and what came of it."""
    instance = "no instance" if record["instance_id"] == NO_INSTANCE else record["instance_id"]
    wanted = "an unknown operation" if record["operation"] == NO_INSTANCE else record["operation"]
    dry = "a dry run of " if record.get("dry_run") else ""
    place = " ".join(part for part in (record["account_id"], record["region"]) if part)
    where = ", ".join(part for part in (str(record["environment"]), place) if part)
    text = f"{caller.get('userId', 'Somebody')}: {dry}{wanted} on {instance} ({where}) {_came_of_it(record, result)}"
    line = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return line if len(line) <= _LONGEST_SUMMARY else f"{line[: _LONGEST_SUMMARY - 1]}…"


def _came_of_it(record: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    event = Event(record["event"])
    if event is Event.ACCEPTED:
        return "was accepted."
    if event is Event.REFUSED:
        return f"was refused: {result.get('error', 'see the record')}"
    if event is Event.FINAL:
        return _settled(result)
    if record["success"]:
        return f"is done after {result.get('duration_seconds', 0):g} s."
    if result.get("status") == "timeout":
        return "had not ended when the time was over. A later event says how it ended."
    return f"has failed: {result.get('error', 'see the record')}"


def _settled(result: Mapping[str, Any]) -> str:
    status = result.get("final_status")
    if status == "available":
        return "was done after the time-out."
    if status == "failed":
        return f"has failed after the time-out: {result.get('final_error', 'see the record')}"
    return f"was never seen to end. {result.get('final_note', '')}"


def _without_tag_values(parameters: Document) -> Document:
    tags = parameters.get("tags")
    if not isinstance(tags, list):
        return parameters
    return {**parameters, "tags": [tag.get("Key") for tag in tags if isinstance(tag, dict)]}


def _link(record: Item, console_url: str) -> Document:
    """Return the operation's page. A refused request has none."""
    if not console_url or record["event"] == Event.REFUSED.value:
        return {}
    return {"console_url": f"{console_url}#/operations/{record['operation_id']}"}
