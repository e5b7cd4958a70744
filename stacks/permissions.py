"""What each function may do: IAM on one page. The RDS actions stand in the operations' own modules."""

from __future__ import annotations

from collections.abc import Iterable

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sqs as sqs

from rds_operations.items import UNFINISHED_INDEX
from rds_operations.operations import OPERATIONS
from rds_operations.operations.operation import ANY_RESOURCE, INSTANCE, Permission
from stacks.arns import execution_prefix, late_watch_machine
from stacks.tables import Tables

_CLASSIFY = (Permission("rds:DescribeDBInstances", (INSTANCE,)),)


def by_function(stack: Stack, tables: Tables, unrecorded: sqs.IQueue) -> dict[str, list[iam.PolicyStatement]]:
    operations, audit = tables.operations.table_arn, tables.audit.table_arn
    acts = [permission for operation in OPERATIONS.values() for permission in operation.acts_with]
    watches = [permission for operation in OPERATIONS.values() for permission in operation.watches_with]
    # Opening an order: itself, its lock, its key and its opening record, in one transaction.
    opens = [_allow(operations, "dynamodb:GetItem", "dynamodb:PutItem"), _allow(audit, "dynamodb:PutItem")]
    # Closing one: its item, its lock, its closing record; and what is not settled is watched on.
    closes = [
        _allow(operations, "dynamodb:GetItem", "dynamodb:UpdateItem"),
        _release(operations),
        _allow(audit, "dynamodb:PutItem"),
        _allow(late_watch_machine(stack), "states:StartExecution"),
    ]
    return {
        "validate": [],
        "classify": _rds(stack, _CLASSIFY),
        "admit": opens,
        "execute": [
            *_rds(stack, acts),
            *opens,
            _allow(operations, "dynamodb:UpdateItem"),
        ],
        "poll": [*_rds(stack, watches), _allow(operations, "dynamodb:UpdateItem")],
        "audit": closes,
        "sweep": [
            *closes,
            _allow(f"{operations}/index/{UNFINISHED_INDEX}", "dynamodb:Query"),
            _allow(f"{execution_prefix(stack)}*", "states:DescribeExecution"),
            *_rds(stack, watches),
            _allow(unrecorded.queue_arn, "sqs:ReceiveMessage", "sqs:DeleteMessage"),
        ],
        "status": [_allow(operations, "dynamodb:GetItem")],
    }


def _allow(resource: str, *actions: str) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=list(actions), resources=[resource])


def _release(operations_table: str) -> iam.PolicyStatement:
    """Audit deletes locks and Idempotency-Keys, and no other item."""
    return iam.PolicyStatement(
        actions=["dynamodb:DeleteItem"],
        resources=[operations_table],
        conditions={"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["lock#*", "key#*"]}},
    )


def _rds(stack: Stack, permissions: Iterable[Permission]) -> list[iam.PolicyStatement]:
    """One statement for each set of resource types, in this account and Region only."""
    by_resources: dict[tuple[str, ...], set[str]] = {}
    for permission in permissions:
        by_resources.setdefault(permission.resources, set()).add(permission.action)
    return [
        iam.PolicyStatement(actions=sorted(actions), resources=[_arn(stack, resource) for resource in resources])
        for resources, actions in by_resources.items()
    ]


def _arn(stack: Stack, resource: str) -> str:
    if resource == ANY_RESOURCE:
        return ANY_RESOURCE
    return f"arn:{stack.partition}:rds:{stack.region}:{stack.account}:{resource}:*"
