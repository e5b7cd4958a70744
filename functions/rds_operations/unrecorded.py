"""The edge to the queue of what ADMISSION could not record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from rds_operations.faults import QueueUnavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_BATCH = 10


class Unrecorded:
    """Raises `QueueUnavailable`."""

    def __init__(self, client: SQSClient, url: str) -> None:
        self._client = client
        self._url = url

    def messages(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """Yield each text with the call that removes it for good; what is not removed comes back in a later sweep."""
        try:
            while batch := self._client.receive_message(QueueUrl=self._url, MaxNumberOfMessages=_BATCH).get("Messages"):
                for message in batch:
                    yield message["Body"], self._remove(message["ReceiptHandle"])
        except (ClientError, BotoCoreError) as error:
            raise QueueUnavailable(f"The queue could not be read: {error}") from error

    def _remove(self, receipt: str) -> Callable[[], object]:
        return lambda: self._client.delete_message(QueueUrl=self._url, ReceiptHandle=receipt)
