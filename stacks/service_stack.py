"""The service in one account and Region: composes, builds nothing itself."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, Stack
from constructs import Construct

from stacks.api import Api
from stacks.backstops import Backstops
from stacks.functions import Functions
from stacks.settings import Settings
from stacks.tables import Tables
from stacks.unrecorded import unrecorded_queue
from stacks.workflow import Workflow


class ServiceStack(Stack):
    def __init__(self, scope: Construct, construct_id: str, settings: Settings, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        tables = Tables(self, "Tables", settings)
        unrecorded = unrecorded_queue(self, settings)
        functions = Functions(self, "Functions", settings, tables, unrecorded)
        workflow = Workflow(self, "Workflow", settings, functions, unrecorded)
        Backstops(self, "Backstops", functions, workflow)
        api = Api(self, "Api", settings, workflow.admission, functions.all["status"])
        outputs = {
            "ApiUrl": api.rest_api.url,
            "ApiKeyId": api.key.key_id,
            "OperationStateMachineArn": workflow.operation.state_machine_arn,
            "AdmissionStateMachineArn": workflow.admission.state_machine_arn,
            "OperationsTable": tables.operations.table_name,
            "AuditTable": tables.audit.table_name,
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)
