"""The queue of refusals that DynamoDB did not take. The sweep records them later."""

from aws_cdk import Duration
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.settings import Settings

_MOST_ATTEMPTS = 1000
"""More than the sweeps of three days: what DynamoDB does not take until then is for a person to look at."""


def unrecorded_queue(scope: Construct, settings: Settings) -> sqs.Queue:
    enforce_ssl = not settings.is_local  # the local cloud speaks HTTP
    given_up = sqs.Queue(scope, "UnrecordedDeadLetters", enforce_ssl=enforce_ssl, retention_period=Duration.days(14))
    return sqs.Queue(
        scope,
        "Unrecorded",
        enforce_ssl=enforce_ssl,
        retention_period=Duration.days(14),
        visibility_timeout=Duration.minutes(4),  # longer than a sweep takes
        dead_letter_queue=sqs.DeadLetterQueue(queue=given_up, max_receive_count=_MOST_ATTEMPTS),
    )
