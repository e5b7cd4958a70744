"""Botocore clients, with explicit time-outs and attempts."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, cast

import botocore.session
from botocore.config import Config
from botocore.loaders import Loader

from rds_operations.aws.call_log import log_calls
from rds_operations.aws.trust_store import share_trust_store
from rds_operations.model.place import Place
from rds_operations.settings.packaged import MODELS

if TYPE_CHECKING:
    from botocore.session import Session
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_rds import RDSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient
    from mypy_boto3_sts import STSClient

# Seconds. Library defaults are 60, longer than a function runs. Standard mode repeats throttling, 5xx and time-outs.
# https://docs.aws.amazon.com/boto3/latest/guide/retries.html
_CONNECT_TIMEOUT = 1

share_trust_store()
_SESSION = botocore.session.get_session()
"""The session of the function's own role. All clients use it, and share what botocore reads from its files."""
if MODELS.exists():
    _LOADER = Loader(extra_search_paths=[str(MODELS)], include_default_search_paths=False)
    _SESSION.register_component("data_loader", _LOADER)


def own_session() -> Session:
    return _SESSION


def new_session(beside: Session) -> Session:
    """Make a session for other credentials, with the handlers that `beside` has registered already, and the service
    models that it has read. To register botocore's own anew would take as long as to make a client.
    """
    handlers = copy.copy(beside.get_component("event_emitter"))
    session = botocore.session.Session(event_hooks=handlers, include_builtin_handlers=False)
    session.register_component("data_loader", beside.get_component("data_loader"))
    return session


def reading_client(session: Session, place: Place) -> RDSClient:
    """Make a client for Describe calls, which may be repeated."""
    client = _client(session, "rds", 3, read_timeout=2, account_id=place.account_id, region_name=place.region)
    return cast("RDSClient", client)


def acting_client(session: Session, place: Place) -> RDSClient:
    """Make a client for calls that change a database: each is sent once, because a repeated one could act twice."""
    client = _client(session, "rds", 1, read_timeout=10, account_id=place.account_id, region_name=place.region)
    return cast("RDSClient", client)


def sts_client(session: Session) -> STSClient:
    return cast("STSClient", _client(session, "sts", attempts=3, read_timeout=2))


def dynamodb_client(attempts: int = 3) -> DynamoDBClient:
    return cast("DynamoDBClient", _client(_SESSION, "dynamodb", attempts, read_timeout=1))


def states_client() -> SFNClient:
    return cast("SFNClient", _client(_SESSION, "stepfunctions", attempts=2, read_timeout=1))


def queue_client() -> SQSClient:
    return cast("SQSClient", _client(_SESSION, "sqs", attempts=2, read_timeout=2))


def events_client() -> EventBridgeClient:
    return cast("EventBridgeClient", _client(_SESSION, "events", attempts=3, read_timeout=3))


def signing_client() -> KMSClient:
    return cast("KMSClient", _client(_SESSION, "kms", attempts=3, read_timeout=3))


def archive_client() -> S3Client:
    return cast("S3Client", _client(_SESSION, "s3", attempts=3, read_timeout=5))


def _client(
    session: Session, service: str, attempts: int, read_timeout: int, account_id: str = "", **more: Any
) -> object:
    config = Config(
        connect_timeout=_CONNECT_TIMEOUT,
        read_timeout=read_timeout,
        retries={"mode": "standard", "total_max_attempts": attempts},
    )
    client = session.create_client(service, config=config, **more)
    log_calls(client, account_id)
    return client
