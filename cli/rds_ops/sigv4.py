"""Signature Version 4 with the credentials of the AWS CLI: profiles, SSO caches, `credential_process`, roles.

botocore finds and refreshes them. Importing it takes longer than all else, so only callers who sign do.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from botocore import exceptions
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.session import Session

from rds_ops.failures import ExitCode, Failure
from rds_ops.transport import Request

_SSO = (
    exceptions.SSOError,
    exceptions.SSOTokenLoadError,
    exceptions.UnauthorizedSSOTokenError,
    exceptions.TokenRetrievalError,
)


def signer(profile: str, region: str) -> Callable[[Request], dict[str, str]]:
    """Return what adds a signature of the service `execute-api`. Credentials are frozen for each request."""
    session: Any = Session(profile=profile or None)
    try:
        credentials = session.get_credentials()
        region = region or session.get_config_variable("region") or ""
    except exceptions.BotoCoreError as error:
        raise credentials_trouble(error, profile) from error
    if credentials is None:
        raise Failure(
            ExitCode.NO_ACCESS,
            "There are no AWS credentials to sign with.",
            "Choose a profile (--profile), sign in (aws sso login), or use another way: --auth api_key or cognito.",
        )
    if not region:
        raise Failure(
            ExitCode.USAGE, "It is not known for which Region to sign.", "Give --region, or set AWS_DEFAULT_REGION."
        )

    def sign(request: Request) -> dict[str, str]:
        signed = AWSRequest(request.method, request.url, data=request.body or b"", headers=dict(request.headers))
        try:
            SigV4Auth(credentials.get_frozen_credentials(), "execute-api", region).add_auth(signed)
        except exceptions.BotoCoreError as error:
            raise credentials_trouble(error, profile) from error
        return {name: value for name, value in signed.headers.items() if name not in request.headers}

    return sign


def credentials_trouble(error: exceptions.BotoCoreError, profile: str) -> Failure:
    """Say what is wrong with the credentials, and what to do."""
    text = " ".join(str(error).split()).rstrip(".")
    chosen = f" --profile {profile}" if profile else ""
    if isinstance(error, _SSO):
        return Failure(
            ExitCode.NO_ACCESS, f"The SSO session cannot be used: {text}.", f"Sign in: aws sso login{chosen}"
        )
    if isinstance(error, exceptions.ProfileNotFound):
        return Failure(ExitCode.USAGE, f"{text}.", "aws configure list-profiles shows those that there are.")
    advice = "Check it with: aws sts get-caller-identity" + chosen
    return Failure(ExitCode.NO_ACCESS, f"The AWS credentials cannot be used: {text}.", advice)
