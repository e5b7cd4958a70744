"""Extension: AWS/SQS, how many messages wait in each queue and how old the oldest is, once a minute.

https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
"""

from __future__ import annotations

import time

from ministack.core.responses import request_scope
from ministack.services import cloudwatch, sqs

_INTERVAL_SECONDS = 60


def measure() -> None:
    now = time.time()
    for (account, region, url), queue in list(sqs._queues._data.items()):
        messages = list(queue["messages"])
        visible = sum(message.get("visible_at", 0) <= now for message in messages)
        oldest = max((now - message.get("sent_at", now) for message in messages), default=0)
        with request_scope(account, region):
            _sample(url.rpartition("/")[2], "ApproximateNumberOfMessagesVisible", visible, now)
            _sample(url.rpartition("/")[2], "ApproximateAgeOfOldestMessage", oldest, now)


def make_older(seconds: float) -> None:
    for queue in list(sqs._queues._data.values()):
        for message in list(queue["messages"]):
            message["sent_at"] = message.get("sent_at", time.time()) - seconds


def _sample(queue: str, name: str, value: float, now: float) -> None:
    """Take one sample a minute. What comes within it counts at once: a test need not wait for the next."""
    dimensions = {"QueueName": queue}
    points = cloudwatch._metric_bucket(("AWS/SQS", name, cloudwatch._dims_key(dimensions)))
    if points and now - points[-1]["Timestamp"] < _INTERVAL_SECONDS:
        points[-1]["Value"] = max(points[-1]["Value"], float(value))
    else:
        cloudwatch.record_metric("AWS/SQS", name, value, "Count", dimensions)
