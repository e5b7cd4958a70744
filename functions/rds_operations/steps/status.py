"""GET /operations/{operation_id}: what the item says, in the words of the specification."""

from __future__ import annotations

import json
from typing import Any

from rds_operations.model.documents import Item
from rds_operations.model.place import Place
from rds_operations.model.refusals import Code, Refusal
from rds_operations.records.operation_item import location_fields

_RUNNING = ("operation", "instance_id", "operation_id", "execution_arn", "status", "started_at", "environment")


def status_document(item: Item, home: Place) -> dict[str, Any]:
    """The result document once it is over; until then where it stands, with the polls made so far."""
    if "ended_at" in item:
        document: dict[str, Any] = json.loads(str(item["result"]))
        return document | location_fields(item, home)
    running: dict[str, Any] = {name: item[name] for name in _RUNNING}
    running["polls"] = item.get("polls", 0)
    if int(item.get("percent", -1)) >= 0:
        running["percent"] = item["percent"]
    return running | location_fields(item, home)


def unknown(operation_id: str) -> Refusal:
    return Refusal(404, Code.OPERATION_NOT_FOUND, f"Operation {operation_id[:80]} not found")
