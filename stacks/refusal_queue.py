"""The queue of refusals that could not be written to DynamoDB. ADMISSION fills it, the sweep empties it."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.settings import Settings

_MOST_ATTEMPTS = 1000
"""More than the sweeps of three days; after that a person must decide."""


@dataclass(frozen=True)
class RefusalQueue:
    """Hold the queues. `dead_letters` gets what was tried too often or cannot be ADMISSION's."""

    queue: sqs.Queue
    dead_letters: sqs.Queue

    def let_only(self, sender: iam.IRole) -> None:
        """Deny sending to everybody else, even administrators: each message becomes an audit record.

        https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
        """
        self.queue.add_to_resource_policy(
            iam.PolicyStatement(
                effect=iam.Effect.DENY,
                principals=[iam.AnyPrincipal()],
                actions=["sqs:SendMessage"],
                resources=[self.queue.queue_arn],
                conditions={"ArnNotEquals": {"aws:PrincipalArn": sender.role_arn}},
            )
        )


def refusal_queue(scope: Construct, settings: Settings) -> RefusalQueue:
    enforce_ssl = not settings.is_local  # the local cloud has only HTTP
    given_up = sqs.Queue(scope, "RefusalDeadLetters", enforce_ssl=enforce_ssl, retention_period=Duration.days(14))
    queue = sqs.Queue(
        scope,
        "Refusals",
        enforce_ssl=enforce_ssl,
        retention_period=Duration.days(14),
        visibility_timeout=Duration.minutes(4),  # longer than a sweep takes
        dead_letter_queue=sqs.DeadLetterQueue(queue=given_up, max_receive_count=_MOST_ATTEMPTS),
    )
    return RefusalQueue(queue, given_up)
