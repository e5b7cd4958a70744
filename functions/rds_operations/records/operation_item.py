"""The items of `rds_operations`.

Four kinds share the key `operation_id`: the operation, `lock#<account>#<Region>#<instance>` while one runs,
`last#<operation>#<account>#<Region>#<instance>` for the one that was claimed last there, and `key#<digest>` for an
Idempotency-Key. A `#` cannot be part of an execution's name, so they cannot meet. A lock or a key without an `owner`
was released, and is as good as none. An id that was refused for good is taken by an item that has only `refused_at`,
the time of the refusal.
"""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum

from rds_operations.model import clock
from rds_operations.model.documents import Item
from rds_operations.model.request import OperationRequest
from rds_operations.rules.classification import Verdict

ACCEPTED = "accepted"
UNFINISHED_INDEX = "unfinished"
REFUSED_AT = "refused_at"


class Unfinished(StrEnum):
    """The part of an operation that is still open. A finished operation has none, and thereby leaves the index.

    `due_at` beside it, in epoch seconds, is when the sweep takes it over.
    """

    OPERATION = "operation"
    """Its closing record."""
    WATCH = "watch"
    """Its `final_status`: it has ended, but RDS may still be at it."""


def table_key(operation_id: str) -> dict[str, dict[str, str]]:
    return {"operation_id": {"S": operation_id}}


def lock_id(request: OperationRequest) -> str:
    """Name the lock of an instance, with its place: other accounts and Regions may have the same name."""
    return f"lock#{request.account_id}#{request.region}#{request.instance_id}"


def last_id(request: OperationRequest) -> str:
    """Name the item that says which operation of its kind was claimed last on its instance; a lock would be gone."""
    return f"last#{request.operation}#{request.account_id}#{request.region}#{request.instance_id}"


def key_id(digest: str) -> str:
    return f"key#{digest}"


def owner_of(item: Item | None) -> str:
    """Return the operation that has a lock or a key; empty where there is none, or it was released."""
    return str(item.get("owner", "")) if item else ""


def operation_item(request: OperationRequest, verdict: Verdict, now: datetime, due: datetime) -> Item:
    return {
        "operation_id": request.operation_id,
        "operation": request.operation,
        "instance_id": request.instance_id,
        "account_id": request.account_id,
        "region": request.region,
        "resource_id": request.resource_id,
        "parameters": json.dumps(request.parameters, ensure_ascii=False),
        "fingerprint": request.fingerprint,
        "user_identity": json.dumps(request.caller, ensure_ascii=False),
        "environment": verdict.environment.value,
        "environment_source": verdict.source,
        "environment_disagreement": verdict.disagreement,
        "execution_arn": request.execution_arn,
        "request_id": request.request_id,
        "idempotency_key": request.idempotency_key,
        "requested_at": request.requested_at,
        "status": ACCEPTED,
        "started_at": clock.to_text(now),
        "unfinished": Unfinished.OPERATION.value,
        "due_at": clock.to_epoch(due),
        "ttl": clock.expiry(now),
    }
