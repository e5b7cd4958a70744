"""The audit record: the specification's attributes with its types, and what ties them to the execution."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum
from typing import Any

from rds_operations.model import clock
from rds_operations.model.documents import Item
from rds_operations.model.request import OperationRequest
from rds_operations.records.record_hash import HASH, record_hash
from rds_operations.rules.classification import Environment, Verdict
from rds_operations.settings.version import VERSION

NO_INSTANCE = "-"
"""The partition of attempts that named no instance that could exist."""
_LONGEST_KEY = 2_048
"""Bytes of a partition key. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html"""


class Event(StrEnum):
    """The kind of a record."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    COMPLETED = "completed"
    FINAL = "final"


class Recorder(StrEnum):
    """The writer of a record: a state machine itself, or a safety net behind it."""

    ADMISSION = "admission"
    OPERATION = "operation"
    BACKSTOP = "backstop"
    SWEEP = "sweep"
    LATE_WATCH = "late_watch"


def audit_record(
    request: OperationRequest,
    event: Event,
    result: dict[str, Any],
    moment: datetime,
    verdict: Verdict | None = None,
    recorded_by: Recorder = Recorder.OPERATION,
    settings_digest: str = "",
) -> Item:
    """Make one item of `rds_audit_log`. `success` of an accepted request says that it was accepted, no more.

    The sort key is `{instance_id}#{timestamp}` made unique, so a record can neither replace another nor be
    written twice. `settings_digest` is that of the settings that decided.
    """
    timestamp = clock.to_text(moment)
    instance_id = request.instance_id or NO_INSTANCE
    record: Item = {
        "instance_id": instance_id,
        "audit_id": f"{instance_id}#{timestamp}#{request.operation_id}#{event.value}",
        "timestamp": timestamp,
        "account_id": request.account_id,
        "region": request.region,
        "operation": request.operation or NO_INSTANCE,
        "parameters": json.dumps(request.parameters, ensure_ascii=False),
        "user_identity": json.dumps(request.caller, ensure_ascii=False),
        "result": json.dumps(result, ensure_ascii=False),
        "success": bool(result["success"]),
        "ttl": clock.expiry(moment),
        "event": event.value,
        "recorded_by": recorded_by.value,
        "operation_id": request.operation_id,
        "execution_arn": request.execution_arn,
        "request_id": request.request_id,
        "environment": verdict.environment.value if verdict else Environment.UNKNOWN.value,
        "environment_source": verdict.source if verdict else "",
        "environment_disagreement": verdict.disagreement if verdict else "",
        "version": VERSION,
        **_index_keys(request, timestamp, failed=not result["success"]),
        **({"settings_digest": settings_digest} if settings_digest else {}),
        **({"dry_run": True} if request.dry_run else {}),
    }
    return {**record, HASH: record_hash(record)}


def _index_keys(request: OperationRequest, timestamp: str, *, failed: bool) -> dict[str, str]:
    """Return the keys of `indexes`. One without a value is left out: DynamoDB refuses the item of an empty index key.

    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
    """
    principal = str(request.caller.get("principal", ""))
    fits = 0 < len(principal.encode("utf-8", "surrogatepass")) <= _LONGEST_KEY
    return {
        "day": timestamp[: len("2026-11-25")],
        **({"principal": principal} if fits else {}),
        **({"failed_month": timestamp[: len("2026-11")]} if failed else {}),
    }
