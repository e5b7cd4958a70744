"""Botocore clients: one per function, made at import, with explicit time-outs and attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

# Seconds. Library defaults are 60, longer than a function runs. Standard mode repeats throttling, 5xx and time-outs.
# https://docs.aws.amazon.com/boto3/latest/guide/retries.html
_CONNECT_TIMEOUT = 1


def looking_client() -> RDSClient:
    """For Describe calls, which may be repeated."""
    return cast("RDSClient", _client("rds", attempts=3, read_timeout=2))


def acting_client() -> RDSClient:
    """For calls that change a database: sent once, because a repeated one could act twice."""
    return cast("RDSClient", _client("rds", attempts=1, read_timeout=10))


def dynamodb_client(attempts: int = 3) -> DynamoDBClient:
    return cast("DynamoDBClient", _client("dynamodb", attempts, read_timeout=1))


def states_client() -> SFNClient:
    return cast("SFNClient", _client("stepfunctions", attempts=2, read_timeout=1))


def queue_client() -> SQSClient:
    return cast("SQSClient", _client("sqs", attempts=2, read_timeout=2))


def _client(service: str, attempts: int, read_timeout: int) -> object:
    config = Config(
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    return botocore.session.get_session().create_client(service, config=config)
