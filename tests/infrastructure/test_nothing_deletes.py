"""No role can delete a database, snapshot, table or item, neither by an action's name nor by a pattern.

`sqs:DeleteMessage` may take a recorded refusal off its queue.
"""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest
from botocore.session import Session

from tests.infrastructure.conftest import Document, Template


def _operations(service: str) -> list[str]:
    model = Session().get_service_model(service)
    return [f"{service}:{name}" for name in model.operation_names if name.startswith("Delete")]


# https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
DELETING = {
    *_operations("rds"),
    *_operations("dynamodb"),
    "dynamodb:BatchWriteItem",
    "dynamodb:PartiQLDelete",
    "dynamodb:DeleteTableReplica",
}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def can_delete(statement: Document) -> set[str]:
    """Return the deleting actions that a statement allows. IAM reads actions in any case.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html
    """
    if statement["Effect"] != "Allow":
        return set()
    if "NotAction" in statement:
        return {action for action in DELETING if not _matches(action, as_list(statement["NotAction"]))}
    return {action for action in DELETING if _matches(action, as_list(statement["Action"]))}


def _matches(action: str, patterns: list[str]) -> bool:
    return any(fnmatchcase(action.lower(), pattern.lower()) for pattern in patterns)


def statements(template: Template) -> Iterator[tuple[str, Document]]:
    """Yield the statements of all roles, with the name of their policy or role."""
    for name, item in template.resources.items():
        kind, properties = item["Type"], item.get("Properties", {})
        policies = [properties] if kind in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy") else []
        if kind == "AWS::IAM::Role":
            policies = properties.get("Policies", [])
        for policy in policies:
            yield from ((name, statement) for statement in as_list(policy["PolicyDocument"]["Statement"]))


@pytest.mark.parametrize("stack", ["template", "all_modes_template", "target_template"])
def test_no_role_can_delete(request: pytest.FixtureRequest, stack: str) -> None:
    found = list(statements(request.getfixturevalue(stack)))
    assert found
    deleting = {name: sorted(can_delete(statement)) for name, statement in found if can_delete(statement)}
    assert deleting == {}


@pytest.mark.parametrize(
    "statement",
    [
        {"Action": "dynamodb:DeleteItem"},
        {"Action": ["dynamodb:GetItem", "dynamodb:BatchWriteItem"]},
        {"Action": "dynamodb:PartiQL*"},
        {"Action": "dynamodb:*Item"},
        {"Action": "DynamoDB:delete?able"},
        {"Action": "rds:*"},
        {"Action": "rds:*DBInstance"},
        {"Action": ["*"]},
        {"NotAction": "rds:*"},
        {"NotAction": ["iam:*", "dynamodb:Delete*"]},
    ],
    ids=str,
)
def test_a_pattern_that_covers_a_deleting_action_is_found(statement: Document) -> None:
    assert can_delete({"Effect": "Allow", **statement})
    assert not can_delete({"Effect": "Deny", **statement})


@pytest.mark.parametrize(
    "statement",
    [
        {"Action": ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:GetItem", "dynamodb:Query"]},
        {"Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage"]},
        {"Action": ["rds:Describe*", "rds:CreateDBSnapshot"]},
        {"NotAction": ["rds:*", "dynamodb:*"]},
    ],
    ids=str,
)
def test_what_deletes_nothing_is_let_through(statement: Document) -> None:
    assert can_delete({"Effect": "Allow", **statement}) == set()
