"""The queue of what ADMISSION could not record, and its dead letters.

Models delivery at least once, late and in any order; the time for which a received message is hidden; and receipts:
each delivery has its own, and only the last one deletes.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/standard-queues.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.simulation.dice import Dice
from tests.simulation.world import World

Document = dict[str, Any]
HIDDEN_SECONDS = 240
_LATEST = 600.0
"""Seconds until a late message can be received: two sweeps."""
_BATCH = 1
"""The default of a call."""


@dataclass
class Message:
    id: str
    body: str
    visible_at: float
    deliveries: int = 0

    @property
    def receipt(self) -> str:
        return f"{self.id}#{self.deliveries}"


class Queues:
    def __init__(self, world: World) -> None:
        self._world = world
        self.messages: dict[str, dict[str, Message]] = {}
        self._number = 0

    def call(self, action: str, call: Document, dice: Dice) -> Document:
        answer: Document = getattr(self, f"_{action}")(call, dice)
        return answer

    def waiting(self, url: str) -> list[Message]:
        return list(self.messages.get(url, {}).values())

    def _SendMessage(self, call: Document, dice: Dice) -> Document:
        self._number += 1
        visible_at = self._world.seconds + (dice.between(0, _LATEST) if dice.hits(0.1) else 0)
        message = Message(f"message-{self._number}", call["MessageBody"], visible_at)
        self.messages.setdefault(call["QueueUrl"], {})[message.id] = message
        return {"MessageId": message.id}

    def _ReceiveMessage(self, call: Document, dice: Dice) -> Document:
        most = call.get("MaxNumberOfMessages", _BATCH)
        visible = [one for one in self.waiting(call["QueueUrl"]) if one.visible_at <= self._world.seconds]
        seen = sorted(visible, key=lambda _: dice.chance())[:most]
        for message in seen:
            twice = dice.hits(0.05)
            message.visible_at = self._world.seconds + (0 if twice else HIDDEN_SECONDS)
            message.deliveries += 1
        found = [{"MessageId": one.id, "Body": one.body, "ReceiptHandle": one.receipt} for one in seen]
        return {"Messages": found} if found else {}

    def _DeleteMessage(self, call: Document, _dice: Dice) -> Document:
        """Delete with the last receipt. An earlier or repeated one deletes nothing, without an error."""
        messages = self.messages.get(call["QueueUrl"], {})
        name = call["ReceiptHandle"].partition("#")[0]
        if name in messages and messages[name].receipt == call["ReceiptHandle"]:
            del messages[name]
        return {}
