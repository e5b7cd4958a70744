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
from rds_operations.records.stored_operation import StoredOperation
from rds_operations.settings.deployment import Deployment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class OperationReader:
    """Reads consistently, but for `overdue`. Raises `TableUnavailable`."""

    def __init__(self, client: DynamoDBClient, deployment: Deployment) -> None:
        self._client = client
        self._deployment = deployment
        self._operations = deployment.operations_table
        self.home = deployment.home

    def operation(self, operation_id: str) -> StoredOperation | None:
        """Return None for an id that is unknown, or that was refused for good."""
        item = self._item(operation_id)
        return StoredOperation.from_item(item) if item and REFUSED_AT not in item else None

    def is_known(self, operation_id: str) -> bool:
        """Tell whether there is an operation under this id, or a refusal for good."""
        return self._item(operation_id) is not None

    def is_refused(self, operation_id: str) -> bool:
        """Tell whether nothing can be opened under this id any more: see `OperationStore.record_refusal`."""
        return REFUSED_AT in (self._item(operation_id) or {})

    def owner_of_key(self, digest: str) -> str:
        """Return the operation that an Idempotency-Key stands for, or an empty text."""
        return owner_of(self._item(key_id(digest))) if digest else ""

    def lock_holder(self, request: OperationRequest, now: datetime) -> str:
        """Return the operation that runs on the instance, or an empty text. A lock past its time holds nothing."""
        item = self._item(lock_id(request))
        return owner_of(item) if item and int(item["expires_at"]) > clock.to_epoch(now) else ""

    def overdue(self, kind: Unfinished, now: datetime) -> Iterator[str]:
        """List the ids of operations of this kind that should long be over, the oldest first.

        An index lists them, which is a moment behind: ask each with `StoredOperation.is_overdue`.
        """
        return dynamodb.ids_until(self._client, self._operations, UNFINISHED_INDEX, kind.value, clock.to_epoch(now))

    def _item(self, operation_id: str) -> Item | None:
        return dynamodb.get(self._client, self._operations, operation_id)
