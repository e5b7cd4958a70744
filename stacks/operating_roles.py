"""The roles that the service works under in an account: one that reads, one that acts."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from constructs import Construct

from rds_operations.operations import OPERATIONS
from rds_operations.operations.base import INSTANCE
from rds_operations.settings.gate import GateSettings
from stacks import arns, names
from stacks.acting_role_policy import Regions, ResourceScope, allows, denies
from stacks.policy_sizes import in_managed_policies

READING_FUNCTIONS = ("classify", "execute", "poll", "sweep", "inventory")
"""Those that look at RDS."""
ACTING_FUNCTIONS = ("execute",)
LOOKS = ("rds:DescribeDBInstances", "rds:ListTagsForResource")
"""At instances. The second where the first shows no tags, as AWS GovCloud (US) has done."""


@dataclass(frozen=True)
class Service:
    """The deployment that is trusted. `external_id` empty where it is of the same account."""

    account: str
    region: str
    external_id: str = ""


def acting_role(
    scope: Construct, service: Service, regions: Regions, gate: GateSettings, name: str | None = None
) -> iam.Role:
    stack = Stack.of(scope)
    role = _role(scope, "ActingRole", service, ACTING_FUNCTIONS, name, "Acts on databases that are not production")
    reach = ResourceScope(stack.partition, stack.account)
    allowed = iam.Policy(role, "Allows", roles=[role], statements=allows(reach, regions, gate))
    for number, statements in enumerate(in_managed_policies(denies(reach, gate)), 1):
        denied = iam.ManagedPolicy(role, f"Denies{number}", roles=[role], statements=statements)
        allowed.node.add_dependency(denied)  # nothing is allowed before all that must be is denied
    # So that CloudTrail names the person. Apart, because an external id is no part of this check.
    # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
    if role.assume_role_policy:
        role.assume_role_policy.add_statements(
            iam.PolicyStatement(
                actions=["sts:SetSourceIdentity"],
                principals=[_trusted(stack, Service(service.account, service.region), ACTING_FUNCTIONS)],
            )
        )
    return role


def reading_role(scope: Construct, service: Service, name: str) -> iam.Role:
    """Describe calls, in every Region: a replica's source may be anywhere."""
    stack = Stack.of(scope)
    role = _role(scope, "ReadingRole", service, READING_FUNCTIONS, name, "Looks at databases")
    for statement in reading_statements(ResourceScope(stack.partition, stack.account)):
        role.add_to_policy(statement)
    return role


def reading_statements(reach: ResourceScope) -> list[iam.PolicyStatement]:
    """The reads of Classify, Poll, the sweep and the inventory."""
    actions: dict[str, set[str]] = {INSTANCE: set(LOOKS)}
    for operation in OPERATIONS.values():
        for permission in operation.poll_permissions:
            for kind in permission.resources:
                actions.setdefault(kind, set()).add(permission.action)
    return [iam.PolicyStatement(actions=sorted(found), resources=[reach.arn(kind)]) for kind, found in actions.items()]


def _role(
    scope: Construct, construct_id: str, service: Service, functions: tuple[str, ...], name: str | None, summary: str
) -> iam.Role:
    trusted = _trusted(Stack.of(scope), service, functions)
    return iam.Role(scope, construct_id, role_name=name, assumed_by=trusted, description=summary)


def _trusted(stack: Stack, service: Service, functions: tuple[str, ...]) -> iam.PrincipalBase:
    """The account, narrowed to its roles: one that is named as principal is bound by its id, and would be lost when it
    is created again. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    roles = [arns.role(stack, service.account, names.function_role(name, service.region)) for name in functions]
    conditions: dict[str, object] = {"ArnEquals": {"aws:PrincipalArn": roles}}
    if service.external_id:
        conditions["StringEquals"] = {"sts:ExternalId": service.external_id}
    return iam.AccountPrincipal(service.account).with_conditions(conditions)
