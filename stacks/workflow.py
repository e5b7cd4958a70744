"""The two state machines, from the ASL files, and the backstop that closes what they could not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_sqs as sqs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks import names
from stacks.functions import Functions
from stacks.log_groups import log_group
from stacks.settings import Settings

DEFINITIONS = Path(__file__).parent.parent / "statemachine"
_ENDED_BADLY = ["FAILED", "TIMED_OUT", "ABORTED"]


class Workflow(Construct):
    def __init__(self, scope: Construct, construct_id: str, settings: Settings, functions: Functions) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._functions = functions
        self.operation = self._machine(
            "Operation",
            names.OPERATION_MACHINE,
            sfn.StateMachineType.STANDARD,
            {**_definition("operation"), "TimeoutSeconds": settings.longest_execution_seconds},
            invokes=("validate", "classify", "execute", "poll", "audit"),
            PollIntervalSeconds=str(settings.poll_interval_seconds),
            MaxPolls=str(settings.max_polls),
        )
        self.admission = self._machine(
            "Admission",
            names.ADMISSION_MACHINE,
            sfn.StateMachineType.EXPRESS,
            _definition("admission"),
            invokes=("validate", "classify", "admit", "audit"),
            OperationStateMachine=self.operation.state_machine_arn,
        )
        self.operation.grant_start_execution(self.admission)
        self._backstop()

    def _machine(
        self,
        construct_id: str,
        name: str,
        kind: sfn.StateMachineType,
        definition: dict[str, Any],
        invokes: tuple[str, ...],
        **substitutions: str,
    ) -> sfn.StateMachine:
        invoked = {function: self._functions.all[function] for function in invokes}
        arns = {f"{function.capitalize()}Function": invoked[function].function_arn for function in invoked}
        machine = sfn.StateMachine(
            self,
            construct_id,
            state_machine_name=name,
            state_machine_type=kind,
            definition_body=sfn.DefinitionBody.from_string(json.dumps(definition)),
            definition_substitutions={**arns, **substitutions},
            tracing_enabled=True,
            # Without execution data: it holds callers and tag values.
            logs=sfn.LogOptions(
                destination=log_group(
                    self, f"{construct_id}Log", f"{names.WORKFLOW_LOG_GROUPS}/{name}", self._settings
                ),
                level=sfn.LogLevel.ALL,
                include_execution_data=False,
            ),
        )
        # Not grant_invoke: that would allow every version and alias, too.
        machine.add_to_role_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[f.function_arn for f in invoked.values()])
        )
        return machine

    def _backstop(self) -> None:
        """Executions that were stopped, ran out of time or broke: no state of theirs can record that.

        https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-states.html
        """
        dead_letters = sqs.Queue(self, "BackstopDeadLetters", enforce_ssl=True, retention_period=Duration.days(14))
        # The rule's dead letters are events that did not reach Lambda; these are events that Audit failed on.
        # https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
        self._functions.all["audit"].configure_async_invoke(
            max_event_age=Duration.hours(2), retry_attempts=2, on_failure=destinations.SqsDestination(dead_letters)
        )
        events.Rule(
            self,
            "Backstop",
            description="OPERATION ended without success: Audit closes what is still open",
            event_pattern=events.EventPattern(
                source=["aws.states"],
                detail_type=["Step Functions Execution Status Change"],
                detail={"stateMachineArn": [self.operation.state_machine_arn], "status": _ENDED_BADLY},
            ),
            targets=[
                targets.LambdaFunction(
                    self._functions.all["audit"],
                    dead_letter_queue=dead_letters,
                    max_event_age=Duration.hours(2),
                    retry_attempts=10,
                )
            ],
        )


def _definition(name: str) -> dict[str, Any]:
    definition: dict[str, Any] = json.loads((DEFINITIONS / f"{name}.asl.json").read_text())
    return definition
