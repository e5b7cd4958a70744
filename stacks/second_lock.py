"""The second lock: what IAM lets the acting role do, made from the tables that the gate decides by.

The first lock is our own code. This one holds where that code is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from aws_cdk import aws_iam as iam

from rds_operations.classification import ALLOWED_ENVIRONMENTS, FOLDED_TAG_NAMES, WORDS, Environment
from rds_operations.gate_settings import GateSettings
from rds_operations.operations import OPERATIONS
from rds_operations.operations.operation import ANY_RESOURCE, INSTANCE

Conditions = dict[str, dict[str, list[str]]]
_LOOKS = "rds:Describe*"
_RELABEL = ["rds:AddTagsToResource", "rds:RemoveTagsFromResource"]
_ALLOWED_WORDS = sorted(word for word, environment in WORDS.items() if environment in ALLOWED_ENVIRONMENTS)
_PRODUCTION_WORDS = sorted(word for word, environment in WORDS.items() if environment is Environment.PRODUCTION)


@dataclass(frozen=True)
class Reach:
    """Where a role works: `account` may be a token, `regions` may be `*`."""

    partition: str
    account: str
    regions: tuple[str, ...]

    def arns(self, kind: str) -> list[str]:
        """All resources of a type: `db`, `snapshot`, or `*` for actions that take none."""
        if kind == ANY_RESOURCE:
            return [ANY_RESOURCE]
        return [f"arn:{self.partition}:rds:{region}:{self.account}:{kind}:*" for region in self.regions]


def acting_statements(reach: Reach, gate: GateSettings) -> list[iam.PolicyStatement]:
    """Allows each operation its actions on instances whose environment tags, if any, say that they are none of
    production's; denies whatever a tag calls production, and every change of an instance's tags.

    The resource types have statements of their own: a condition on both would ask a snapshot that is yet to be made
    for its tags. https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
    """
    looks, changes = _actions()
    conditions = {INSTANCE: _tags_allow(gate)}
    return [
        *(_allow(reach, kind, actions) for kind, actions in looks.items()),
        *(_allow(reach, kind, actions, conditions.get(kind)) for kind, actions in changes.items()),
        *(_deny([ANY_RESOURCE], not_actions=[_LOOKS], conditions=condition) for condition in _forbidden(gate)),
        _deny(replace(reach, regions=("*",)).arns(INSTANCE), actions=_RELABEL),
    ]


def _actions() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """What the operations look at and what they change, by resource type."""
    looks: dict[str, set[str]] = {}
    changes: dict[str, set[str]] = {}
    for operation in OPERATIONS.values():
        for permission in operation.acts_with:
            kinds = looks if fnmatchcase(permission.action, _LOOKS) else changes
            for kind in permission.resources:
                kinds.setdefault(kind, set()).add(permission.action)
    return looks, changes


def _tags_allow(gate: GateSettings) -> Conditions:
    """Every environment tag that is there has an allowed word; an instance without any is the gate's to judge.

    The key of `aws:ResourceTag` matches tag names in any case.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    return {"StringEqualsIgnoreCaseIfExists": {f"aws:ResourceTag/{name}": _ALLOWED_WORDS for name in _folded(gate)}}


def _forbidden(gate: GateSettings) -> Iterable[Conditions]:
    """Of whatever has such tags all but looking is denied: of instances, and of the snapshots that are there already.

    Of tags that differ in nothing but case, `aws:ResourceTag` sees one; `rds:db-tag` sees each by its exact name. In
    statements apart, because keys that differ in nothing but case may not stand in one.
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAM.html
    """
    for name in _folded(gate):
        yield {"StringEqualsIgnoreCase": {f"aws:ResourceTag/{name}": _PRODUCTION_WORDS}}
    for name in gate.environment_tag_names:
        key = f"rds:db-tag/{name}"
        yield {"Null": {key: ["false"]}, "StringNotEqualsIgnoreCase": {key: _ALLOWED_WORDS}}


def _folded(gate: GateSettings) -> list[str]:
    return sorted({name.casefold() for name in gate.environment_tag_names} | FOLDED_TAG_NAMES)


def _allow(
    reach: Reach, kind: str, actions: Iterable[str], conditions: Conditions | None = None
) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=sorted(actions), resources=reach.arns(kind), conditions=conditions)


def _deny(resources: list[str], **statement: Any) -> iam.PolicyStatement:
    return iam.PolicyStatement(effect=iam.Effect.DENY, resources=resources, **statement)
