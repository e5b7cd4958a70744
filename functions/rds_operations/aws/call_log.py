"""One log line for each call to AWS that decides or acts: what was asked where, and what AWS said. No body."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from rds_operations.aws.telemetry import logger

if TYPE_CHECKING:
    from botocore.client import BaseClient

_QUIET = frozenset({"BatchGetItem", "GetItem", "GetObject", "ListObjectsV2", "PutEvents", "PutObject", "Query"})
"""Reads of the service's own tables, and what follows from each record."""
_EXPECTED = (
    "DBInstanceNotFound",
    "DBSnapshotNotFound",
    "ConditionalCheckFailedException",
    "TransactionCanceledException",
    "ExecutionAlreadyExists",
    "ExecutionDoesNotExist",
    "NoSuchKey",
    "PreconditionFailed",
)
"""Error codes that answer a question."""
_BEGUN = "rds_operations_begun"


def log_calls(client: BaseClient, account_id: str) -> None:
    """Log the calls of a client that reaches this account; empty for the service's own.

    A call that botocore repeats is one line, with the answer to the last attempt.
    """
    place = {"aws_account": account_id} if account_id else {}
    log = _CallLog({**place, "aws_region": client.meta.region_name})
    client.meta.events.register_first("before-call", log.begin)
    client.meta.events.register("after-call", log.answered)
    client.meta.events.register("after-call-error", log.unanswered)


class _CallLog:
    """Handlers of botocore's events. An event's name is `<event>.<service>.<action>`."""

    def __init__(self, place: dict[str, str]) -> None:
        self._place = place

    def begin(self, context: dict[str, Any], **_event: Any) -> None:
        context[_BEGUN] = time.monotonic()

    def answered(self, event_name: str, parsed: dict[str, Any], context: dict[str, Any], **_event: Any) -> None:
        code = parsed.get("Error", {}).get("Code", "")
        answer = parsed.get("ResponseMetadata", {})
        told = {
            "aws_request_id": answer.get("RequestId"),
            "aws_error_code": code,
            "retries": answer.get("RetryAttempts"),
        }
        if code and code not in _EXPECTED:
            logger.warning("AWS refused", extra=self._line(event_name, context, told))
        elif event_name.rpartition(".")[2] not in _QUIET:
            logger.info("AWS answered", extra=self._line(event_name, context, told))

    def unanswered(self, event_name: str, exception: Exception, context: dict[str, Any], **_event: Any) -> None:
        told = {"exception_name": type(exception).__name__}
        logger.warning("AWS did not answer", extra=self._line(event_name, context, told))

    def _line(self, event_name: str, context: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
        _event, service, action = event_name.split(".")
        known = {name: value for name, value in told.items() if value}
        took = round(1000 * (time.monotonic() - context.get(_BEGUN, time.monotonic())))
        return {"aws_service": service, "aws_action": action, **self._place, "ms": took, **known}
