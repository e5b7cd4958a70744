"""The topic that the alarms tell: can CloudWatch publish to it, and does anybody hear?"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from botocore.exceptions import ClientError

from tools.aws_check.findings import Finding, fix, note, ok
from tools.aws_check.templates import Template

Document = dict[str, Any]
_CLOUDWATCH = "cloudwatch.amazonaws.com"
_PENDING = "PendingConfirmation"
_UNDERSTOOD = ("StringEquals", "StringLike", "ArnEquals", "ArnLike")
"""Operators of conditions."""
_HOW = "docs/notifications.md, A topic of your own"


@dataclass(frozen=True)
class AlarmTopic:
    """`client` makes a client of a service, in the account and Region of the deployment."""

    client: Callable[[str], Any]
    template: Template

    def check(self) -> Iterator[Finding]:
        """Judge a topic that is given. Of the stack's own, which its tests judge, tell only who hears."""
        topic, is_given = self.template.alarm_topic()
        if is_given and topic.split(":")[3] != self.template.region:
            yield fix(
                f"The alarms' topic {topic} is in another Region: an alarm can tell a topic of its own Region only",
                f"aws sns create-topic --name <name> --region {self.template.region}",
            )
            return
        attributes = self._attributes(topic)
        if attributes is None:
            yield (
                fix(f"The alarms' topic {topic} does not exist", f"aws sns create-topic --name {topic.split(':')[-1]}")
                if is_given
                else ok("The stack makes the alarms' topic")
            )
            return
        if is_given:
            yield self._policy(topic, attributes)
            yield from self._key(attributes.get("KmsMasterKeyId", ""))
        yield from self._subscriptions(topic)

    def _attributes(self, topic: str) -> Document | None:
        try:
            return dict(self.client("sns").get_topic_attributes(TopicArn=topic)["Attributes"])
        except ClientError as error:
            if error.response["Error"]["Code"] not in ("NotFound", "NotFoundException"):
                raise
            return None

    def _policy(self, topic: str, attributes: Document) -> Finding:
        if self._allows(json.loads(attributes.get("Policy") or "{}"), {"sns:publish"}):
            return ok(f"The policy of {topic} lets CloudWatch publish")
        statement = {
            "Sid": "Alarms",
            "Effect": "Allow",
            "Principal": {"Service": _CLOUDWATCH},
            "Action": "sns:Publish",
            "Resource": topic,
            "Condition": {"StringEquals": {"aws:SourceAccount": self.template.account}},
        }
        return fix(
            f"The policy of {topic} does not let CloudWatch publish: no alarm would be heard",
            f"{_HOW}. Add the statement: {json.dumps(statement)}",
        )

    def _key(self, key: str) -> Iterator[Finding]:
        if not key:
            return
        kms = self.client("kms")
        metadata = {} if _is_awss(key) else kms.describe_key(KeyId=key)["KeyMetadata"]
        if metadata.get("KeyManager", "AWS") == "AWS":
            yield fix(
                f"The alarms' topic is encrypted with {key}, which CloudWatch cannot use: no alarm would be heard", _HOW
            )
            return
        policy = json.loads(kms.get_key_policy(KeyId=metadata["Arn"], PolicyName="default")["Policy"])
        if self._allows(policy, {"kms:decrypt", "kms:generatedatakey"}):
            yield ok(f"The key {key} of the alarms' topic lets CloudWatch use it")
        else:
            text = f"The policy of the key {key} does not let CloudWatch use it: no alarm would be heard"
            yield fix(text, f"{_HOW}: kms:Decrypt and kms:GenerateDataKey* for {_CLOUDWATCH}")

    def _subscriptions(self, topic: str) -> Iterator[Finding]:
        pages = self.client("sns").get_paginator("list_subscriptions_by_topic").paginate(TopicArn=topic)
        found = [subscription for page in pages for subscription in page["Subscriptions"]]
        waiting = [item["Endpoint"] for item in found if item["SubscriptionArn"] == _PENDING]
        for endpoint in waiting:
            yield note(f"{endpoint} has not confirmed: it hears no alarm. The link is in the message from SNS")
        heard = len(found) - len(waiting)
        if heard:
            yield ok(f"{heard} subscriptions hear the alarms")
        else:
            yield note(
                "Nobody hears the alarms yet",
                f"aws sns subscribe --topic-arn {topic} --protocol email --notification-endpoint <address>",
            )

    def _allows(self, policy: Document, actions: set[str]) -> bool:
        """Tell whether statements allow CloudWatch all these actions, which are in lower case.

        A condition that is not understood counts as one that does not hold, so that nothing is called well that is not.
        """
        statements = policy.get("Statement", [])
        allowed = [
            action.lower()
            for statement in (statements if isinstance(statements, list) else [statements])
            if statement["Effect"] == "Allow" and _is_cloudwatch(statement.get("Principal")) and self._holds(statement)
            for action in _listed(statement.get("Action", []))
        ]
        return all(any(fnmatchcase(action, pattern) for pattern in allowed) for action in actions)

    def _holds(self, statement: Document) -> bool:
        alarm = ":".join(("arn", self.template.partition, "cloudwatch", self.template.region, self.template.account))
        actual = {
            "aws:sourceaccount": self.template.account,
            "aws:sourceowner": self.template.account,
            "aws:sourcearn": f"{alarm}:alarm:rds-operations-failure-rate",
        }
        return all(
            operator in _UNDERSTOOD and any(fnmatchcase(actual.get(key.lower(), ""), one) for one in _listed(wanted))
            for operator, conditions in statement.get("Condition", {}).items()
            for key, wanted in conditions.items()
        )


def _is_awss(key: str) -> bool:
    """Tell by its alias alone: it is made with its first use."""
    return key.rpartition(":")[2].startswith("alias/aws/")


def _is_cloudwatch(principal: Any) -> bool:
    """`*` stands for everybody, services too, as in the policy that SNS gives a new topic."""
    if isinstance(principal, str):
        return principal == "*"
    of_services, of_accounts = (_listed((principal or {}).get(kind, [])) for kind in ("Service", "AWS"))
    return _CLOUDWATCH in of_services or "*" in of_accounts


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]
