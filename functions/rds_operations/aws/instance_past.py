"""Reads what was done on an instance, from `rds_audit_log`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from rds_operations.aws.dynamodb import from_attributes, to_attributes
from rds_operations.model.documents import Item
from rds_operations.model.errors import TableUnavailable
from rds_operations.model.place import Place

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_MOST_READ = 200
"""Records of an instance, the latest ones."""


class InstancePast:
    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def records(self, instance_id: str, place: Place) -> list[Item]:
        """List the latest records of what ended on the instance there, newest first. Raises `TableUnavailable`."""
        try:
            answer = self._client.query(
                TableName=self._table,
                KeyConditionExpression="instance_id = :id",
                FilterExpression="#event = :completed AND account_id = :account AND #region = :region",
                ProjectionExpression="operation, success, #event, #result",
                ExpressionAttributeNames={"#event": "event", "#region": "region", "#result": "result"},
                ExpressionAttributeValues=to_attributes(
                    {
                        ":id": instance_id,
                        ":completed": "completed",
                        ":account": place.account_id,
                        ":region": place.region,
                    }
                ),
                ScanIndexForward=False,
                Limit=_MOST_READ,
            )
        except (ClientError, BotoCoreError) as error:
            raise TableUnavailable(f"{self._table} could not be read: {error}") from error
        return [from_attributes(item) for item in answer["Items"]]
