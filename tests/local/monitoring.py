"""Alarms of a stack on the local cloud, the clock that moves them, and a queue that hears them."""

from __future__ import annotations

import http.client
import json
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from local.extensions.alarm_clock import CLOCK_PATH
from tests.local.account import Caller, new_name

Document = dict[str, Any]


def moved(endpoint: str, seconds: float = 0) -> dict[str, str]:
    """Move the clock, and return each alarm's state."""
    connection = http.client.HTTPConnection(urlsplit(endpoint).netloc, timeout=30)
    connection.request("POST", CLOCK_PATH, json.dumps({"seconds": seconds}))
    found: dict[str, str] = json.load(connection.getresponse())
    connection.close()
    return found


@dataclass
class Alarm:
    """One alarm, made by CloudFormation, with a topic and a queue that is subscribed to it."""

    hub: Caller
    properties: Document
    name: str = field(default_factory=lambda: new_name("alarm"))

    def __post_init__(self) -> None:
        topic = self.hub.client("sns").create_topic(Name=self.name)["TopicArn"]
        self._sqs = self.hub.client("sqs")
        self._queue = self._sqs.create_queue(QueueName=self.name)["QueueUrl"]
        arn = self._sqs.get_queue_attributes(QueueUrl=self._queue, AttributeNames=["QueueArn"])["Attributes"][
            "QueueArn"
        ]
        self._sqs.set_queue_attributes(QueueUrl=self._queue, Attributes={"Policy": _from_sns(arn)})
        self.hub.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
        actions = {"AlarmActions": [topic], "OKActions": [topic], "InsufficientDataActions": [topic]}
        given = {"AlarmName": self.name, "EvaluationPeriods": 1, "Threshold": 1, **actions, **self.properties}
        given.setdefault("ComparisonOperator", "GreaterThanOrEqualToThreshold")
        deploy(self.hub, self.name, {"Alarm": {"Type": "AWS::CloudWatch::Alarm", "Properties": given}})

    def state(self, after: float = 0) -> str:
        return moved(self.hub.endpoint, after)[self.name]

    def told(self) -> list[tuple[str, str]]:
        """Return the changes of state that the topic's subscriber has heard of since it was last asked."""
        found = []
        while messages := self._sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                told = json.loads(json.loads(message["Body"])["Message"])
                found.append((told["OldStateValue"], told["NewStateValue"]))
                self._sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return found


def _from_sns(queue_arn: str) -> str:
    principal = {"Service": "sns.amazonaws.com"}
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sqs:SendMessage", "Resource": queue_arn}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def deploy(caller: Caller, stack: str, resources: Document) -> None:
    formation = caller.client("cloudformation")
    formation.create_stack(StackName=stack, TemplateBody=json.dumps({"Resources": resources}))
    deadline = time.monotonic() + 30
    while (status := formation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"]).endswith("_IN_PROGRESS"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    events = formation.describe_stack_events(StackName=stack)["StackEvents"]
    assert status == "CREATE_COMPLETE", [event.get("ResourceStatusReason") for event in events]


def log(caller: Caller, group: str, *lines: Document) -> None:
    """Write the lines to a log group, which is made if need be."""
    logs, now = caller.client("logs"), int(1000 * time.time())
    if not logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]:
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="any")
    events = [{"timestamp": now, "message": json.dumps(line)} for line in lines]
    logs.put_log_events(logGroupName=group, logStreamName="any", logEvents=events)


def embedded(namespace: str, dimensions: Document, sets: list[list[str]], **values: float | list[float]) -> Document:
    """Return a line with embedded metrics."""
    metrics = [{"Name": name, "Unit": "Count"} for name in values]
    directive = {"Namespace": namespace, "Dimensions": sets, "Metrics": metrics}
    return {
        "_aws": {"Timestamp": int(1000 * time.time()), "CloudWatchMetrics": [directive]},
        **dimensions,
        **values,
    }
