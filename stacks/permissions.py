"""What IAM allows each function. The RDS actions are the operations' own, and `LOOKS` of every function that reads."""

from __future__ import annotations

from collections.abc import Iterable

from aws_cdk import Stack
from aws_cdk import aws_iam as iam

from rds_operations.archive.digest_file import DIGESTS, PACKS
from rds_operations.archive.record_object import RECORDS
from rds_operations.aws.inventory_table import PLACE_INDEX
from rds_operations.operations.base import INSTANCE
from rds_operations.records.indexes import AUDIT_INDEXES, BY_DAY
from rds_operations.records.operation_item import UNFINISHED_INDEX
from rds_operations.settings.targets import ACTING_ROLE, READING_ROLE
from stacks import arns
from stacks.acting_role_policy import ResourceScope
from stacks.archive import Archive, publishes
from stacks.arns import execution_prefix, late_watch_executions, late_watch_machine, operation_machine
from stacks.operating_roles import LOOKS, dry_run_actions, reading_statements
from stacks.refusal_queue import RefusalQueue
from stacks.tables import Tables


def by_function(
    stack: Stack,
    tables: Tables,
    refusals: RefusalQueue,
    archive: Archive,
    acting_role: iam.IRole,
    accounts: Iterable[str],
) -> dict[str, list[iam.PolicyStatement]]:
    """Return each function's statements. `accounts` are those besides the service's own."""
    operations, audit, inventory = (table.table_arn for table in (tables.operations, tables.audit, tables.inventory))
    # A replica's source may be in any Region.
    reach = ResourceScope(stack.partition, stack.account)
    accounts = list(accounts)
    reading_roles = [arns.role(stack, account, READING_ROLE) for account in accounts]

    def reads_elsewhere(function: str) -> list[iam.PolicyStatement]:
        return [_assume(stack, function, reading_roles)] if reading_roles else []

    def reads(function: str) -> list[iam.PolicyStatement]:
        return [_allow(reach.arn(INSTANCE), actions=list(LOOKS)), *reads_elsewhere(function)]

    def watches(function: str) -> list[iam.PolicyStatement]:
        return [*reading_statements(reach), *reads_elsewhere(function)]

    # One transaction writes the operation, its lock, its key and its opening record.
    opens = [
        _allow(operations, actions=["dynamodb:GetItem", "dynamodb:PutItem"]),
        _allow(audit, actions=["dynamodb:PutItem"]),
    ]
    # Closing updates the operation, frees its lock and key, writes its record, and starts a late watch if needed.
    closes = [
        _allow(operations, actions=["dynamodb:GetItem", "dynamodb:UpdateItem"]),
        _allow(audit, actions=["dynamodb:PutItem"]),
        _allow(late_watch_machine(stack), actions=["states:StartExecution"]),
    ]
    acts = [acting_role.role_arn, *(arns.role(stack, account, ACTING_ROLE) for account in accounts)]
    return {
        "validate": [],
        "console": [],
        "classify": [
            *reads("classify"),
            *(_allow(reach.arn(kind), actions=actions) for kind, actions in dry_run_actions().items()),
            _allow(inventory, actions=["dynamodb:Query"]),
            # Finds what an Idempotency-Key stands for.
            _allow(operations, actions=["dynamodb:GetItem"]),
        ],
        # Marks a request that Admit hands over to a repetition.
        "admit": [*opens, _allow(operations, actions=["dynamodb:UpdateItem"])],
        "execute": [
            *reads("execute"),
            # Only through these roles can Execute change databases, narrowed to the one operation.
            _assume(stack, "execute", acts, "sts:SetSourceIdentity"),
            *opens,
            _allow(operations, actions=["dynamodb:UpdateItem"]),
        ],
        # Stores the progress; a late watch reads who acted last.
        "poll": [*watches("poll"), _allow(operations, actions=["dynamodb:GetItem", "dynamodb:UpdateItem"])],
        "audit": closes,
        "sweep": [
            *closes,
            _allow(f"{operations}/index/{UNFINISHED_INDEX}", actions=["dynamodb:Query"]),
            _allow(f"{execution_prefix(stack)}*", late_watch_executions(stack), actions=["states:DescribeExecution"]),
            _allow(operation_machine(stack), actions=["states:ListExecutions"]),
            *watches("sweep"),
            _allow(refusals.queue.queue_arn, actions=["sqs:ReceiveMessage", "sqs:DeleteMessage"]),
            _allow(refusals.dead_letters.queue_arn, actions=["sqs:SendMessage"]),
        ],
        "inventory": [
            *reads("inventory"),
            _allow(inventory, actions=["dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem"]),
            _allow(f"{inventory}/index/{PLACE_INDEX}", actions=["dynamodb:Query"]),
        ],
        # CDK adds the reading of the stream, and the sending to its dead letters.
        "publish": [publishes(stack), *archive.writes(RECORDS)],
        "digest": [
            _allow(f"{audit}/index/{BY_DAY.name}", actions=["dynamodb:Query"]),
            publishes(stack),
            *archive.writes(RECORDS, PACKS, DIGESTS),
            *archive.reads(RECORDS, DIGESTS),
            *archive.signs(),
        ],
        "status": [_allow(operations, actions=["dynamodb:GetItem"])],
        "instances": [
            *reads("instances"),
            *(_allow(reach.arn(kind), actions=actions) for kind, actions in dry_run_actions().items()),
            _allow(inventory, f"{inventory}/index/{PLACE_INDEX}", actions=["dynamodb:Query"]),
            # What runs on the instance, and how long it took before.
            _allow(operations, actions=["dynamodb:GetItem"]),
            _allow(audit, actions=["dynamodb:Query"]),
        ],
        # It reads by keys and indexes alone: neither a scan nor a write.
        "lists": [
            _allow(audit, *(f"{audit}/index/{index.name}" for index in AUDIT_INDEXES), actions=["dynamodb:Query"]),
            _allow(f"{operations}/index/{UNFINISHED_INDEX}", actions=["dynamodb:Query"]),
            _allow(operations, actions=["dynamodb:BatchGetItem"]),
        ],
    }


def _allow(*resources: str, actions: list[str]) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=actions, resources=list(resources))


def _assume(stack: Stack, function: str, roles: list[str], *more_actions: str) -> iam.PolicyStatement:
    """Allow the function alone, not another one with its role; a trust policy cannot check that.

    https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html
    """
    return iam.PolicyStatement(
        actions=["sts:AssumeRole", *more_actions],
        resources=roles,
        conditions={"ArnEquals": {"lambda:SourceFunctionArn": arns.function(stack, function)}},
    )
