"""`make aws-check` on the topic of the alarms: each thing that would silence them, on purpose."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tests.infrastructure.conftest import Template as Synthesised
from tests.infrastructure.test_alarms import synthesised
from tools.aws_check.alarm_topic import AlarmTopic
from tools.aws_check.findings import Finding, Level
from tools.aws_check.templates import Template

Document = dict[str, Any]
ACCOUNT, REGION = "123456789012", "eu-central-1"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:night-shift"
CLOUDWATCH = {"Service": "cloudwatch.amazonaws.com"}


@pytest.fixture(autouse=True)
def mocked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        yield


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthesised(tmp_path_factory.mktemp("given"), {"topic_arn": TOPIC}).path


def client(service: str) -> Any:
    return boto3.client(service, region_name=REGION)  # type: ignore[call-overload]


def check(template: Path, region: str = REGION) -> list[Finding]:
    return list(AlarmTopic(client, Template.read(template, ACCOUNT, region, "aws")).check())


def to_mend(found: list[Finding]) -> list[str]:
    return [finding.text for finding in found if finding.level is Level.FIX]


def policy(*statements: Document) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def allow(principal: Any = CLOUDWATCH, action: Any = "sns:Publish", **condition: Document) -> Document:
    found = {"Effect": "Allow", "Principal": principal, "Action": action, "Resource": "*"}
    return {**found, "Condition": condition} if condition else found


def topic(*statements: Document, key: str = "") -> None:
    attributes = {"Policy": policy(*statements)} if statements else {}
    attributes |= {"KmsMasterKeyId": key} if key else {}
    client("sns").create_topic(Name="night-shift", Attributes=attributes)


def test_a_topic_of_another_region(given: Path) -> None:
    (text,) = to_mend(check(given, "us-east-1"))
    assert "is in another Region" in text


def test_a_topic_that_does_not_exist(given: Path) -> None:
    assert to_mend(check(given)) == [f"The alarms' topic {TOPIC} does not exist"]


LIMITS: list[dict[str, Document]] = [
    {},
    {"StringEquals": {"aws:SourceAccount": ACCOUNT}},
    {"ArnLike": {"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:*"}},
]


@pytest.mark.parametrize("condition", LIMITS)
def test_a_topic_that_lets_cloudwatch_publish(given: Path, condition: dict[str, Document]) -> None:
    topic(allow(**condition))
    assert to_mend(check(given)) == []


def test_the_policy_that_sns_gives_a_new_topic_is_enough(given: Path) -> None:
    """It allows everybody whose account owns the topic."""
    topic()
    assert to_mend(check(given)) == []


@pytest.mark.parametrize(
    "statement",
    [
        allow({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}),
        allow(action="sns:Subscribe"),
        allow({"Service": "events.amazonaws.com"}),
        allow(StringEquals={"aws:SourceAccount": "999988887777"}),
        allow(ArnLike={"aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:other-*"}),
        allow(StringEquals={"aws:PrincipalOrgID": "o-1"}),
        allow(StringNotEquals={"aws:SourceAccount": ACCOUNT}),
        {**allow(), "Effect": "Deny"},
    ],
)
def test_a_topic_that_does_not(given: Path, statement: Document) -> None:
    topic(statement)
    (text,) = to_mend(check(given))
    assert "does not let CloudWatch publish" in text


def test_the_statement_that_it_tells_to_add_is_enough(given: Path) -> None:
    topic(allow(action="sns:Subscribe"))
    (finding,) = [finding for finding in check(given) if finding.level is Level.FIX]
    statement = json.loads(finding.mend.partition("statement: ")[2])
    client("sns").set_topic_attributes(TopicArn=TOPIC, AttributeName="Policy", AttributeValue=policy(statement))
    assert to_mend(check(given)) == []


@pytest.mark.parametrize(
    ("actions", "mends"),
    [(["kms:Decrypt", "kms:GenerateDataKey*"], 0), (["kms:*"], 0), (["kms:Decrypt"], 1), (["kms:Encrypt"], 1)],
)
def test_the_key_of_a_topic(given: Path, actions: list[str], mends: int) -> None:
    key = client("kms").create_key(Policy=policy(allow(action=actions)))["KeyMetadata"]["Arn"]
    topic(allow(), key=key)
    found = to_mend(check(given))
    assert len(found) == mends
    assert all(f"the key {key} does not let CloudWatch use it" in text for text in found)


def test_the_key_that_aws_manages(given: Path) -> None:
    topic(allow(), key="alias/aws/sns")
    (text,) = to_mend(check(given))
    assert "which CloudWatch cannot use" in text


def test_a_subscription_that_nobody_confirmed(given: Path) -> None:
    topic(allow())
    sns = AlarmTopic(_Subscribed, Template.read(given, ACCOUNT, REGION, "aws"))
    found = list(sns.check())
    assert [finding.text for finding in found if finding.level is Level.NOTE] == [
        "dba@example.com has not confirmed: it hears no alarm. The link is in the message from SNS"
    ]
    assert "1 subscriptions hear the alarms" in [finding.text for finding in found]


def test_nobody_hears(given: Path) -> None:
    topic(allow())
    assert "Nobody hears the alarms yet" in [finding.text for finding in check(given)]


def test_the_stacks_own_topic_before_and_after_the_first_deployment(template: Synthesised) -> None:
    assert [finding.text for finding in check(template.path)] == ["The stack makes the alarms' topic"]
    client("sns").create_topic(Name="rds-operations-alarms")
    assert [finding.text for finding in check(template.path)] == ["Nobody hears the alarms yet"]


class _Subscribed:
    """SNS with one subscription that waits and one that does not: moto confirms all at once."""

    def __init__(self, service: str) -> None:
        self._client = client(service)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def get_paginator(self, _name: str) -> Any:
        return self

    def paginate(self, TopicArn: str) -> list[Document]:  # noqa: N803 - the API's name
        confirmed = {"SubscriptionArn": f"{TopicArn}:1", "Endpoint": "ops@example.com"}
        return [
            {"Subscriptions": [{"SubscriptionArn": "PendingConfirmation", "Endpoint": "dba@example.com"}, confirmed]}
        ]
