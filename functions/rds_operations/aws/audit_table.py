"""The edge to `rds_audit_log` for whoever compares all of it: whole days, by the index `by_day`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from rds_operations.aws.dynamodb import from_attributes, to_attributes
from rds_operations.model.documents import Item
from rds_operations.model.errors import TableUnavailable
from rds_operations.records.indexes import BY_DAY

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class AuditTable:
    """Raises `TableUnavailable`."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def records_of(self, day: str) -> Iterator[Item]:
        """Read all records of a day, `2026-11-25`, the oldest first."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=BY_DAY.name,
            KeyConditionExpression="#day = :day",
            ExpressionAttributeNames={"#day": BY_DAY.partition},
            ExpressionAttributeValues=to_attributes({":day": day}),
        )
        try:
            for page in pages:
                yield from (from_attributes(item) for item in page["Items"])
        except (ClientError, BotoCoreError) as error:
            raise TableUnavailable(f"{self._table} could not be read: {error}") from error
