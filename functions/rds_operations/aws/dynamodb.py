"""The edge to DynamoDB: plain items in, plain items out, and botocore's errors translated once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from rds_operations.model.documents import Item
from rds_operations.model.errors import TableBusy, TableUnavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

_CONDITION_FAILED = "ConditionalCheckFailed"
_BATCHES = 5
"""A batch may come in parts: at most 16 MB at once."""


def to_attributes(item: Mapping[str, str | bool | int]) -> dict[str, Any]:
    return {name: _attribute(value) for name, value in item.items()}


def from_attributes(attributes: Mapping[str, Any]) -> Item:
    return {name: _value(attribute) for name, attribute in attributes.items()}


def get(client: DynamoDBClient, table: str, operation_id: str) -> Item | None:
    """Read one item of `rds_operations`, consistently."""
    try:
        answer = client.get_item(TableName=table, Key={"operation_id": {"S": operation_id}}, ConsistentRead=True)
    except (ClientError, BotoCoreError) as error:
        raise TableUnavailable(f"{table} could not be read: {error}") from error
    return from_attributes(answer["Item"]) if "Item" in answer else None


def get_many(client: DynamoDBClient, table: str, ids: Sequence[str]) -> list[Item]:
    """Read up to 100 items of `rds_operations`, in any order, without those that are not there.

    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html
    """
    found: list[Item] = []
    asked: Mapping[str, Any] = {table: {"Keys": [{"operation_id": {"S": name}} for name in ids]}}
    try:
        for _attempt in range(_BATCHES):
            answer = client.batch_get_item(RequestItems=asked)
            found += [from_attributes(item) for item in answer["Responses"].get(table, [])]
            asked = answer.get("UnprocessedKeys", {})
            if not asked:
                return found
    except (ClientError, BotoCoreError) as error:
        raise TableUnavailable(f"{table} could not be read: {error}") from error
    raise TableUnavailable(f"{table} could not be read: not all of it at once")


def ids_until(client: DynamoDBClient, table: str, index: str, kind: str, until: int) -> Iterator[str]:
    """List the operations that an index has under `kind` with a `due_at` up to `until`, the earliest first."""
    pages = client.get_paginator("query").paginate(
        TableName=table,
        IndexName=index,
        KeyConditionExpression="unfinished = :kind AND due_at <= :until",
        ExpressionAttributeValues=to_attributes({":kind": kind, ":until": until}),
    )
    try:
        for page in pages:
            yield from (str(from_attributes(item)["operation_id"]) for item in page["Items"])
    except (ClientError, BotoCoreError) as error:
        raise TableUnavailable(f"{table} could not be read: {error}") from error


def write_all(client: DynamoDBClient, items: list[TransactWriteItemTypeDef]) -> bool:
    """Write all of it or nothing. Return False where a condition did not hold.

    Raises `TableBusy` or `TableUnavailable`.
    """
    try:
        client.transact_write_items(TransactItems=items)
    except client.exceptions.TransactionCanceledException as error:
        codes = {reason.get("Code", "None") for reason in error.response.get("CancellationReasons", [])} - {"None"}
        if _CONDITION_FAILED in codes:
            return False
        if codes and codes <= {"TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"}:
            raise TableBusy(f"Transaction cancelled: {', '.join(sorted(codes))}") from error
        raise TableUnavailable(f"Transaction cancelled: {', '.join(sorted(codes))}") from error
    except (ClientError, BotoCoreError) as error:
        raise TableUnavailable(f"Nothing could be written: {error}") from error
    return True


def write_one(client: DynamoDBClient, write: Callable[..., object], **arguments: Any) -> bool:
    """Put or update one item. Return False where its condition did not hold. Raises `TableUnavailable`."""
    try:
        write(**arguments)
    except client.exceptions.ConditionalCheckFailedException:
        return False
    except (ClientError, BotoCoreError) as error:
        raise TableUnavailable(f"Nothing could be written: {error}") from error
    return True


def _attribute(value: str | bool | int) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


def _value(attribute: Mapping[str, Any]) -> str | bool | int:
    ((kind, value),) = attribute.items()
    return int(value) if kind == "N" else value
