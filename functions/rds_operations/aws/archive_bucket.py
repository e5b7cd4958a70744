"""The edge to the archive in S3. Each object is written once, and never again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from rds_operations.model.errors import ArchiveUnavailable

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_ALREADY_THERE = ("PreconditionFailed", "ConditionalRequestConflict")
"""The second comes while somebody else is writing the same key. Its repetition would find the object there.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
"""
_MISSING = ("NoSuchKey", "404")


class Listed(NamedTuple):
    key: str
    modified: datetime


class ArchiveBucket:
    """Raises `ArchiveUnavailable`."""

    def __init__(self, client: S3Client, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put_once(self, key: str, body: bytes, media_type: str, metadata: Mapping[str, str] | None = None) -> bool:
        """Write the object. Return False where the key has one, whatever it holds."""
        try:
            self._client.put_object(
                Bucket=self._bucket,
                Key=key,
                Body=body,
                ContentType=media_type,
                Metadata=dict(metadata or {}),
                IfNoneMatch="*",
                ChecksumAlgorithm="SHA256",  # a bucket with Object Lock takes nothing without a checksum
            )
        except ClientError as error:
            if error.response["Error"]["Code"] in _ALREADY_THERE:
                return False
            raise ArchiveUnavailable(f"{key} could not be written: {error}") from error
        except BotoCoreError as error:
            raise ArchiveUnavailable(f"{key} could not be written: {error}") from error
        return True

    def get(self, key: str) -> bytes | None:
        """Read the newest version; None where there is none, or it was deleted."""
        try:
            return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in _MISSING:
                return None
            raise ArchiveUnavailable(f"{key} could not be read: {error}") from error
        except BotoCoreError as error:
            raise ArchiveUnavailable(f"{key} could not be read: {error}") from error

    def listed(self, prefix: str, after: str = "") -> Iterator[Listed]:
        """List the keys of a prefix in their order, those after `after`."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=prefix, StartAfter=after
        )
        try:
            for page in pages:
                yield from (Listed(item["Key"], item["LastModified"]) for item in page.get("Contents", []))
        except (ClientError, BotoCoreError) as error:
            raise ArchiveUnavailable(f"{prefix} could not be listed: {error}") from error
