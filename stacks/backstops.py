"""Safety nets behind the state machines: a rule for executions that end badly, and a sweep for the rest."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from stacks.functions import Functions
from stacks.schedules import run_every
from stacks.settings import Settings
from stacks.workflow import Workflow

_ENDED_BADLY = ["FAILED", "TIMED_OUT", "ABORTED"]
_SWEEP_MINUTES = 5


class Backstops(Construct):
    def __init__(
        self, scope: Construct, construct_id: str, settings: Settings, functions: Functions, workflow: Workflow
    ) -> None:
        super().__init__(scope, construct_id)
        self.dead_letters = self._close_bad_ends(settings, functions.all["audit"], workflow)
        # Events are best effort, so a sweep finds what they miss.
        run_every(self, "Sweep", _SWEEP_MINUTES, functions.all["sweep"], "Closes operations that should long be over")

    def _close_bad_ends(self, settings: Settings, audit: lambda_.Function, workflow: Workflow) -> sqs.Queue:
        """Let Audit close executions that were aborted, timed out or failed: their own states cannot. Return
        the queue of the events on which it gave up.

        https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-states.html
        """
        enforce_ssl = not settings.is_local  # the local cloud has only HTTP
        dead_letters = sqs.Queue(self, "DeadLetters", enforce_ssl=enforce_ssl, retention_period=Duration.days(14))
        # Events on which Audit failed; the rule's dead letters are those that did not reach Lambda.
        # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
        audit.configure_async_invoke(
            max_event_age=Duration.hours(2), retry_attempts=2, on_failure=destinations.SqsDestination(dead_letters)
        )
        events.Rule(
            self,
            "BadEnds",
            description="OPERATION ended without success: Audit closes what is still open",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"stateMachineArn": [workflow.operation.state_machine_arn], "status": _ENDED_BADLY},
            ),
            targets=[
                targets.LambdaFunction(
                    audit, dead_letter_queue=dead_letters, max_event_age=Duration.hours(2), retry_attempts=10
                )
            ],
        )
        return dead_letters
