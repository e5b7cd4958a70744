"""The Cognito user pool: an existing one, by its ARN, or a new one."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from stacks.settings import Settings

CLI_CALLBACK_URLS = [f"http://127.0.0.1:{port}/callback" for port in (8976, 8977, 8978)]
"""Where `rds-ops login` waits. Cognito compares the whole address, so the ports are fixed.
https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html
"""


@dataclass(frozen=True)
class Pool:
    """Hold a pool. `own` is empty for an existing one, and `login_url` where it has no sign-in pages of the stack's."""

    pool: cognito.IUserPool
    own: cognito.UserPool | None = None
    login_url: str = ""

    def page_client(self, page_url: str) -> cognito.UserPoolClient | None:
        """Add the app client of the console at this URL, to a pool of the stack's own."""
        if self.own is None:
            return None
        client = _public_client(self.own, "PageClient", "rds-operations-console", [page_url], [page_url])
        CfnOutput(Stack.of(self.own), "PageClientId", value=client.user_pool_client_id)
        return client


def user_pool(scope: Construct, settings: Settings) -> Pool:
    if settings.user_pool_arn:
        return Pool(cognito.UserPool.from_user_pool_arn(scope, "UserPool", settings.user_pool_arn))
    return _made(scope, settings)


def _made(scope: Construct, settings: Settings) -> Pool:
    """Make a pool without self sign-up, and with MFA except on the local cloud."""
    pool = cognito.UserPool(
        scope,
        "UserPool",
        user_pool_name="rds-operations",
        self_sign_up_enabled=False,
        sign_in_case_sensitive=False,
        account_recovery=cognito.AccountRecovery.NONE,
        password_policy=cognito.PasswordPolicy(
            min_length=14,
            require_digits=True,
            require_lowercase=True,
            require_uppercase=True,
            require_symbols=True,
            temp_password_validity=Duration.days(1),
        ),
        mfa=cognito.Mfa.OFF if settings.is_local else cognito.Mfa.REQUIRED,
        mfa_second_factor=None if settings.is_local else cognito.MfaSecondFactor(otp=True, sms=False),
        deletion_protection=not settings.is_local,
        removal_policy=RemovalPolicy.DESTROY if settings.is_local else RemovalPolicy.RETAIN,
    )
    client = pool.add_client(
        "Client",
        user_pool_client_name="rds-operations",
        auth_flows=cognito.AuthFlow(user_srp=True, admin_user_password=settings.is_local),
        prevent_user_existence_errors=True,
        id_token_validity=Duration.hours(1),
        disable_o_auth=True,
    )
    login_url = _login_url(pool, settings)
    cli_client = _public_client(pool, "CliClient", "rds-operations-cli", CLI_CALLBACK_URLS)
    outputs = {
        "UserPoolId": pool.user_pool_id,
        "UserPoolClientId": client.user_pool_client_id,
        "CliClientId": cli_client.user_pool_client_id,
        **login_url,
    }
    for name, value in outputs.items():
        CfnOutput(Stack.of(scope), name, value=value)
    return Pool(pool, pool, login_url.get("LoginUrl", ""))


def _public_client(
    pool: cognito.UserPool, construct_id: str, name: str, callbacks: list[str], sign_outs: list[str] | None = None
) -> cognito.UserPoolClient:
    """Add an app client without a secret: a code with PKCE, and a sign-in for a working day."""
    return pool.add_client(
        construct_id,
        user_pool_client_name=name,
        generate_secret=False,
        o_auth=cognito.OAuthSettings(
            flows=cognito.OAuthFlows(authorization_code_grant=True),
            scopes=[cognito.OAuthScope.OPENID, cognito.OAuthScope.PROFILE],
            callback_urls=callbacks,
            logout_urls=sign_outs,
        ),
        supported_identity_providers=[cognito.UserPoolClientIdentityProvider.COGNITO],
        prevent_user_existence_errors=True,
        id_token_validity=Duration.hours(1),
        refresh_token_validity=Duration.hours(12),
    )


def _login_url(pool: cognito.UserPool, settings: Settings) -> dict[str, str]:
    """Give the pool its sign-in pages, if the settings name the domain: its prefix is unique among all accounts."""
    if not settings.user_pool_domain_prefix:
        return {}
    domain = pool.add_domain(
        "Domain", cognito_domain=cognito.CognitoDomainOptions(domain_prefix=settings.user_pool_domain_prefix)
    )
    return {"LoginUrl": domain.base_url()}
