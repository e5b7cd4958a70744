"""Botocore clients: one per function, made at import, with explicit time-outs and attempts."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import botocore.session
from botocore.config import Config

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_rds import RDSClient

# Library defaults are 60 s, longer than a function runs. Standard mode repeats throttling, 5xx and time-outs.
# https://docs.aws.amazon.com/boto3/latest/guide/retries.html
_CONNECT_TIMEOUT = 3
_READ_TIMEOUT = 8


def rds_client(attempts: int = 3) -> RDSClient:
    """`attempts=1` where a repeated call could act twice."""
    return cast("RDSClient", _client("rds", attempts))


def dynamodb_client() -> DynamoDBClient:
    return cast("DynamoDBClient", _client("dynamodb", attempts=4))


def _client(service: str, attempts: int) -> object:
    config = Config(
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=_READ_TIMEOUT,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    return botocore.session.get_session().create_client(service, config=config)
