"""The writes of which the ledger's transactions are made. All are conditional: what is there is never replaced."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from rds_operations.items import table_key
from rds_operations.tables import Item, to_attributes

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

UNWRITTEN = "attribute_not_exists(operation_id)"
UNRECORDED = "attribute_not_exists(audit_id)"
OPEN = "attribute_exists(operation_id) AND attribute_not_exists(ended_at)"


def put(
    table: str, item: Item, condition: str, values: Mapping[str, str | bool | int] | None = None
) -> TransactWriteItemTypeDef:
    arguments: dict[str, Any] = {"TableName": table, "Item": to_attributes(item), "ConditionExpression": condition}
    if values:
        arguments["ExpressionAttributeValues"] = to_attributes(values)
    return {"Put": cast("Any", arguments)}


def update(
    table: str,
    operation_id: str,
    expression: str,
    condition: str,
    values: Mapping[str, str | bool | int],
) -> TransactWriteItemTypeDef:
    """In `expression` and `condition` a name with a `#` before it is the attribute of that name."""
    names = {word: word[1:] for word in _words(f"{expression} {condition}") if word.startswith("#")}
    arguments: dict[str, Any] = {
        "TableName": table,
        "Key": table_key(operation_id),
        "UpdateExpression": expression,
        "ConditionExpression": condition,
        "ExpressionAttributeValues": to_attributes(values),
    }
    return {"Update": cast("Any", arguments | ({"ExpressionAttributeNames": names} if names else {}))}


def delete_own(table: str, key: str, owner: str) -> TransactWriteItemTypeDef:
    """A lock or an Idempotency-Key, if it is the owner's."""
    return {
        "Delete": {
            "TableName": table,
            "Key": table_key(key),
            "ConditionExpression": "#owner = :me",
            "ExpressionAttributeNames": {"#owner": "owner"},
            "ExpressionAttributeValues": to_attributes({":me": owner}),
        }
    }


def _words(expression: str) -> list[str]:
    return expression.replace(",", " ").replace("(", " ").replace(")", " ").split()
