"""What is, in `rds_operations`, and in the same transactions what was, in `rds_audit_log`."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from rds_operations import clock, tables
from rds_operations.audit_record import Event, audit_record
from rds_operations.classification import Verdict
from rds_operations.environment import Deployment
from rds_operations.items import ACCEPTED, key_id, lock_id, operation_item, table_key
from rds_operations.order import Order
from rds_operations.outcome import Outcome
from rds_operations.progress import Progress
from rds_operations.tables import Item, to_attributes
from rds_operations.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_TO_BE_CLAIMED = timedelta(minutes=5)
"""Longer than ADMISSION and OPERATION's first states take, with all their retries."""
_UNWRITTEN = "attribute_not_exists(operation_id)"
_OPEN = "attribute_exists(operation_id) AND attribute_not_exists(ended_at)"


class Ledger:
    """Raises `TableBusy` (nothing written, repeat) and `RecordNotWritten`."""

    def __init__(self, client: DynamoDBClient, deployment: Deployment) -> None:
        self._client = client
        self._deployment = deployment

    def item(self, operation_id: str) -> Item | None:
        return tables.get(self._client, self._deployment.operations_table, operation_id)

    def owner_of_key(self, digest: str) -> str:
        """The operation that an Idempotency-Key stands for, or empty."""
        item = self.item(key_id(digest)) if digest else None
        return str(item["owner"]) if item else ""

    def lock_holder(self, instance_id: str, now: datetime) -> str:
        """The operation that runs on the instance, or empty. A lock past its time holds nothing."""
        item = self.item(lock_id(instance_id))
        return str(item["owner"]) if item and int(item["expires_at"]) > clock.to_epoch(now) else ""

    def open(self, order: Order, verdict: Verdict, now: datetime) -> bool:
        """The operation, its lock, its key and its opening record; False where any of them was there before."""
        opening = audit_record(order, Event.ACCEPTED, {"status": ACCEPTED, "success": True}, now, verdict)
        writes = [
            self._put(self._deployment.operations_table, operation_item(order, verdict, now), _UNWRITTEN),
            self._put_lock(order, now),
            self._put(self._deployment.audit_table, opening, "attribute_not_exists(audit_id)"),
        ]
        if order.idempotency_key:
            key: Item = {
                "operation_id": key_id(order.idempotency_key),
                "owner": order.operation_id,
                "ttl": clock.expiry(now),
            }
            writes.append(self._put(self._deployment.operations_table, key, _UNWRITTEN))
        return _told(tables.write_all(self._client, writes), opening)

    def claim(self, order: Order, working_status: str, now: datetime) -> bool:
        """The right to act, which is given once, and the lock for as long as an execution can run.

        False where it was given before, or the lock or the order is gone.
        """
        until = now + self._deployment.longest
        claim = {
            "TableName": self._deployment.operations_table,
            "Key": table_key(order.operation_id),
            "UpdateExpression": "SET acting_at = :now, #status = :working",
            "ConditionExpression": f"{_OPEN} AND attribute_not_exists(acting_at) AND fingerprint = :fingerprint",
            "ExpressionAttributeNames": {"#status": "status"},
            "ExpressionAttributeValues": to_attributes(
                {":now": clock.to_text(now), ":working": working_status, ":fingerprint": order.fingerprint}
            ),
        }
        lock = {
            "TableName": self._deployment.operations_table,
            "Key": table_key(lock_id(order.instance_id)),
            "UpdateExpression": "SET expires_at = :until",
            "ConditionExpression": "#owner = :me",
            "ExpressionAttributeNames": {"#owner": "owner"},
            "ExpressionAttributeValues": to_attributes({":me": order.operation_id, ":until": clock.to_epoch(until)}),
        }
        return tables.write_all(self._client, [{"Update": claim}, {"Update": lock}])  # type: ignore[typeddict-item]

    def give_back(self, order: Order, since: datetime) -> None:
        """Undo a claim whose call is known to have had no effect."""
        tables.write_one(
            self._client,
            self._client.update_item,
            **{
                "TableName": self._deployment.operations_table,
                "Key": table_key(order.operation_id),
                "UpdateExpression": "REMOVE acting_at",
                "ConditionExpression": f"{_OPEN} AND acting_at = :since",
                "ExpressionAttributeValues": to_attributes({":since": clock.to_text(since)}),
            },
        )

    def advance(self, order: Order, progress: Progress, polls: int) -> None:
        """What a poll saw; never back, and never after the end."""
        tables.write_one(
            self._client,
            self._client.update_item,
            **{
                "TableName": self._deployment.operations_table,
                "Key": table_key(order.operation_id),
                "UpdateExpression": "SET #status = :status, polls = :polls, #percent = :percent",
                "ConditionExpression": f"{_OPEN} AND (attribute_not_exists(polls) OR polls < :polls)",
                "ExpressionAttributeNames": {"#status": "status", "#percent": "percent"},
                "ExpressionAttributeValues": to_attributes(
                    {":status": progress.status, ":polls": polls, ":percent": progress.percent}
                ),
            },
        )

    def close(
        self, order: Order, verdict: Verdict, outcome: Outcome, now: datetime, *, only_unclaimed: bool = False
    ) -> bool:
        """The closing record, the final status and the release of the lock; False where it was closed before.

        `only_unclaimed` closes an order on which nobody has begun to act, and no other; it frees its Idempotency-Key,
        since a repetition must not be answered with an operation that never was.
        """
        end = {
            "TableName": self._deployment.operations_table,
            "Key": table_key(order.operation_id),
            "UpdateExpression": "SET #status = :status, #result = :result, #error = :error, ended_at = :now",
            "ConditionExpression": _OPEN + (" AND attribute_not_exists(acting_at)" if only_unclaimed else ""),
            "ExpressionAttributeNames": {"#status": "status", "#result": "result", "#error": "error"},
            "ExpressionAttributeValues": to_attributes(
                {
                    ":status": str(outcome.document["status"]),
                    ":result": json.dumps(outcome.document, ensure_ascii=False),
                    ":error": outcome.error,
                    ":now": clock.to_text(now),
                }
            ),
        }
        closing = audit_record(order, Event.COMPLETED, outcome.document, now, verdict)
        writes: list[Any] = [
            {"Update": end},
            self._put(self._deployment.audit_table, closing, "attribute_not_exists(audit_id)"),
        ]
        lock = self.item(lock_id(order.instance_id))
        if lock and lock["owner"] == order.operation_id:
            writes.append(self._delete(lock_id(order.instance_id), order))
        if only_unclaimed and order.idempotency_key:
            writes.append(self._delete(key_id(order.idempotency_key), order))
        return _told(tables.write_all(self._client, writes), closing)

    def record_refusal(self, order: Order, result: dict[str, Any], moment: datetime, verdict: Verdict) -> bool:
        """A record of an attempt that has no item; False where it was written before."""
        item = audit_record(order, Event.REFUSED, result, moment, verdict)
        put = self._put(self._deployment.audit_table, item, "attribute_not_exists(audit_id)")["Put"]
        return _told(tables.write_one(self._client, self._client.put_item, **put), item)

    def _put(self, table: str, item: Item, condition: str) -> TransactWriteItemTypeDef:
        return {"Put": {"TableName": table, "Item": to_attributes(item), "ConditionExpression": condition}}

    def _put_lock(self, order: Order, now: datetime) -> TransactWriteItemTypeDef:
        """It ends by itself: soon, where OPERATION never gets to claim its order; else see `claim`."""
        until = now + _TO_BE_CLAIMED
        lock: Item = {
            "operation_id": lock_id(order.instance_id),
            "owner": order.operation_id,
            "expires_at": clock.to_epoch(until),
            "ttl": clock.expiry(until),
        }
        return {
            "Put": {
                "TableName": self._deployment.operations_table,
                "Item": to_attributes(lock),
                "ConditionExpression": f"{_UNWRITTEN} OR expires_at <= :now",
                "ExpressionAttributeValues": to_attributes({":now": clock.to_epoch(now)}),
            }
        }

    def _delete(self, operation_id: str, order: Order) -> TransactWriteItemTypeDef:
        """A lock or key of the order's own."""
        return {
            "Delete": {
                "TableName": self._deployment.operations_table,
                "Key": table_key(operation_id),
                "ConditionExpression": "#owner = :me",
                "ExpressionAttributeNames": {"#owner": "owner"},
                "ExpressionAttributeValues": to_attributes({":me": order.operation_id}),
            }
        }


def _told(written: bool, record: Item) -> bool:
    message = "recorded" if written else "not recorded: another write was first"
    logger.info(message, extra={"audit_id": record["audit_id"], "success": record["success"]})
    return written
