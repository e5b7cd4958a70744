"""The functions: one factory sets what they share; each has its own role with exact actions."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Annotations, Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from stacks import console_package, names, package, permissions
from stacks.archive import Archive
from stacks.arns import admission_machine, execution_prefix, late_watch_machine
from stacks.bytecode import NO_BYTECODE, runtime_interpreter
from stacks.log_groups import log_group
from stacks.refusal_queue import RefusalQueue
from stacks.settings import Settings
from stacks.tables import Tables


@dataclass(frozen=True)
class FunctionSpec:
    """Describe a function. `timeout`, in seconds, is shorter than that of any Task that waits for it, so none outlives
    its Task. `memory`, in MB, comes with its share of a CPU: measured, see docs/performance.md.
    """

    summary: str
    timeout: int
    memory: int = 256


CONSOLE = "console"
SPECS = {
    "validate": FunctionSpec("Validate: the body becomes a request, or a refusal", 3),
    "classify": FunctionSpec("Classify: the instance's environment, and whether the operation fits it", 5),
    "admit": FunctionSpec("Admit: puts the request on record with its lock", 4),
    "execute": FunctionSpec("Execute: acts on the database, once", 30),
    "poll": FunctionSpec("Poll: one look at RDS", 30, memory=128),
    "audit": FunctionSpec("Audit: the record of what was refused and of how an operation ended", 3),
    "sweep": FunctionSpec("Sweep: closes what everything else left open", 120),
    "inventory": FunctionSpec("Inventory: what databases there are in every account and Region", 300),
    "status": FunctionSpec("Status: GET /operations/{operation_id}", 3),
    "instances": FunctionSpec("Instances: GET /instances, and one of them live", 10),
    "lists": FunctionSpec("Lists: GET /operations, GET /records and GET /me", 10),
    "publish": FunctionSpec("Publish: each new record becomes an event and an object of the archive", 30, memory=128),
    "digest": FunctionSpec("Digest: what the archive lacks, and the digest of each hour", 300),
    CONSOLE: FunctionSpec("Console: GET /console/{proxy+} and GET /openapi.json", 5),
}


class Functions(Construct):
    """Build all functions. `self.all` has them by the names of their folders."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        settings: Settings,
        tables: Tables,
        refusals: RefusalQueue,
        archive: Archive,
        acting_role: iam.IRole,
    ) -> None:
        super().__init__(scope, construct_id)
        self._log_group = log_group(self, "LogGroup", names.FUNCTIONS_LOG_GROUP, settings)
        service = lambda_.Code.from_asset(str(package.build(settings)))
        pages = lambda_.Code.from_asset(str(console_package.build()))
        self._code = {name: pages if name == CONSOLE else service for name in SPECS}
        if not settings.is_local and not runtime_interpreter():
            Annotations.of(self).add_warning_v2("rds-operations:bytecode", NO_BYTECODE)
        self._environment = {
            "OPERATIONS_TABLE": tables.operations.table_name,
            "AUDIT_TABLE": tables.audit.table_name,
            "EXECUTION_PREFIX": execution_prefix(Stack.of(self)),
            "LONGEST_SECONDS": str(settings.longest_execution_seconds + 60),
            "LATE_WATCH_SECONDS": str(settings.longest_late_watch_seconds + 60),
            "LATE_WATCH_MACHINE": late_watch_machine(Stack.of(self)),
            "HOME_ACCOUNT": Stack.of(self).account,
            "ACTING_ROLE": acting_role.role_arn,
            "INVENTORY_TABLE": tables.inventory.table_name,
            "ADMISSION_MACHINE": admission_machine(Stack.of(self)),
            "REFUSAL_QUEUE": refusals.queue.queue_url,
            "REFUSAL_DEAD_LETTERS": refusals.dead_letters.queue_url,
            "POLL_INTERVAL_SECONDS": str(settings.poll_interval_seconds),
            "MAX_POLLS": str(settings.max_polls),
            "ALLOWED_ORIGIN": settings.allowed_origin,
        }
        self._archive = {
            "ARCHIVE_BUCKET": archive.bucket.bucket_name,
            "DIGEST_SECONDS": str(archive.digest_seconds),
            "AUDIT_TABLE": tables.audit.table_name,
            **({"SIGNING_KEY": archive.signing_key.key_arn} if archive.signing_key else {}),
        }
        self._console = {
            "ALLOWED_ORIGIN": settings.allowed_origin,
            "CONSOLE_TITLE": settings.console.title,
            "CLOUDOPS_URL": settings.console.cloudops_url,
        }
        statements = permissions.by_function(Stack.of(self), tables, refusals, archive, acting_role, settings.accounts)
        self.all = {name: self._function(name, spec, statements[name]) for name, spec in SPECS.items()}

    def _function(self, name: str, spec: FunctionSpec, statements: list[iam.PolicyStatement]) -> lambda_.Function:
        construct_id = name.capitalize()
        return lambda_.Function(
            self,
            construct_id,
            function_name=names.function(name),
            description=spec.summary,
            runtime=lambda_.Runtime.PYTHON_3_13,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"{name}.handler.handler",
            code=self._code[name],
            memory_size=spec.memory,
            timeout=Duration.seconds(spec.timeout),
            role=self._role(name, statements),
            tracing=lambda_.Tracing.ACTIVE,
            logging_format=lambda_.LoggingFormat.JSON,
            log_group=self._log_group,
            environment=self._environment_of(name),
        )

    def _environment_of(self, name: str) -> dict[str, str]:
        """Tell the console nothing of the tables and roles: anybody may ask it. The archive's functions need few."""
        of_archive = dict.fromkeys(("publish", "digest"), self._archive)
        return {CONSOLE: self._console, **of_archive}.get(name, self._environment)

    def _role(self, function: str, statements: list[iam.PolicyStatement]) -> iam.Role:
        """Allow only the functions' own log group: AWSLambdaBasicExecutionRole can write to every one."""
        role = iam.Role(
            self,
            f"{function.capitalize()}Role",
            role_name=names.function_role(function, Stack.of(self).region),
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
        )
        log_streams = iam.PolicyStatement(
            actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[self._log_group.log_group_arn]
        )
        for statement in [log_streams, *statements]:
            role.add_to_policy(statement)
        return role
