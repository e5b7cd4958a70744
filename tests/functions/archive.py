"""The archive in memory: what Publish and Digest make of records, and what is done to it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import boto3

from rds_operations.aws.dynamodb import to_attributes
from rds_operations.model import clock
from rds_operations.model.documents import Item
from rds_operations.records.audit_record import Event, audit_record
from tests.builders import a_request
from tests.functions.fake_aws import ARCHIVE_BUCKET, AUDIT_TABLE, Document, FakeAws

HOUR = timedelta(hours=1)
REFUSED: Document = {"success": False, "status": 403, "error": "No."}


class Archive:
    """`sent` are the events' details, in the order in which they were sent."""

    def __init__(self, aws: FakeAws) -> None:
        self.aws = aws
        self.s3 = boto3.client("s3")
        self.s3.create_bucket(Bucket=ARCHIVE_BUCKET, CreateBucketConfiguration={"LocationConstraint": "ap-southeast-1"})
        self.s3.put_bucket_versioning(Bucket=ARCHIVE_BUCKET, VersioningConfiguration={"Status": "Enabled"})

    def publish(self, *records: Item) -> list[int]:
        """Hand the records to Publish as the stream does, and return the numbers of those that it names as failed."""
        changes = [
            {"eventName": "INSERT", "dynamodb": {"SequenceNumber": str(number), "NewImage": to_attributes(record)}}
            for number, record in enumerate(records)
        ]
        failed = self.aws.call("publish", {"Records": changes})["batchItemFailures"]
        return [int(item["itemIdentifier"]) for item in failed]

    def digest(self, now: datetime) -> Document:
        counted: Document = self.aws.modules["digest"].digester.run(now)
        return counted

    def names(self, prefix: str = "") -> list[str]:
        found = self.s3.list_object_versions(Bucket=ARCHIVE_BUCKET, Prefix=prefix)
        return [version["Key"] for version in found.get("Versions", [])]

    def read(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=ARCHIVE_BUCKET, Key=key)["Body"].read()

    def digests(self) -> list[Document]:
        return [json.loads(self.read(key)) for key in sorted(self.names("digests/"))]

    def put(self, record: Item) -> None:
        self.aws.dynamodb.put_item(TableName=AUDIT_TABLE, Item=to_attributes(record))


def a_record(number: int = 0, moment: datetime | None = None, **fields: Any) -> Item:
    request = a_request(operation_id=f"operation-{number}", **fields)
    return audit_record(request, Event.REFUSED, REFUSED, moment or clock.now())
