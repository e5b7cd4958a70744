"""What is on record in `rds_operations`, as the functions read it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from rds_operations.aws import dynamodb
from rds_operations.model import clock
from rds_operations.model.documents import Item
from rds_operations.model.request import OperationRequest
from rds_operations.records.operation_item import REFUSED_AT, UNFINISHED_INDEX, Unfinished, key_id, lock_id, owner_of
from rds_operations.settings.deployment import Deployment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class OperationReader:
    """Raises `RecordNotWritten` where a table cannot be read."""

    def __init__(self, client: DynamoDBClient, deployment: Deployment) -> None:
        self._client = client
        self._deployment = deployment
        self._operations = deployment.operations_table
        self.home = deployment.home

    def item(self, operation_id: str) -> Item | None:
        item = self._get(operation_id)
        return None if item and REFUSED_AT in item else item

    def is_known(self, operation_id: str) -> bool:
        """Whether there is an operation under this id, or a refusal for good."""
        return self._get(operation_id) is not None

    def is_refused(self, operation_id: str) -> bool:
        """Whether nothing can be opened under this id any more: see `record_refusal`."""
        return REFUSED_AT in (self._get(operation_id) or {})

    def owner_of_key(self, digest: str) -> str:
        """The operation that an Idempotency-Key stands for, or empty."""
        item = self.item(key_id(digest)) if digest else None
        return owner_of(item)

    def lock_holder(self, request: OperationRequest, now: datetime) -> str:
        """The operation that runs on the request's instance, or empty. A lock past its time holds nothing."""
        item = self.item(lock_id(request))
        return owner_of(item) if item and int(item["expires_at"]) > clock.to_epoch(now) else ""

    def overdue(self, kind: Unfinished, now: datetime) -> Iterator[str]:
        """The ids of operations of this kind that should long be over, the oldest first: as an index shows them."""
        return dynamodb.ids_until(self._client, self._operations, UNFINISHED_INDEX, kind.value, clock.to_epoch(now))

    def is_overdue(self, item: Item, kind: Unfinished, now: datetime) -> bool:
        """By the item itself: an index is a moment behind."""
        return item.get("unfinished") == kind.value and int(item["due_at"]) <= clock.to_epoch(now)

    def _get(self, operation_id: str) -> Item | None:
        return dynamodb.get(self._client, self._operations, operation_id)
