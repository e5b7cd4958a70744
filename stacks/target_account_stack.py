"""An account that the service operates besides its own: the two roles that it works under there."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnOutput, CfnParameter, DefaultStackSynthesizer, IStackSynthesizer, Stack
from constructs import Construct

from rds_operations.targets import ACTING_ROLE, READING_ROLE
from stacks.operating_roles import Service, acting_role, reading_role
from stacks.settings import Settings


class TargetAccountStack(Stack):
    """One template for all accounts: what differs between them are its parameters, as StackSets want it. It has no
    assets, so it does not ask whether the account was bootstrapped.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        settings: Settings,
        synthesizer: IStackSynthesizer | None = None,
        **kwargs: Any,
    ) -> None:
        chosen = synthesizer or DefaultStackSynthesizer(generate_bootstrap_version_rule=False)
        super().__init__(scope, construct_id, synthesizer=chosen, **kwargs)
        service = Service(
            account=self._parameter("ServiceAccount", "The account that the service runs in", r"[0-9]{12}"),
            region=self._parameter("ServiceRegion", "The Region that the service runs in", r"[a-z0-9\-]+"),
            # The characters and lengths that STS takes.
            # https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
            external_id=self._parameter(
                "ExternalId", "This account's external id in the service's settings", r"[A-Za-z0-9_+=,.@:/\-]{2,1224}"
            ),
        )
        regions = sorted({region for account in settings.accounts.values() for region in account.regions})
        roles = {
            "ReadingRoleArn": reading_role(self, service, READING_ROLE),
            "ActingRoleArn": acting_role(self, service, regions, settings.gate, ACTING_ROLE),
        }
        for name, role in roles.items():
            CfnOutput(self, name, value=role.role_arn)

    def _parameter(self, name: str, summary: str, pattern: str) -> str:
        return CfnParameter(self, name, description=summary, allowed_pattern=pattern).value_as_string
