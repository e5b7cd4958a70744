"""The tables, in memory.

Models consistent reads of one item; queries of a table, or of an index that lags; conditional puts and updates; and
transactions of up to 100 writes on different items, which all happen at one moment or not at all.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.simulation.awserror import AwsError
from tests.simulation.dice import Dice
from tests.simulation.expressions import Attributes, Given, check, holds, plain, updated
from tests.simulation.world import World

Document = dict[str, Any]
Key = tuple[str, ...]
KEYS = {
    "rds_operations": ("operation_id",),
    "rds_audit_log": ("instance_id", "audit_id"),
    "rds_inventory": ("instance_id", "place"),
}
ORDERS = {
    ("rds_operations", "unfinished"): "due_at",
    ("rds_audit_log", "by_principal"): "timestamp",
    ("rds_audit_log", "by_day"): "timestamp",
    ("rds_audit_log", "failed"): "timestamp",
    ("rds_inventory", "place"): "instance_id",
    ("rds_inventory", ""): "place",
}
"""The sort key of a table or an index."""
SHOWN = {"unfinished": ("operation_id", "unfinished", "due_at")}
"""The attributes that the stack puts into an index, if not all."""
_LONGEST_LAG = 3.0
"""Seconds that an index may lag."""


class Tables:
    """Hold the tables. `written` gets each write: the table, the item before it and after it."""

    def __init__(self, world: World, written: Callable[[str, Attributes, Attributes], None]) -> None:
        self._world = world
        self._written = written
        self.items: dict[str, dict[Key, Attributes]] = {table: {} for table in KEYS}
        self._versions: dict[str, dict[Key, list[tuple[float, Attributes]]]] = {table: {} for table in KEYS}

    def call(self, action: str, call: Document, dice: Dice) -> Document:
        answer: Document = getattr(self, f"_{action}")(call, dice)
        return answer

    def _GetItem(self, call: Document, _dice: Dice) -> Document:
        assert call["ConsistentRead"], "only consistent reads are modelled"
        item = self._item(call["TableName"], call["Key"])
        return {"Item": dict(item)} if item else {}

    def _Query(self, call: Document, dice: Dice) -> Document:
        moment = self._world.seconds - (dice.between(0, _LONGEST_LAG) if "IndexName" in call else 0)
        given = Given(call)
        check(call, KEYS[call["TableName"]])
        found = [
            item
            for versions in self._versions[call["TableName"]].values()
            if (item := _as_of(versions, moment))
            and holds(call["KeyConditionExpression"], item, given)
            and ("FilterExpression" not in call or holds(call["FilterExpression"], item, given))
        ]
        sort_key = ORDERS[call["TableName"], call.get("IndexName", "")]
        found.sort(key=lambda item: plain(item[sort_key]))
        shown = SHOWN.get(call.get("IndexName", ""))
        if shown:
            found = [{name: item[name] for name in shown if name in item} for item in found]
        return {"Items": found, "Count": len(found)}

    def _PutItem(self, call: Document, _dice: Dice) -> Document:
        return self._write_one("Put", call)

    def _UpdateItem(self, call: Document, _dice: Dice) -> Document:
        return self._write_one("Update", call)

    def _TransactWriteItems(self, call: Document, _dice: Dice) -> Document:
        writes = [next(iter(write.items())) for write in call["TransactItems"]]
        keys = [(write["TableName"], self._key(kind, write)) for kind, write in writes]
        assert len(set(keys)) == len(keys), "a transaction touches an item once"
        allowed = [self._allowed(kind, write) for kind, write in writes]
        if not all(allowed):
            codes = ["None" if one else "ConditionalCheckFailed" for one in allowed]
            raise cancelled(codes)
        for kind, write in writes:
            self._write(kind, write)
        return {}

    def _write_one(self, kind: str, call: Document) -> Document:
        if not self._allowed(kind, call):
            raise AwsError("ConditionalCheckFailedException", "The conditional request failed")
        self._write(kind, call)
        return {}

    def _allowed(self, kind: str, write: Document) -> bool:
        check(write, KEYS[write["TableName"]])
        before = self.items[write["TableName"]].get(self._key(kind, write), {})
        return holds(write["ConditionExpression"], before, Given(write)) if "ConditionExpression" in write else True

    def _write(self, kind: str, write: Document) -> None:
        table, key = write["TableName"], self._key(kind, write)
        before = self.items[table].get(key, {})
        if kind == "Update":
            after = updated(write["UpdateExpression"], before or write["Key"], Given(write))
        else:
            after = write["Item"]
        self.items[table][key] = after
        if table != "rds_audit_log":
            self._versions[table].setdefault(key, []).append((self._world.seconds, after))
        self._written(table, before, after)

    def _item(self, table: str, key: Attributes) -> Attributes | None:
        return self.items[table].get(tuple(key[name]["S"] for name in KEYS[table]))

    def _key(self, kind: str, write: Document) -> Key:
        assert kind in ("Put", "Update"), f"not modelled: {kind}"
        source = write["Item"] if kind == "Put" else write["Key"]
        return tuple(source[name]["S"] for name in KEYS[write["TableName"]])


def cancelled(codes: list[str]) -> AwsError:
    reasons = [{"Code": code} for code in codes]
    return AwsError("TransactionCanceledException", f"cancelled {codes}", CancellationReasons=reasons)


def _as_of(versions: list[tuple[float, Attributes]], moment: float) -> Attributes | None:
    return next((item for seconds, item in reversed(versions) if seconds <= moment), None)
