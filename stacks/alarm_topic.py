"""The topic that the alarms tell: the stack's own, or one given by its ARN."""

from __future__ import annotations

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.settings import Settings

_CLOUDWATCH = "cloudwatch.amazonaws.com"


def alarm_topic(scope: Construct, settings: Settings) -> str:
    """Return the topic's ARN."""
    if settings.alarms.topic_arn:
        return settings.alarms.topic_arn
    topic = sns.Topic(
        scope,
        "AlarmTopic",
        topic_name="rds-operations-alarms",
        display_name="RDS operations",
        master_key=_key(scope),
        enforce_ssl=not settings.is_local,  # the local cloud has only HTTP
    )
    topic.add_to_resource_policy(
        iam.PolicyStatement(
            sid="Alarms",
            actions=["sns:Publish"],
            principals=[_cloudwatch(scope)],
            resources=[topic.topic_arn],
        )
    )
    if settings.alarms.email:
        sns.Subscription(
            scope,
            "AlarmEmail",
            topic=topic,
            protocol=sns.SubscriptionProtocol.EMAIL,
            endpoint=settings.alarms.email,
        )
    return topic.topic_arn


def _key(scope: Construct) -> kms.Key:
    """Make a key that CloudWatch may use: it cannot use the one that AWS manages, `alias/aws/sns`.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    """
    key = kms.Key(
        scope,
        "AlarmKey",
        description="Encrypts the alarms of rds-operations on their way",
        enable_key_rotation=True,
        # It encrypts nothing that is kept.
        removal_policy=RemovalPolicy.DESTROY,
    )
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="Alarms",
            actions=["kms:Decrypt", "kms:GenerateDataKey*"],
            principals=[_cloudwatch(scope)],
            resources=["*"],  # in a key's policy: this key
        )
    )
    return key


def _cloudwatch(scope: Construct) -> iam.ServicePrincipal:
    """Alarms of this account alone."""
    conditions = {"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}}
    return iam.ServicePrincipal(_CLOUDWATCH, conditions=conditions)
