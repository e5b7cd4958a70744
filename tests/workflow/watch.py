"""The deployed alarms as the night shift sees them: their states, what their topic's subscriber hears, and the time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from local.extensions.alarm_clock import CLOCK_PATH
from local.extensions.alarm_states import evaluation_range
from local.extensions.faults import FAULTS_PATH
from tests.workflow.service import Document, Service

PREFIX = "rds-operations-"
_SUBSCRIBER = "night-shift"
_BY_THIS = "(?#alarms)"
"""Fits everything, and tells these faults from those of other tests."""
_PATIENCE_SECONDS = 60


class Watch:
    def __init__(self, service: Service) -> None:
        self.service = service
        found = service.aws("cloudwatch").describe_alarms(AlarmNamePrefix=PREFIX, MaxRecords=100)["MetricAlarms"]
        self.alarms: dict[str, Document] = {alarm["AlarmName"].removeprefix(PREFIX): alarm for alarm in found}
        self._sqs = service.aws("sqs")
        self._queue = self._subscribed(next(iter(self.alarms.values()))["AlarmActions"][0])
        for schedule in ("sweep", "inventory", "digest"):
            self.fault(point=f"event:{schedule}", effect="drop")  # they run when a test says so

    def state(self, name: str, after_seconds: float = 0) -> str:
        """Move the clock, and return the alarm's state then."""
        return str(self.service.switch("POST", CLOCK_PATH, {"seconds": after_seconds})[PREFIX + name])

    def wait(self, minutes: float) -> None:
        self.service.switch("POST", CLOCK_PATH, {"seconds": 60 * minutes})

    def period(self, name: str) -> int:
        """Return it in seconds."""
        alarm = self.alarms[name]
        of_metrics = [int(query["MetricStat"]["Period"]) for query in alarm.get("Metrics", []) if "MetricStat" in query]
        return of_metrics[0] if of_metrics else int(alarm["Period"])

    def clears_after(self, name: str) -> float:
        """Return the minutes after which an incident is past: one period, or all that count where none has data."""
        alarm = self.alarms[name]
        filled = any("FILL(" in query.get("Expression", "") for query in alarm.get("Metrics", []))
        return self.period(name) * (1 if filled else evaluation_range(alarm)) / 60 + 1

    def until(self, name: str, state: str) -> None:
        """Wait for what is still on its way to the metrics."""
        self.eventually(lambda: self.state(name) == state, f"{name} is not {state}")

    def heard(self, name: str) -> list[Document]:
        """Return what the subscriber was told of this alarm since the last call, and forget what it heard of others."""
        found = []
        while batch := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for message in batch:
                found.append(json.loads(json.loads(message["Body"])["Message"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return [message for message in found if message["AlarmName"] == PREFIX + name]

    def fault(self, matching: str = "", **fault: Any) -> None:
        self.service.fault(matching=_BY_THIS + matching, **fault)

    def heal(self, matching: str = "") -> None:
        """Switch off the faults of these tests whose `matching` contains the text."""
        self.service.switch("DELETE", f"{FAULTS_PATH}?contains={_BY_THIS.replace('#', '%23')}{matching}")

    def eventually(self, condition: Callable[[], object], otherwise: str) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, otherwise
            time.sleep(0.1)

    def _subscribed(self, topic: str) -> str:
        queue: str = self._sqs.create_queue(QueueName=_SUBSCRIBER)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        sender = {"Principal": {"Service": "sns.amazonaws.com"}, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}
        statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn, **sender}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
        self.service.aws("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        return queue
