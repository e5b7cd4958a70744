"""The edge to EventBridge's default bus."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

from rds_operations.archive.notice import SOURCE
from rds_operations.aws.telemetry import logger
from rds_operations.model.errors import EventsUnavailable

if TYPE_CHECKING:
    from mypy_boto3_events import EventBridgeClient

MOST_ENTRIES = 10
"""Of a call. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html"""


class Notice(NamedTuple):
    """`resources` are ARNs."""

    detail_type: str
    detail: Mapping[str, Any]
    resources: Sequence[str]


class EventBus:
    def __init__(self, client: EventBridgeClient) -> None:
        self._client = client

    def send(self, notices: Sequence[Notice]) -> list[bool]:
        """Send up to `MOST_ENTRIES`, and tell of each whether the bus has it: some may fail, and others not.

        What failed is logged. Raises `EventsUnavailable` where none was taken.
        """
        if not notices:
            return []
        try:
            answer = self._client.put_events(
                Entries=[
                    {
                        "Source": SOURCE,
                        "DetailType": notice.detail_type,
                        "Detail": json.dumps(notice.detail, ensure_ascii=False),
                        "Resources": list(notice.resources),
                    }
                    for notice in notices
                ]
            )
        except (ClientError, BotoCoreError) as error:
            raise EventsUnavailable(f"No event was sent: {error}") from error
        for entry in (entry for entry in answer["Entries"] if "ErrorCode" in entry):
            logger.warning("event not sent", extra={"code": entry["ErrorCode"], "reason": entry.get("ErrorMessage")})
        return ["ErrorCode" not in entry for entry in answer["Entries"]]
