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
    """Hold a pool. `login_url` is empty where it has no sign-in pages that the settings know: then no page uses it."""

    pool: cognito.IUserPool
    login_url: str
    identity_providers: tuple[str, ...]
    cli_client: cognito.UserPoolClient | None

    def page_client(self, page_url: str) -> cognito.UserPoolClient:
        """Add the app client of the console at this URL."""
        client = _public_client(
            self.pool, "PageClient", "rds-operations-console", self.identity_providers, [page_url], [page_url]
        )
        CfnOutput(Stack.of(self.pool), "PageClientId", value=client.user_pool_client_id)
        return client


def user_pool(scope: Construct, settings: Settings) -> Pool:
    """Return the pool of the settings or one of the stack's own, with an app client of `rds-ops`."""
    console = settings.console
    if settings.user_pool_arn:
        pool = cognito.UserPool.from_user_pool_arn(scope, "UserPool", settings.user_pool_arn)
        login_url = console.pool_domain
    else:
        pool = _made(scope, settings)
        login_url = _domain(pool, console.domain_prefix) if console.domain_prefix else ""
    outputs = {"LoginUrl": login_url} if login_url else {}
    cli_client = None
    if login_url or not settings.user_pool_arn:
        cli_client = _public_client(
            pool, "CliClient", "rds-operations-cli", console.identity_providers, CLI_CALLBACK_URLS
        )
        outputs["CliClientId"] = cli_client.user_pool_client_id
    for name, value in outputs.items():
        CfnOutput(Stack.of(scope), name, value=value)
    return Pool(pool, login_url, console.identity_providers, cli_client)


def _made(scope: Construct, settings: Settings) -> cognito.UserPool:
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
    for name, value in {"UserPoolId": pool.user_pool_id, "UserPoolClientId": client.user_pool_client_id}.items():
        CfnOutput(Stack.of(scope), name, value=value)
    return pool


def _public_client(
    pool: cognito.IUserPool,
    construct_id: str,
    name: str,
    identity_providers: tuple[str, ...],
    callbacks: list[str],
    sign_outs: list[str] | None = None,
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
        supported_identity_providers=list(map(cognito.UserPoolClientIdentityProvider.custom, identity_providers)),
        prevent_user_existence_errors=True,
        id_token_validity=Duration.hours(1),
        refresh_token_validity=Duration.hours(12),
    )


def _domain(pool: cognito.UserPool, prefix: str) -> str:
    """Give the pool sign-in pages. Their domain's prefix is unique among all accounts of a Region."""
    domain = pool.add_domain("Domain", cognito_domain=cognito.CognitoDomainOptions(domain_prefix=prefix))
    return domain.base_url()
