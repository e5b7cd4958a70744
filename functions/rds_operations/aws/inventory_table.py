"""The edge to `rds_inventory`: which instances were seen where, and which have gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from rds_operations.aws.dynamodb import from_attributes, to_attributes
from rds_operations.model import clock
from rds_operations.model.documents import Item
from rds_operations.model.errors import TableUnavailable
from rds_operations.model.place import Place
from rds_operations.rules.classification import Verdict

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef

PLACE_INDEX = "place"
_LISTED = "#listed"
"""The key of the items that say when each place was last listed whole. No instance has such a name."""
_FIRST_NAME = "a"
"""Names of instances are in lower case, and begin with a letter."""


@dataclass(frozen=True)
class Seen:
    """An instance as the table knows it."""

    instance_id: str
    place: Place
    gone: bool


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
        return [_seen(item).place for item in found]

    def at(self, place: Place) -> Iterator[Seen]:
        """List all that were ever seen there and have not expired."""
        found = self._query(
            IndexName=PLACE_INDEX,
            KeyConditionExpression="place = :place AND instance_id >= :first",
            ExpressionAttributeValues=to_attributes({":place": _key(place), ":first": _FIRST_NAME}),
        )
        yield from map(_seen, found)

    def listed_at(self) -> dict[Place, str]:
        """Return when each place was last listed whole, in ISO 8601; without those that never were."""
        found = self._query(
            KeyConditionExpression="instance_id = :listed",
            ExpressionAttributeValues=to_attributes({":listed": _LISTED}),
        )
        return {_seen(item).place: str(item["listed_at"]) for item in found}

    def mark_listed(self, place: Place, now: datetime) -> None:
        item: Item = {"instance_id": _LISTED, "place": _key(place), "listed_at": clock.to_text(now)}
        self._write(self._client.put_item, Item=to_attributes(item))

    def put(self, place: Place, instance: DBInstanceTypeDef, verdict: Verdict, now: datetime) -> None:
        item: Item = {
            "instance_id": instance["DBInstanceIdentifier"],
            "place": _key(place),
            "account_id": place.account_id,
            "region": place.region,
            "engine": instance.get("Engine", ""),
            "environment": verdict.environment.value,
            "environment_source": verdict.source,
            "last_seen": clock.to_text(now),
        }
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


def _seen(item: Item) -> Seen:
    account_id, _, region = str(item["place"]).partition("#")
    return Seen(str(item["instance_id"]), Place(account_id, region), "gone_at" in item)
