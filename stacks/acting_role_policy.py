"""The second safeguard: what IAM lets the acting role do, made from the tables that the gate decides by.

The first lock is our own code. This one holds where that code is wrong.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from aws_cdk import aws_iam as iam

from rds_operations.operations import OPERATIONS
from rds_operations.operations.base import ANY_RESOURCE, INSTANCE
from rds_operations.rules.classification import (
    ALLOWED_ENVIRONMENTS,
    Environment,
    folded_names,
    ignored_names,
    words_for,
)
from rds_operations.settings.gate import ENVIRONMENT_TAG_NAMES, GateSettings

Regions = list[str] | str
"""By their names; or a token of CloudFormation, which becomes such a list."""
Conditions = dict[str, dict[str, Regions]]
_READS = "rds:Describe*"
_RELABEL = ["rds:AddTagsToResource", "rds:RemoveTagsFromResource"]


@dataclass(frozen=True)
class ResourceScope:
    """An account's resources, in every Region. `account` may be a token."""

    partition: str
    account: str

    def arn(self, kind: str) -> str:
        """All resources of a type: `db`, `snapshot`, or `*` for actions that take none."""
        return ANY_RESOURCE if kind == ANY_RESOURCE else f"arn:{self.partition}:rds:*:{self.account}:{kind}:*"


def allows(reach: ResourceScope, regions: Regions, gate: GateSettings) -> list[iam.PolicyStatement]:
    """Let each operation do its actions in the account's own Regions, on instances whose environment tags, if any, say
    that they are none of production's.

    The resource types have statements of their own: a condition on both would ask a snapshot that is yet to be made
    for its tags. https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
    """
    reads, changes = _actions()
    here, tags = _region_is_one_of(regions), {INSTANCE: _tags_allow(gate)}
    return [
        *(_allow(reach.arn(kind), actions, here) for kind, actions in reads.items()),
        *(_allow(reach.arn(kind), actions, {**here, **tags.get(kind, {})}) for kind, actions in changes.items()),
    ]


def denies(reach: ResourceScope, gate: GateSettings) -> list[iam.PolicyStatement]:
    """Keep from whatever a tag calls production, and from every change of an instance's tags."""
    return [
        *(_deny(ANY_RESOURCE, not_actions=[_READS], conditions=condition) for condition in _forbidden(gate)),
        _deny(reach.arn(INSTANCE), actions=_RELABEL),
    ]


def _actions() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    """Return the reading and the changing actions of the operations, by resource type."""
    reads: dict[str, set[str]] = {}
    changes: dict[str, set[str]] = {}
    for operation in OPERATIONS.values():
        for permission in operation.execute_permissions:
            kinds = reads if fnmatchcase(permission.action, _READS) else changes
            for kind in permission.resources:
                kinds.setdefault(kind, set()).add(permission.action)
    return reads, changes


def _region_is_one_of(regions: Regions) -> Conditions:
    """A condition, not a part of the ARNs: so one template can give each account its own Regions.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion
    """
    return {"StringEquals": {"aws:RequestedRegion": regions}}


def _tags_allow(gate: GateSettings) -> Conditions:
    """Every environment tag that is there and not ignored has an allowed word; an instance without any is the gate's to
    judge.

    The key of `aws:ResourceTag` matches tag names in any case.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    words = words_for(ALLOWED_ENVIRONMENTS, gate)
    asked = sorted(folded_names(gate) - ignored_names(gate))
    return {"StringEqualsIgnoreCaseIfExists": {f"aws:ResourceTag/{name}": words for name in asked}} if asked else {}


def _forbidden(gate: GateSettings) -> Iterable[Conditions]:
    """Deny everything but reading of whatever has such tags: of instances, and of the snapshots that are there already.

    Of tags that differ in nothing but case, `aws:ResourceTag` sees one; `rds:db-tag` sees each by its exact name. In
    statements apart, because keys that differ in nothing but case may not stand in one.
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAM.html
    """
    allowed, production = words_for(ALLOWED_ENVIRONMENTS, gate), words_for({Environment.PRODUCTION}, gate)
    ignored = ignored_names(gate)
    for name in sorted(folded_names(gate)):
        yield {"StringEqualsIgnoreCase": {f"aws:ResourceTag/{name}": production}}
    for name in dict.fromkeys([*gate.environment_tag_names, *_shipped_spellings(ignored)]):
        key = f"rds:db-tag/{name}"
        if name.casefold() in ignored:
            yield {"StringEqualsIgnoreCase": {key: production}}
        else:
            yield {"Null": {key: ["false"]}, "StringNotEqualsIgnoreCase": {key: allowed}}


def _shipped_spellings(folded: frozenset[str]) -> list[str]:
    return [name for name in ENVIRONMENT_TAG_NAMES if name.casefold() in folded]


def _allow(resource: str, actions: Iterable[str], conditions: Conditions) -> iam.PolicyStatement:
    return iam.PolicyStatement(actions=sorted(actions), resources=[resource], conditions=conditions)


def _deny(resource: str, **statement: Any) -> iam.PolicyStatement:
    return iam.PolicyStatement(effect=iam.Effect.DENY, resources=[resource], **statement)
