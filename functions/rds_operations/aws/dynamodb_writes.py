"""The writes of which the store's transactions are made. All but `note` are conditional: they replace nothing."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from rds_operations.aws.dynamodb import to_attributes
from rds_operations.model import clock
from rds_operations.model.documents import Item
from rds_operations.records.operation_item import REFUSED_AT, table_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef

UNWRITTEN = "attribute_not_exists(operation_id)"
UNOWNED = "attribute_not_exists(#owner)"
"""A lock or an Idempotency-Key does not exist, or was released."""
NOT_RECORDED_BEFORE = "attribute_not_exists(audit_id)"
OPEN = "attribute_exists(operation_id) AND attribute_not_exists(ended_at)"
Values = Mapping[str, str | bool | int]


def put(table: str, item: Item, condition: str, values: Values | None = None) -> TransactWriteItemTypeDef:
    arguments = {"TableName": table, "Item": to_attributes(item), "ConditionExpression": condition}
    return {"Put": cast("Any", arguments | _placeholders(condition, values or {}))}


def update(table: str, operation_id: str, expression: str, condition: str, values: Values) -> TransactWriteItemTypeDef:
    arguments = {
        "TableName": table,
        "Key": table_key(operation_id),
        "UpdateExpression": expression,
        "ConditionExpression": condition,
    }
    return {"Update": cast("Any", arguments | _placeholders(f"{expression} {condition}", values))}


def note(table: str, key: str, expression: str, values: Values) -> TransactWriteItemTypeDef:
    """Write down what is only ever the latest. What must hold for it, the transaction's other conditions say."""
    arguments = {"TableName": table, "Key": table_key(key), "UpdateExpression": expression}
    return {"Update": cast("Any", arguments | _placeholders(expression, values))}


def release(table: str, key: str, owner: str, now: datetime) -> TransactWriteItemTypeDef:
    """Free a lock or an Idempotency-Key, if it is the owner's: it loses its owner, and the next put replaces it.

    Nothing is deleted, so no function needs the right to. DynamoDB removes what nobody takes: its `ttl` has come.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html
    """
    values: Values = {":me": owner, ":now": clock.to_epoch(now)}
    return update(table, key, "REMOVE #owner SET #ttl = :now", "#owner = :me", values)


def refuse_id(table: str, operation_id: str, moment: datetime) -> TransactWriteItemTypeDef:
    """Take an id, so that no operation is opened under it. An update, for Audit's role puts no items here."""
    values: Values = {":moment": clock.to_text(moment), ":ttl": clock.expiry(moment)}
    return update(table, operation_id, f"SET {REFUSED_AT} = :moment, #ttl = :ttl", UNWRITTEN, values)


def _placeholders(expressions: str, values: Values) -> dict[str, Any]:
    """Make the arguments beside the expressions: a name with a `#` before it is the attribute of that name."""
    names = {word: word[1:] for word in _words(expressions) if word.startswith("#")}
    return {
        **({"ExpressionAttributeNames": names} if names else {}),
        **({"ExpressionAttributeValues": to_attributes(values)} if values else {}),
    }


def _words(expression: str) -> list[str]:
    return expression.replace(",", " ").replace("(", " ").replace(")", " ").split()
