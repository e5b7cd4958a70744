"""The two roles that the service uses in an account: one reads, one acts."""

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

READING_FUNCTIONS = ("classify", "execute", "poll", "sweep", "inventory", "instances")
ACTING_FUNCTIONS = ("execute",)
LOOKS = ("rds:DescribeDBInstances", "rds:ListTagsForResource")
"""ListTagsForResource is for where DescribeDBInstances shows no tags, as in AWS GovCloud (US)."""


@dataclass(frozen=True)
class Service:
    """Describe the trusted deployment. `external_id` is empty in the same account."""

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
        allowed.node.add_dependency(denied)  # so that nothing is allowed before it is denied
    # CloudTrail then names the person. A separate statement, because this action cannot check an external id.
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
    """Allow reads in every Region: a replica's source may be in any of them."""
    stack = Stack.of(scope)
    role = _role(scope, "ReadingRole", service, READING_FUNCTIONS, name, "Looks at databases")
    for statement in reading_statements(ResourceScope(stack.partition, stack.account)):
        role.add_to_policy(statement)
    return role


def reading_statements(reach: ResourceScope) -> list[iam.PolicyStatement]:
    """Return what Poll and the sweep read at home, and every reading function in another account."""
    actions: dict[str, set[str]] = {INSTANCE: set(LOOKS)}
    for operation in OPERATIONS.values():
        for permission in operation.poll_permissions:
            for kind in permission.resources:
                actions.setdefault(kind, set()).add(permission.action)
    return [iam.PolicyStatement(actions=sorted(found), resources=[reach.arn(kind)]) for kind, found in actions.items()]


def dry_run_actions() -> dict[str, list[str]]:
    """Return what Classify reads at home for the warnings of a dry run, by the type of resource."""
    actions: dict[str, list[str]] = {}
    for operation in OPERATIONS.values():
        for permission in operation.dry_run_permissions:
            for kind in permission.resources:
                actions.setdefault(kind, []).append(permission.action)
    return actions


def _role(
    scope: Construct, construct_id: str, service: Service, functions: tuple[str, ...], name: str | None, summary: str
) -> iam.Role:
    trusted = _trusted(Stack.of(scope), service, functions)
    return iam.Role(scope, construct_id, role_name=name, assumed_by=trusted, description=summary)


def _trusted(stack: Stack, service: Service, functions: tuple[str, ...]) -> iam.PrincipalBase:
    """Trust the account, limited to its roles: a principal that is a role is bound by its id, and lost if it is made
    again. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html
    """
    roles = [arns.role(stack, service.account, names.function_role(name, service.region)) for name in functions]
    conditions: dict[str, object] = {"ArnEquals": {"aws:PrincipalArn": roles}}
    if service.external_id:
        conditions["StringEquals"] = {"sts:ExternalId": service.external_id}
    return iam.AccountPrincipal(service.account).with_conditions(conditions)
