"""Where the evidence lies: the archive's bucket, the tables, the executions. Read with the caller's AWS credentials."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from botocore import exceptions
from botocore.config import Config
from botocore.session import Session

from rds_ops.archive.formats import Record, moment
from rds_ops.failures import ExitCode, Failure
from rds_ops.sigv4 import credentials_trouble

_READERS = 16
_BATCH = 100
"""Of BatchGetItem. https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html"""
STACK = "RdsOperations"


class Version(NamedTuple):
    """A version of an object, or a marker that hides it."""

    key: str
    modified: datetime
    is_marker: bool


class Names(NamedTuple):
    """`signing_key` is empty where digests are not signed."""

    bucket: str
    audit_table: str
    operations_table: str
    state_machine: str
    signing_key: str


class Sources:
    """Raises `Failure`: what cannot be read proves nothing."""

    def __init__(self, profile: str, region: str, stack: str) -> None:
        self._session: Any = Session(profile=profile or None)
        self._profile = profile
        self._region = region
        self._clients: dict[str, Any] = {}
        self.names = self._named(stack)

    def versions(self, prefix: str) -> Iterator[Version]:
        """List all versions and markers under a prefix, in the order of their keys."""
        pages = self._client("s3").get_paginator("list_object_versions")
        for page in self._read(lambda: pages.paginate(Bucket=self.names.bucket, Prefix=prefix)):
            found = [Version(item["Key"], item["LastModified"], False) for item in page.get("Versions", [])]
            found += [Version(item["Key"], item["LastModified"], True) for item in page.get("DeleteMarkers", [])]
            yield from found

    def bodies(self, keys: Iterable[str]) -> Iterator[tuple[str, bytes | None]]:
        """Read the newest versions, a few at a time; None where there is none."""
        wanted = list(keys)
        self._client("s3")
        with ThreadPoolExecutor(_READERS) as readers:
            yield from zip(wanted, readers.map(self.body, wanted), strict=True)

    def body(self, key: str) -> bytes | None:
        found = self._object(key)
        return found[0] if found else None

    def signed(self, key: str) -> tuple[bytes, str, str] | None:
        """Return a digest's bytes, its signature and the key that it names; empty where it is not signed."""
        found = self._object(key)
        return (found[0], found[1].get("signature", ""), found[1].get("signing-key", "")) if found else None

    def is_signed_by(self, body: bytes, signature: str, key: str) -> bool:
        """Ask KMS. https://docs.aws.amazon.com/kms/latest/APIReference/API_Verify.html"""
        kms = self._client("kms")
        try:
            answer = kms.verify(
                KeyId=key,
                Message=hashlib.sha256(body).digest(),
                MessageType="DIGEST",
                Signature=base64.b64decode(signature),
                SigningAlgorithm="ECDSA_SHA_256",
            )
        except ValueError:
            return False
        except exceptions.ClientError as error:
            if error.response["Error"]["Code"] in ("KMSInvalidSignatureException", "ValidationException"):
                return False
            raise self._told(error) from error
        return bool(answer["SignatureValid"])

    def expires_after_days(self, prefix: str) -> int | None:
        """Return after how many days the bucket removes objects under the prefix; None for never."""
        expiring = (rule["Expiration"]["Days"] for rule in self._lifecycle if _expires(rule, prefix))
        return min(expiring, default=None)

    def retention(self) -> str:
        """Say how long the bucket keeps each object from being deleted; empty where it does not.

        https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
        """
        ask = self._client("s3").get_object_lock_configuration
        found = self._set_up(ask, "ObjectLockConfigurationNotFoundError").get("ObjectLockConfiguration", {})
        rule = found.get("Rule", {}).get("DefaultRetention", {})
        # S3 names one of the two; an emulator answers 0 for the other.
        lasts = [f"{rule[unit]} {unit.lower()}" for unit in ("Days", "Years") if rule.get(unit)]
        return ", ".join([rule["Mode"].lower(), *lasts]) if rule else ""

    @cached_property
    def _lifecycle(self) -> list[Any]:
        ask = self._client("s3").get_bucket_lifecycle_configuration
        return list(self._set_up(ask, "NoSuchLifecycleConfiguration").get("Rules", []))

    def _set_up(self, ask: Any, none: str) -> dict[str, Any]:
        """Ask how the bucket is set up. It has nothing where S3 answers with the error `none`."""
        try:
            return dict(ask(Bucket=self.names.bucket))
        except exceptions.ClientError as error:
            if error.response["Error"]["Code"] == none:
                return {}
            raise self._told(error) from error
        except exceptions.BotoCoreError as error:
            raise self._told(error) from error

    def records_of(self, day: str) -> Iterator[Record]:
        """Read the table's records of a day, the oldest first."""
        pages = self._client("dynamodb").get_paginator("query")
        asked = {
            "TableName": self.names.audit_table,
            "IndexName": "by_day",
            "KeyConditionExpression": "#day = :day",
            "ExpressionAttributeNames": {"#day": "day"},
            "ExpressionAttributeValues": {":day": {"S": day}},
        }
        for page in self._read(lambda: pages.paginate(**asked)):
            yield from map(_plain, page["Items"])

    def operations(self, ids: Iterable[str]) -> Iterator[Record]:
        """Read these operations of `rds_operations`, in any order, without those that are not there."""
        wanted = list(ids)
        for first in range(0, len(wanted), _BATCH):
            keys = [{"operation_id": {"S": name}} for name in wanted[first : first + _BATCH]]
            asked: dict[str, Any] = {self.names.operations_table: {"Keys": keys}}
            while asked:
                answer = self._once(lambda asked=asked: self._client("dynamodb").batch_get_item(RequestItems=asked))
                yield from map(_plain, answer["Responses"].get(self.names.operations_table, []))
                asked = answer.get("UnprocessedKeys", {})

    def executions(self, since: datetime) -> Iterator[tuple[str, str, datetime]]:
        """List name, status and start of OPERATION's executions, the newest first."""
        pages = self._client("stepfunctions").get_paginator("list_executions")
        for page in self._read(lambda: pages.paginate(stateMachineArn=self.names.state_machine)):
            for item in page["executions"]:
                if item["startDate"] < since:
                    return
                yield item["name"], item["status"], item["startDate"]

    def _named(self, stack: str) -> Names:
        answer = self._once(lambda: self._client("cloudformation").describe_stacks(StackName=stack))
        outputs = {item["OutputKey"]: item["OutputValue"] for item in answer["Stacks"][0].get("Outputs", [])}
        if "ArchiveBucket" not in outputs:
            raise Failure(
                ExitCode.USAGE, f"The stack {stack} has no archive.", "Name the stack of the service with --stack."
            )
        return Names(
            outputs["ArchiveBucket"],
            outputs["AuditTable"],
            outputs["OperationsTable"],
            outputs["OperationStateMachineArn"],
            outputs.get("SigningKeyArn", ""),
        )

    def _object(self, key: str) -> tuple[bytes, dict[str, str]] | None:
        s3 = self._client("s3")
        try:
            answer = s3.get_object(Bucket=self.names.bucket, Key=key)
            return answer["Body"].read(), answer["Metadata"]
        except exceptions.ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise self._told(error) from error
        except exceptions.BotoCoreError as error:
            raise self._told(error) from error

    def _client(self, service: str) -> Any:
        if service not in self._clients:
            config = Config(retries={"mode": "standard", "total_max_attempts": 5}, max_pool_connections=_READERS)
            self._clients[service] = self._once(
                lambda: self._session.create_client(service, region_name=self._region or None, config=config)
            )
        return self._clients[service]

    def _once(self, call: Any) -> Any:
        try:
            return call()
        except (exceptions.ClientError, exceptions.BotoCoreError) as error:
            raise self._told(error) from error

    def _read(self, pages: Any) -> Iterator[Any]:
        try:
            yield from pages()
        except (exceptions.ClientError, exceptions.BotoCoreError) as error:
            raise self._told(error) from error

    def _told(self, error: Exception) -> Failure:
        if isinstance(error, exceptions.HTTPClientError):
            text = " ".join(str(error).split())
            return Failure(ExitCode.NO_ACCESS, f"AWS cannot be reached: {text}", "Check the network and the Region.")
        if isinstance(error, exceptions.BotoCoreError):
            return credentials_trouble(error, self._profile)
        code = getattr(error, "response", {}).get("Error", {}).get("Code", "")
        advice = "docs/audit.md has the policy that this takes." if "Denied" in code or "Unauthorized" in code else ""
        return Failure(ExitCode.NO_ACCESS, f"AWS refused: {' '.join(str(error).split())}", advice)


def _expires(rule: Any, prefix: str) -> bool:
    of_rule = rule.get("Prefix", rule.get("Filter", {}).get("Prefix", ""))
    return rule["Status"] == "Enabled" and "Days" in rule.get("Expiration", {}) and prefix.startswith(of_rule)


def _plain(item: Any) -> Record:
    """Return an item with plain values: texts, flags and whole numbers."""
    found: Record = {}
    for name, attribute in item.items():
        ((kind, value),) = attribute.items()
        found[name] = int(value) if kind == "N" else value
    return found


def in_range(record: Record, start: datetime, end: datetime) -> bool:
    return start <= moment(str(record["timestamp"])) <= end
