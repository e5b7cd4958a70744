"""The Cognito user pool: an existing one, by its ARN, or a new one."""

from __future__ import annotations

from aws_cdk import CfnOutput, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from stacks.settings import Settings


def user_pool(scope: Construct, settings: Settings) -> cognito.IUserPool:
    if settings.user_pool_arn:
        return cognito.UserPool.from_user_pool_arn(scope, "UserPool", settings.user_pool_arn)
    return _made(scope, settings)


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
    stack = Stack.of(scope)
    CfnOutput(stack, "UserPoolId", value=pool.user_pool_id)
    CfnOutput(stack, "UserPoolClientId", value=client.user_pool_client_id)
    return pool
