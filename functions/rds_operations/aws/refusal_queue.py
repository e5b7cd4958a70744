"""The edge to the queue of what ADMISSION could not record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from rds_operations.model.errors import QueueUnavailable

if TYPE_CHECKING:
    from mypy_boto3_sqs import SQSClient

_BATCH = 10


@dataclass(frozen=True)
class Message:
    """`body` as it came: it may be anything. What is not removed comes back in a later sweep."""

    id: str
    body: str
    receipt: str


class RefusalQueue:
    """Raises `QueueUnavailable`."""

    def __init__(self, client: SQSClient, url: str, dead_letters_url: str) -> None:
        self._client = client
        self._url = url
        self._dead_letters_url = dead_letters_url

    def messages(self) -> Iterator[Message]:
        try:
            while batch := self._client.receive_message(QueueUrl=self._url, MaxNumberOfMessages=_BATCH).get("Messages"):
                for message in batch:
                    yield Message(message["MessageId"], message["Body"], message["ReceiptHandle"])
        except (ClientError, BotoCoreError) as error:
            raise QueueUnavailable(f"The queue could not be read: {error}") from error

    def remove(self, message: Message) -> None:
        try:
            self._client.delete_message(QueueUrl=self._url, ReceiptHandle=message.receipt)
        except (ClientError, BotoCoreError) as error:
            raise QueueUnavailable(f"The message could not be deleted: {error}") from error

    def set_aside(self, message: Message) -> None:
        """Move it to the dead letters. Sent first, so that it is never lost: at worst it lies there twice."""
        try:
            self._client.send_message(QueueUrl=self._dead_letters_url, MessageBody=message.body)
        except (ClientError, BotoCoreError) as error:
            raise QueueUnavailable(f"The message could not be set aside: {error}") from error
        self.remove(message)
