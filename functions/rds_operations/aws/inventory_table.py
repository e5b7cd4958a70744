"""The edge to `rds_inventory`: which instances were seen where, and which have gone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from rds_operations.aws.dynamodb import from_attributes, to_attributes
from rds_operations.model import clock
from rds_operations.model.documents import Item
from rds_operations.model.errors import TableUnavailable
from rds_operations.model.place import Place
from rds_operations.rules.classification import Environment, Verdict
from rds_operations.rules.instance_answers import unsupported_operations

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef

PLACE_INDEX = "place"
_LISTED = "#listed"
"""The key of the items that say when each place was last listed whole. No instance has such a name."""
_NOTED_EVERY = timedelta(days=1)
"""So often an item is written though nothing in it has changed: each write costs."""
_FIRST_NAME = "a"
"""Names of instances are in lower case, and begin with a letter."""
_BEFORE_NAMES = "`"
"""The character before `a`."""


@dataclass(frozen=True)
class Seen:
    """An instance as the table knows it. `last_seen` in ISO 8601, at most a day behind. `unsupported` says, by
    operation, why it can never run on this instance.
    """

    instance_id: str
    place: Place
    engine: str
    instance_class: str
    status: str
    multi_az: bool
    verdict: Verdict
    last_seen: str
    unsupported: Mapping[str, str] = field(default_factory=dict)
    gone: bool = False

    @classmethod
    def from_listing(cls, place: Place, instance: DBInstanceTypeDef, verdict: Verdict, now: datetime) -> Seen:
        return cls(
            instance["DBInstanceIdentifier"],
            place,
            instance.get("Engine", ""),
            instance.get("DBInstanceClass", ""),
            instance.get("DBInstanceStatus", ""),
            instance.get("MultiAZ", False),
            verdict,
            clock.to_text(now),
            unsupported_operations(instance),
        )

    def tells_more_than(self, known: Seen | None) -> bool:
        """Tell whether the table needs it: it is new, is another, is back, or was last noted a day ago."""
        if known is None or replace(known, last_seen=self.last_seen) != self:
            return True
        return clock.from_text(self.last_seen) - clock.from_text(known.last_seen) >= _NOTED_EVERY


class Inventory:
    """Keys: `instance_id`, and `place` as `<account>#<Region>`. Raises `TableUnavailable`."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def places(self, instance_id: str) -> list[Place]:
        """List where instances of this name were at the last listing, without those that are gone."""
        found = self._query(
            KeyConditionExpression="instance_id = :id",
            FilterExpression="attribute_not_exists(gone_at)",
            ExpressionAttributeValues=to_attributes({":id": instance_id}),
        )
        return [_place(item) for item in found]

    def at(self, place: Place) -> Iterator[Seen]:
        """List all that were ever seen there and have not expired."""
        found = self._query(
            IndexName=PLACE_INDEX,
            KeyConditionExpression="place = :place AND instance_id >= :first",
            ExpressionAttributeValues=to_attributes({":place": _key(place), ":first": _FIRST_NAME}),
        )
        yield from map(_seen, found)

    def page(self, place: Place, after: str, count: int) -> tuple[list[Seen], bool]:
        """List up to `count` of those that were ever seen there, by name, after this one; and whether more may come."""
        try:
            answer = self._client.query(
                TableName=self._table,
                IndexName=PLACE_INDEX,
                KeyConditionExpression="place = :place AND instance_id > :after",
                ExpressionAttributeValues=to_attributes({":place": _key(place), ":after": after or _BEFORE_NAMES}),
                Limit=count,
            )
        except (ClientError, BotoCoreError) as error:
            raise TableUnavailable(f"{self._table} could not be read: {error}") from error
        return [_seen(from_attributes(item)) for item in answer["Items"]], "LastEvaluatedKey" in answer

    def listed_at(self) -> dict[Place, str]:
        """Return when each place was last listed whole, in ISO 8601; without those that never were."""
        found = self._query(
            KeyConditionExpression="instance_id = :listed",
            ExpressionAttributeValues=to_attributes({":listed": _LISTED}),
        )
        return {_place(item): str(item["listed_at"]) for item in found}

    def mark_listed(self, place: Place, now: datetime) -> None:
        item: Item = {"instance_id": _LISTED, "place": _key(place), "listed_at": clock.to_text(now)}
        self._write(self._client.put_item, Item=to_attributes(item))

    def put(self, seen: Seen) -> None:
        item: Item = {
            "instance_id": seen.instance_id,
            "place": _key(seen.place),
            "account_id": seen.place.account_id,
            "region": seen.place.region,
            "engine": seen.engine,
            "instance_class": seen.instance_class,
            "status": seen.status,
            "multi_az": seen.multi_az,
            "environment": seen.verdict.environment.value,
            "environment_source": seen.verdict.source,
            "last_seen": seen.last_seen,
        }
        item |= {"environment_disagreement": seen.verdict.disagreement} if seen.verdict.disagreement else {}
        item |= {"environment_disputed": True} if seen.verdict.disputed else {}
        item |= {"unsupported": json.dumps(seen.unsupported)} if seen.unsupported else {}
        self._write(self._client.put_item, Item=to_attributes(item))

    def mark_gone(self, seen: Seen, now: datetime) -> None:
        """Mark it as gone. It stays for 90 more days, for those who ask where it was."""
        key: Item = {"instance_id": seen.instance_id, "place": _key(seen.place)}
        self._write(
            self._client.update_item,
            Key=to_attributes(key),
            UpdateExpression="SET gone_at = :now, #ttl = :ttl",
            ExpressionAttributeNames={"#ttl": "ttl"},
            ExpressionAttributeValues=to_attributes({":now": clock.to_text(now), ":ttl": clock.expiry(now)}),
        )

    def _query(self, **arguments: Any) -> Iterator[Item]:
        pages = self._client.get_paginator("query").paginate(TableName=self._table, **arguments)
        try:
            for page in pages:
                yield from map(from_attributes, page["Items"])
        except (ClientError, BotoCoreError) as error:
            raise TableUnavailable(f"{self._table} could not be read: {error}") from error

    def _write(self, write: Any, **arguments: Any) -> None:
        try:
            write(TableName=self._table, **arguments)
        except (ClientError, BotoCoreError) as error:
            raise TableUnavailable(f"{self._table} could not be written: {error}") from error


def _key(place: Place) -> str:
    return f"{place.account_id}#{place.region}"


def _place(item: Item) -> Place:
    account_id, _, region = str(item["place"]).partition("#")
    return Place(account_id, region)


def _seen(item: Item) -> Seen:
    return Seen(
        str(item["instance_id"]),
        _place(item),
        str(item.get("engine", "")),
        str(item.get("instance_class", "")),
        str(item.get("status", "")),
        bool(item.get("multi_az", False)),
        Verdict(
            Environment(str(item.get("environment", Environment.UNKNOWN))),
            str(item.get("environment_source", "")),
            str(item.get("environment_disagreement", "")),
            bool(item.get("environment_disputed", False)),
        ),
        str(item.get("last_seen", "")),
        json.loads(str(item.get("unsupported", "{}"))),
        gone="gone_at" in item,
    )
