from __future__ import annotations

import json
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from stacks import names
from stacks.definitions import read_definition
from stacks.functions import Functions
from stacks.log_groups import log_group
from stacks.refusal_queue import RefusalQueue
from stacks.settings import Settings


class Workflow(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        settings: Settings,
        functions: Functions,
        refusals: RefusalQueue,
        operations: dynamodb.ITable,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._functions = functions
        self.operation = self._machine(
            "Operation",
            names.OPERATION_MACHINE,
            sfn.StateMachineType.STANDARD,
            {**read_definition("operation"), "TimeoutSeconds": settings.longest_execution_seconds},
            invokes=("validate", "classify", "execute", "poll", "audit"),
            PollIntervalSeconds=str(settings.poll_interval_seconds),
            MaxPolls=str(settings.max_polls),
        )
        self.admission = self._machine(
            "Admission",
            names.ADMISSION_MACHINE,
            sfn.StateMachineType.EXPRESS,
            read_definition("admission"),
            invokes=("validate", "classify", "admit", "audit", "status"),
            OperationsTable=operations.table_name,
            OperationStateMachine=self.operation.state_machine_arn,
            RefusalQueue=refusals.queue.queue_url,
        )
        self.operation.grant_start_execution(self.admission)
        self.admission.add_to_role_policy(
            iam.PolicyStatement(actions=["dynamodb:GetItem"], resources=[operations.table_arn])
        )
        self.admission.add_to_role_policy(
            iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[refusals.queue.queue_arn])
        )
        refusals.let_only(self.admission.role)
        self.late_watch = self._machine(
            "LateWatch",
            names.LATE_WATCH_MACHINE,
            sfn.StateMachineType.STANDARD,
            {**read_definition("late_watch"), "TimeoutSeconds": settings.longest_late_watch_seconds},
            invokes=("poll", "audit"),
            LateWatchIntervalSeconds=str(settings.late_watch_interval_seconds),
            LateWatchMaxPolls=str(settings.late_watch_max_polls),
        )

    @property
    def standard(self) -> tuple[sfn.StateMachine, ...]:
        return self.operation, self.late_watch

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
            definition_substitutions={"Partition": Stack.of(self).partition, **arns, **substitutions},
            tracing_enabled=True,
            # Execution data would show callers and tag values.
            # A Standard execution has a history of its own; an Express one has these lines alone.
            logs=sfn.LogOptions(
                destination=log_group(
                    self, f"{construct_id}Log", f"{names.WORKFLOW_LOG_GROUPS}/{name}", self._settings
                ),
                level=sfn.LogLevel.ALL if kind is sfn.StateMachineType.EXPRESS else sfn.LogLevel.ERROR,
                include_execution_data=False,
            ),
        )
        # grant_invoke would also allow every version and alias.
        machine.add_to_role_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[f.function_arn for f in invoked.values()])
        )
        return machine
