from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_logs as logs
from constructs import Construct

from rds_operations.rules.identity import Authentication
from stacks import names, package
from stacks.alarm_rule import Watched
from stacks.alarm_rules import rules
from stacks.alarm_topic import alarm_topic
from stacks.alarms import Alarms, count_refused_credentials
from stacks.api import Api, Backend
from stacks.archive import Archive
from stacks.backstops import Backstops
from stacks.dashboard import dashboard
from stacks.functions import Functions
from stacks.log_groups import log_group
from stacks.log_queries import save_queries
from stacks.operating_roles import Service, acting_role
from stacks.refusal_queue import refusal_queue
from stacks.schedules import run_every
from stacks.settings import Settings
from stacks.tables import Tables
from stacks.tracing import sampling_rule
from stacks.user_pool import user_pool
from stacks.web_acl import rate_limit_acl
from stacks.workflow import Workflow

_LIST_EVERY_MINUTES = 15
_DIGEST_MINUTES, _LOCAL_DIGEST_MINUTES = 60, 5


class ServiceStack(Stack):
    def __init__(self, scope: Construct, construct_id: str, settings: Settings, **kwargs: Any) -> None:
        super().__init__(scope, construct_id, **kwargs)
        tables = Tables(self, "Tables", settings)
        refusals = refusal_queue(self, settings)
        archive = Archive(self, "Archive", settings)
        regions = list(dict.fromkeys((self.region, *settings.regions)))
        acting = acting_role(self, Service(self.account, self.region), regions, settings.gate)
        functions = Functions(self, "Functions", settings, tables, refusals, archive, acting)
        workflow = Workflow(self, "Workflow", settings, functions, refusals, tables.operations)
        backstops = Backstops(self, "Backstops", settings, functions, workflow)
        if not settings.is_local:  # the emulator knows no X-Ray
            sampling_rule(self)
        run_every(self, "Inventory", _LIST_EVERY_MINUTES, functions.all["inventory"], "Lists the databases")
        digest_minutes = _LOCAL_DIGEST_MINUTES if settings.is_local else _DIGEST_MINUTES
        run_every(self, "Digest", digest_minutes, functions.all["digest"], "Writes the digests of the archive")
        archive.fill(functions.all["publish"], tables.audit)
        access_log = log_group(self, "AccessLog", names.ACCESS_LOG_GROUP, settings)
        apis = self._apis(settings, workflow, functions, access_log)
        watched = Watched(
            self.region,
            [(api.rest_api.rest_api_name, settings.stage) for api in apis.values()],
            [function.function_name for function in functions.all.values()],
            [machine.state_machine_arn for machine in (workflow.admission, *workflow.standard)],
            [machine.state_machine_arn for machine in workflow.standard],
            refusals.queue.queue_name,
            [queue.queue_name for queue in (refusals.dead_letters, backstops.dead_letters, archive.dead_letters)],
            functions.all["publish"].function_name,
        )
        if settings.console.enabled:
            for name in ("publish", "digest"):
                functions.all[name].add_environment("CONSOLE_URL", f"{_page_api(apis).rest_api.url}console/")
        count_refused_credentials(self, access_log)
        topic_arn = alarm_topic(self, settings)
        alarms = Alarms(self, "Alarms", settings, rules(settings.alarms, watched), topic_arn)
        save_queries(self)
        outputs = {
            "ApiUrl": next(iter(apis.values())).rest_api.url,
            **{f"{_name(mode)}Url": api.rest_api.url for mode, api in apis.items()},
            **_key_id(apis),
            "OperationStateMachineArn": workflow.operation.state_machine_arn,
            "AdmissionStateMachineArn": workflow.admission.state_machine_arn,
            "OperationsTable": tables.operations.table_name,
            "AuditTable": tables.audit.table_name,
            "InventoryTable": tables.inventory.table_name,
            "ArchiveBucket": archive.bucket.bucket_name,
            **({"SigningKeyArn": archive.signing_key.key_arn} if archive.signing_key else {}),
            "DashboardUrl": dashboard(self, alarms.arns),
            "AlarmTopicArn": topic_arn,
            "SettingsDigest": package.settings_digest(settings),
        }
        for name, value in outputs.items():
            CfnOutput(self, name, value=value)

    def _apis(
        self, settings: Settings, workflow: Workflow, functions: Functions, access_log: logs.ILogGroup
    ) -> dict[Authentication, Api]:
        """Make one API for each way to authenticate, in the order of the settings."""
        status, lists, instances, console = (
            functions.all[name] for name in ("status", "lists", "instances", "console")
        )
        behind = Backend(workflow.admission, status, lists, instances, console, access_log, self._web_acl(settings))
        modes = [Authentication(mode) for mode in settings.authentication]
        pool = user_pool(self, settings) if Authentication.COGNITO in modes else None
        return {
            mode: Api(self, _name(mode), settings, mode, behind, pool if mode is Authentication.COGNITO else None)
            for mode in modes
        }

    def _web_acl(self, settings: Settings) -> str:
        limit = settings.requests_per_address_in_five_minutes
        return rate_limit_acl(self, limit).attr_arn if limit else settings.web_acl_arn


def _page_api(apis: dict[Authentication, Api]) -> Api:
    """Return the API whose console people use: that of the user pool, else the first."""
    return apis.get(Authentication.COGNITO) or next(iter(apis.values()))


def _key_id(apis: dict[Authentication, Api]) -> dict[str, str]:
    api = apis.get(Authentication.API_KEY)
    return {"ApiKeyId": api.key.key_id} if api and api.key else {}


def _name(mode: Authentication) -> str:
    return f"{mode.value.title().replace('_', '')}Api"
