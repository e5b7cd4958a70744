"""The second safeguard: IAM limits the acting role by the gate's own tables, even where our code is wrong."""

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
"""Region names, or a CloudFormation token that becomes such a list."""
Conditions = dict[str, dict[str, Regions]]
_READS = "rds:Describe*"
_RELABEL = ["rds:AddTagsToResource", "rds:RemoveTagsFromResource"]


@dataclass(frozen=True)
class ResourceScope:
    """Name an account's resources in every Region."""

    partition: str
    account: str

    def arn(self, kind: str) -> str:
        """Return the ARN pattern of a type: `db`, `snapshot`, or `*` for actions that take no resource."""
        return ANY_RESOURCE if kind == ANY_RESOURCE else f"arn:{self.partition}:rds:*:{self.account}:{kind}:*"


def allows(reach: ResourceScope, regions: Regions, gate: GateSettings) -> list[iam.PolicyStatement]:
    """Allow each operation's actions in the account's own Regions, unless an environment tag has a word that is not
    allowed.

    Each resource type has its own statement: one for all would check the tags of a snapshot that does not exist yet.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
    """
    reads, changes = _actions()
    here, tags = _region_is_one_of(regions), {INSTANCE: _tags_allow(gate)}
    return [
        *(_allow(reach.arn(kind), actions, here) for kind, actions in reads.items()),
        *(_allow(reach.arn(kind), actions, {**here, **tags.get(kind, {})}) for kind, actions in changes.items()),
    ]


def denies(reach: ResourceScope, gate: GateSettings) -> list[iam.PolicyStatement]:
    """Deny changes of anything that a tag calls production, and of any instance's tags."""
    return [
        *(_deny(ANY_RESOURCE, not_actions=[_READS], conditions=condition) for condition in _forbidden(gate)),
        _deny(reach.arn(INSTANCE), actions=_RELABEL),
    ]


def _actions() -> tuple[dict[str, set[str]], dict[str, set[str]]]:
    reads: dict[str, set[str]] = {}
    changes: dict[str, set[str]] = {}
    for operation in OPERATIONS.values():
        for permission in operation.execute_permissions:
            kinds = reads if fnmatchcase(permission.action, _READS) else changes
            for kind in permission.resources:
                kinds.setdefault(kind, set()).add(permission.action)
    return reads, changes


def _region_is_one_of(regions: Regions) -> Conditions:
    """Return a condition, since one template serves accounts with different Regions.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion
    """
    return {"StringEquals": {"aws:RequestedRegion": regions}}


def _tags_allow(gate: GateSettings) -> Conditions:
    """Require an allowed word in each environment tag that exists and is not ignored; the gate judges untagged
    instances.

    `aws:ResourceTag` matches tag names in any case.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    words = words_for(ALLOWED_ENVIRONMENTS, gate)
    asked = sorted(folded_names(gate) - ignored_names(gate))
    return {"StringEqualsIgnoreCaseIfExists": {f"aws:ResourceTag/{name}": words for name in asked}} if asked else {}


def _forbidden(gate: GateSettings) -> Iterable[Conditions]:
    """Return the conditions, for instances and existing snapshots, under which only reading is allowed.

    `aws:ResourceTag` sees one of several tag names that differ only in case; `rds:db-tag` sees each. Such keys may not
    be in one statement. https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAM.html
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
