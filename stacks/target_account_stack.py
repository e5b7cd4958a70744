"""The two roles that the service uses in an account other than its own."""

from __future__ import annotations

from typing import Any

from aws_cdk import CfnMapping, CfnOutput, CfnParameter, DefaultStackSynthesizer, IStackSynthesizer, Stack
from constructs import Construct

from rds_operations.model.place import LONGEST_REGION
from rds_operations.settings.targets import ACTING_ROLE, READING_ROLE
from stacks.operating_roles import Service, acting_role, reading_role
from stacks.settings import Settings

_REGIONS = "Regions"


class TargetAccountStack(Stack):
    """Deploy one template to all accounts, as StackSets requires: only parameters differ, and the Regions, by account.
    It has no assets, so it needs no bootstrapped account.
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
        # No white space: a call can hold only so much of a template (see `size_checks`).
        super().__init__(scope, construct_id, synthesizer=chosen, suppress_template_indentation=True, **kwargs)
        service = Service(
            account=self._parameter("ServiceAccount", "The account that the service runs in", r"[0-9]{12}", 12),
            region=self._parameter(
                "ServiceRegion", "The Region that the service runs in", r"[a-z0-9\-]+", LONGEST_REGION
            ),
            # The characters that STS allows. The settings' longest id is known to fit into a trust policy.
            # https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
            external_id=self._parameter(
                "ExternalId",
                "This account's external id in the service's settings",
                r"[A-Za-z0-9_+=,.@:/\-]{2,1224}",
                max(len(account.external_id) for account in settings.accounts.values()),
            ),
        )
        roles = {
            "ReadingRoleArn": reading_role(self, service, READING_ROLE),
            "ActingRoleArn": acting_role(self, service, self._own_regions(settings), settings.gate, ACTING_ROLE),
        }
        for name, role in roles.items():
            CfnOutput(self, name, value=role.role_arn)

    def _own_regions(self, settings: Settings) -> str:
        """Return the deployed account's Regions. In an account that is not in the settings, the deployment fails and
        makes no role.

        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-findinmap.html
        """
        of_accounts = {account_id: {_REGIONS: list(item.regions)} for account_id, item in settings.accounts.items()}
        return CfnMapping(self, "Accounts", mapping=of_accounts).find_in_map(self.account, _REGIONS)

    def _parameter(self, name: str, summary: str, pattern: str, longest: int) -> str:
        return CfnParameter(
            self, name, description=summary, allowed_pattern=pattern, max_length=longest
        ).value_as_string
