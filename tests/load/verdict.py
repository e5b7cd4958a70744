"""What must hold after a load, read from the tables."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.load.clients import Seen
from tests.workflow.service import Service, is_held

Document = dict[str, Any]


def scan(service: Service, table: str) -> list[Document]:
    """Return all items of a table, as from DynamoDB's API. `table` is its name in the deployment's outputs."""
    pages = service.aws("dynamodb").get_paginator("scan").paginate(TableName=service.outputs[table])
    return [item for page in pages for item in page["Items"]]


def audit_ids(service: Service) -> set[str]:
    return {record["audit_id"]["S"] for record in scan(service, "audit_table")}


def violations(service: Service, seen: Seen, operations: int, records_before: set[str]) -> list[str]:
    """Return sentences, none if everything holds."""
    items = scan(service, "operations_table")
    records = [item for item in scan(service, "audit_table") if item["audit_id"]["S"] not in records_before]
    return [
        *(f"an answer that should not be: {text}" for text in seen.wrong[:10]),
        *_ended(items, seen, operations),
        *_recorded(records, seen),
        *(f"a lock is left: {item['operation_id']['S']}" for item in items if _is_lock(item) and is_held(item)),
    ]


def _ended(items: list[Document], seen: Seen, operations: int) -> Iterable[str]:
    if len(seen.accepted) != operations:
        yield f"{len(seen.accepted)} operations were accepted, not {operations}"
    ended = {item["operation_id"]["S"] for item in items if "ended_at" in item}
    for operation_id in sorted(set(seen.accepted) - ended):
        yield f"{operation_id} has not ended"


def _recorded(records: list[Document], seen: Seen) -> Iterable[str]:
    found = sorted((record["operation_id"]["S"], record["event"]["S"]) for record in records)
    wanted = sorted((operation_id, event) for operation_id in seen.accepted for event in ("accepted", "completed"))
    if found == wanted:
        return
    yield f"{len(found)} records, not {len(wanted)}"
    for operation_id, event in sorted(set(wanted) ^ set(found))[:10]:
        yield f"the record {event} of {operation_id} is {'missing' if (operation_id, event) in wanted else 'too many'}"


def _is_lock(item: Document) -> bool:
    return str(item["operation_id"]["S"]).startswith("lock#")
