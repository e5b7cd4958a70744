"""What no key or index of a list holds is compared with each item that was read."""

from __future__ import annotations

import json
from collections.abc import Mapping

from rds_operations.model.documents import Document, Item
from rds_operations.records.stored_operation import StoredOperation

_STORED_AS_JSON = ("parameters", "user_identity", "result")


def record_document(record: Item) -> Document:
    """Return a record as stored, with its JSON texts parsed."""
    return {name: json.loads(str(value)) if name in _STORED_AS_JSON else value for name, value in record.items()}


def fits_record(filters: Mapping[str, str], record: Document) -> bool:
    """Compare with a `record_document`. `failed` is whether an attempt was refused or failed."""
    known = {
        **record,
        "status": str(record["result"].get("status", "")),
        "failed": _boolean("failed_month" in record),
    }
    return all(known.get(name) == value for name, value in filters.items())


def fits_operation(filters: Mapping[str, str], stored: StoredOperation) -> bool:
    """`failed` is whether it has ended without success, `status` the one that its document shows."""
    failed = bool(stored.ended_at) and not stored.result.get("success")
    known = {
        "instance_id": stored.request.instance_id,
        "operation": stored.request.operation,
        "environment": stored.verdict.environment.value,
        "principal": stored.request.caller.get("principal"),
        "status": stored.result.get("status") if stored.ended_at else stored.status,
        "failed": _boolean(failed),
        "finished": _boolean(bool(stored.ended_at)),
    }
    return all(known[name] == value for name, value in filters.items())


def _boolean(value: bool) -> str:
    return "true" if value else "false"
