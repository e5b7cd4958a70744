"""Reads lists from a key or an index, newest first, and operations by their ids. Never a scan: it reads everything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from rds_operations.aws.dynamodb import from_attributes, get_many, to_attributes
from rds_operations.model.documents import Item
from rds_operations.model.errors import TableUnavailable
from rds_operations.model.identifiers import is_execution_name
from rds_operations.records.indexes import UNFINISHED
from rds_operations.records.list_source import Source
from rds_operations.records.operation_item import REFUSED_AT
from rds_operations.records.stored_operation import StoredOperation
from rds_operations.settings.deployment import Deployment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class ListReader:
    """Reads eventually consistently: indexes know nothing else. Raises `TableUnavailable`."""

    def __init__(self, client: DynamoDBClient, deployment: Deployment) -> None:
        self._client = client
        self._deployment = deployment

    def read(
        self, source: Source, partition: str, after: str, count: int, columns: Iterable[str] = ()
    ) -> tuple[list[Item], bool]:
        """Return up to `count` items after a position (from the newest, where it is empty), and whether more may come.

        `columns` are the attributes to read; all, where there are none.
        """
        index = source.index
        low, high = source.bounds(partition)
        names = {"#partition": index.partition, "#sort": index.sort}
        given: dict[str, Any] = {
            "TableName": self._table_of(source),
            "KeyConditionExpression": "#partition = :partition AND #sort BETWEEN :low AND :high",
            "ExpressionAttributeValues": to_attributes({":partition": partition, ":low": low, ":high": high}),
            "ScanIndexForward": False,
            "Limit": count,
        }
        if index.name:
            given["IndexName"] = index.name
        if after:
            given["ExclusiveStartKey"] = to_attributes(source.start_key(partition, after))
        if columns:
            read = {f"#{column}": column for column in columns}
            given["ProjectionExpression"], names = ", ".join(read), names | read
        try:
            answer = self._client.query(**given, ExpressionAttributeNames=names)
        except (ClientError, BotoCoreError) as error:
            raise TableUnavailable(f"{given['TableName']} could not be read: {error}") from error
        return [from_attributes(item) for item in answer["Items"]], "LastEvaluatedKey" in answer

    def operations(self, ids: Iterable[str]) -> dict[str, StoredOperation]:
        """Return those of up to 100 that are known, by their ids."""
        wanted = sorted({operation_id for operation_id in ids if is_execution_name(operation_id)})
        items = get_many(self._client, self._deployment.operations_table, wanted) if wanted else []
        return {str(item["operation_id"]): StoredOperation.from_item(item) for item in items if REFUSED_AT not in item}

    def _table_of(self, source: Source) -> str:
        is_open = source.index is UNFINISHED
        return self._deployment.operations_table if is_open else self._deployment.audit_table
