"""The edge to RDS: a client passed in, and botocore's errors translated once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from botocore.exceptions import BotoCoreError, ClientError, ConnectTimeoutError, EndpointConnectionError

from rds_operations.faults import RdsNotReached, RdsRefused, RdsThrottled, RdsUnavailable
from rds_operations.telemetry import logger

if TYPE_CHECKING:
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef

P = ParamSpec("P")
R = TypeVar("R")

# AWS's own handlers treat both spellings as throttling; the rest is what botocore's standard mode repeats.
# https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds (ErrorCode)
_THROTTLED = frozenset({"Throttling", "ThrottlingException", "RequestLimitExceeded", "TooManyRequestsException"})
_NOT_FOUND = "DBInstanceNotFound"
_SERVER_ERROR = 500


class Rds:
    """`client` is for the operations to name their call; `call` makes it."""

    def __init__(self, client: RDSClient) -> None:
        self.client = client

    def call(self, method: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Raises `RdsThrottled`, `RdsNotReached` or `RdsRefused` (no effect), or `RdsUnavailable` (effect unknown)."""
        action = getattr(method, "__name__", "call")
        try:
            answer = method(*args, **kwargs)
        except ClientError as error:
            fault = _fault(error)
            logger.warning("RDS refused", extra={"rds_action": action, "rds_error": fault.__class__.__name__})
            raise fault from error
        except (ConnectTimeoutError, EndpointConnectionError) as error:
            logger.warning("RDS was not reached", extra={"rds_action": action})
            raise RdsNotReached("NotReached", str(error)) from error
        except BotoCoreError as error:
            logger.warning("RDS did not answer", extra={"rds_action": action, "rds_error": error.__class__.__name__})
            raise RdsUnavailable(f"{action}: {error}") from error
        logger.info("RDS answered", extra={"rds_action": action})
        return answer

    def instance(self, instance_id: str) -> DBInstanceTypeDef | None:
        """The instance as DescribeDBInstances shows it, tags included; None where there is none."""
        try:
            answer = self.call(self.client.describe_db_instances, DBInstanceIdentifier=instance_id)
        except RdsRefused as refused:
            if refused.code == _NOT_FOUND:
                return None
            raise
        return next(iter(answer["DBInstances"]), None)


def _fault(error: ClientError) -> RdsRefused | RdsUnavailable:
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    if code in _THROTTLED:
        return RdsThrottled(code, message)
    if error.response["ResponseMetadata"]["HTTPStatusCode"] >= _SERVER_ERROR:
        return RdsUnavailable(f"{code}: {message}")
    return RdsRefused(code, message)
