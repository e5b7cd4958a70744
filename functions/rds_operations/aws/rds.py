"""The edge to RDS: a client passed in, and botocore's errors translated once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from rds_operations.model.errors import (
    AccountUnreachable,
    RdsRejected,
    RdsThrottled,
    RdsUnavailable,
    RdsUnreachable,
    Retryable,
)
from rds_operations.model.resource_id import is_another_instance

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_rds.literals import SourceTypeType
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef, DBSnapshotTypeDef, EventTypeDef

P = ParamSpec("P")
R = TypeVar("R")

# AWS's own handlers treat both spellings as throttling; the rest is what botocore's standard mode repeats.
# https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds (ErrorCode)
_THROTTLED = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"})
_NOT_FOUND = "DBInstanceNotFound"
_SERVER_ERROR = 500


class Rds:
    """`client` is for the operations to name their call; `call` makes it. `role`: whose credentials it has, if not the
    function's own.
    """

    def __init__(self, client: RDSClient, role: str = "") -> None:
        self.client = client
        self._role = role

    def call(self, method: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Make one call. Raises `RdsThrottled`, `RdsUnreachable` or `RdsRejected` (no effect), `RdsUnavailable` (effect
        unknown); `AccountUnreachable` where the role that makes the call could not be assumed.
        """
        try:
            return method(*args, **kwargs)
        except ClientError as error:
            fault = assume_role_fault(error, self._role) if error.operation_name == "AssumeRole" else _fault(error)
            raise fault from error
        except (ConnectTimeoutError, EndpointConnectionError) as error:
            raise RdsUnreachable(f"RDS was not reached: {error}") from error
        except BotoCoreError as error:
            raise RdsUnavailable(f"{getattr(method, '__name__', 'call')}: {error}") from error

    def instances(self) -> Iterator[DBInstanceTypeDef]:
        """List all instances of the account and Region, page by page."""
        page: Any = {}  # an empty Marker is none
        while True:
            answer = self.call(self.client.describe_db_instances, **page)
            yield from map(self._with_tags, answer["DBInstances"])
            if not answer.get("Marker"):
                return
            page = {"Marker": answer["Marker"]}

    def messages(self, name: str, since: datetime, source_type: SourceTypeType = "db-instance") -> list[str]:
        """List the messages of the events of an instance or a snapshot since then, the oldest first."""
        events = self._events(SourceIdentifier=name, SourceType=source_type, StartTime=since)
        return [event.get("Message", "") for event in sorted(events, key=lambda event: event.get("Date", since))]

    def manual_snapshots(self, instance_id: str) -> list[DBSnapshotTypeDef]:
        """List them, page by page, in no order."""
        found: list[DBSnapshotTypeDef] = []
        page: Any = {"DBInstanceIdentifier": instance_id, "SnapshotType": "manual"}
        while True:
            answer = self.call(self.client.describe_db_snapshots, **page)
            found += answer["DBSnapshots"]
            if not answer.get("Marker"):
                return found
            page["Marker"] = answer["Marker"]

    def _events(self, **which: Any) -> Iterator[EventTypeDef]:
        """List them page by page."""
        page: Any = {}
        while True:
            answer = self.call(self.client.describe_events, **which, **page)
            yield from answer["Events"]
            if not answer.get("Marker"):
                return
            page = {"Marker": answer["Marker"]}

    def instance(self, instance_id: str, resource_id: str = "") -> DBInstanceTypeDef | None:
        """Return the instance as DescribeDBInstances shows it, with its tags; None where there is none.

        With a `resource_id`, also None where another instance has its name by now.
        """
        try:
            answer = self.call(self.client.describe_db_instances, DBInstanceIdentifier=instance_id)
        except RdsRejected as refused:
            if refused.code == _NOT_FOUND:
                return None
            raise
        found = next(iter(answer["DBInstances"]), None)
        return None if found and is_another_instance(resource_id, found) else found and self._with_tags(found)

    def _with_tags(self, instance: DBInstanceTypeDef) -> DBInstanceTypeDef:
        """AWS GovCloud (US) has left `TagList` out. Where the tags are refused, too, it stays out.

        https://github.com/aws/aws-cli/issues/6392
        """
        if "TagList" in instance:
            return instance
        try:
            answer = self.call(self.client.list_tags_for_resource, ResourceName=instance["DBInstanceArn"])
        except Retryable:
            raise
        except RdsRejected:
            return instance
        return {**instance, "TagList": answer["TagList"]}


def assume_role_fault(error: ClientError, role: str) -> AccountUnreachable | RdsThrottled | RdsUnreachable:
    """Translate an error of STS, and name the account and the role. Nothing has reached RDS."""
    code = error.response["Error"]["Code"]
    if code in _THROTTLED:
        return RdsThrottled(code, f"STS: {error.response['Error']['Message']}")
    if error.response["ResponseMetadata"]["HTTPStatusCode"] >= _SERVER_ERROR:
        return RdsUnreachable(f"STS answered {code}")
    account_id = role.split(":")[4]
    return AccountUnreachable(
        f"Account {account_id} is out of reach: the role {role} could not be assumed ({code}). "
        "It is missing, does not trust this service, or expects another external id: see docs/cross-account-setup.md"
    )


def _fault(error: ClientError) -> RdsRejected | RdsThrottled | RdsUnavailable:
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    if code in _THROTTLED:
        return RdsThrottled(code, message)
    if error.response["ResponseMetadata"]["HTTPStatusCode"] >= _SERVER_ERROR:
        return RdsUnavailable(f"{code}: {message}")
    return RdsRejected(code, message)
