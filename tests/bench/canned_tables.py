"""DynamoDB with the items of `events`, and the capacity that it would bill.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from __future__ import annotations

import math
from typing import Any

from rds_operations.records.indexes import AUDIT_INDEXES
from tests.bench.events import BUSY_LOCK, ITEMS, listed

Document = dict[str, Any]
_FAILED = {
    "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
    "Message": "Transaction cancelled",
    "CancellationReasons": [{"Code": "ConditionalCheckFailed"}, {"Code": "None"}],
}
_KEYS_ALONE = ("unfinished", "due_at")
"""A write that sets or removes one of these is also a write to the index of the operations, which has keys alone."""
_WHOLE = (*(index.partition for index in AUDIT_INDEXES), "place")
"""The partition keys of the indexes that have all of an item: of the audit log and of the inventory."""


class Tables:
    def __init__(self, instances: int) -> None:
        self._listed = listed(instances)
        self.write_units = self.read_units = 0.0

    def reset(self) -> None:
        self.write_units = self.read_units = 0.0

    def answer(self, action: str, asked: Document) -> tuple[int, Document]:
        answer: tuple[int, Document] = getattr(self, f"_{action}")(asked)
        return answer

    def _GetItem(self, asked: Document) -> tuple[int, Document]:
        item = ITEMS.get(asked["Key"]["operation_id"]["S"])
        self.read_units += max(1, math.ceil(size(item or {}) / 4096)) * (1 if asked.get("ConsistentRead") else 0.5)
        return 200, {"Item": item} if item else {}

    def _Query(self, asked: Document) -> tuple[int, Document]:
        found = self._listed if asked.get("IndexName") == "place" else []
        self.read_units += max(1, math.ceil(sum(map(size, found)) / 4096)) * 0.5
        return 200, {"Items": found, "Count": len(found)}

    def _TransactWriteItems(self, asked: Document) -> tuple[int, Document]:
        writes = [next(iter(write.items())) for write in asked["TransactItems"]]
        puts = [write["Item"] for kind, write in writes if kind == "Put"]
        failed = any(item.get("operation_id", {}).get("S") == BUSY_LOCK for item in puts)
        self.write_units += sum(units(kind, write, 2, indexed=not failed) for kind, write in writes)
        return (400, _FAILED) if failed else (200, {})

    def _PutItem(self, asked: Document) -> tuple[int, Document]:
        self.write_units += units("Put", asked, 1)
        return 200, {}

    def _UpdateItem(self, asked: Document) -> tuple[int, Document]:
        self.write_units += units("Update", asked, 1)
        return 200, {}


def size(attributes: Document) -> int:
    """Return an item's bytes: of its names and its values."""
    return sum(len(name.encode()) + _bytes(value) for name, value in attributes.items())


def units(kind: str, write: Document, of_each: int, *, indexed: bool = True) -> int:
    """Return the write units of a Put or an Update, each KB `of_each`: two in a transaction; and those of the indexes.

    An index that has all of an item is written with it. A write whose condition fails is billed, but is in no index.
    """
    values = write.get("ExpressionAttributeValues", {})
    item = write["Item"] if kind == "Put" else {**ITEMS.get(_key(write), {}), **values}
    touched = item if kind == "Put" else write["UpdateExpression"]
    kilobytes = max(1, math.ceil(size(item) / 1024))
    if not indexed:
        return of_each * kilobytes
    whole = sum(name in touched for name in _WHOLE) if kind == "Put" else 0
    return of_each * kilobytes + whole * kilobytes + any(name in touched for name in _KEYS_ALONE)


def _key(write: Document) -> str:
    return str(next(iter(write["Key"].values()))["S"])


def _bytes(value: Document) -> int:
    ((kind, content),) = value.items()
    return 1 if kind == "BOOL" else len(str(content)) // 2 + 1 if kind == "N" else len(content.encode())
