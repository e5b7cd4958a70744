"""The three ways to authenticate, each as the headers that it adds to a request."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from rds_ops import vault
from rds_ops.failures import ExitCode, Failure
from rds_ops.settings import API_KEY, COGNITO, Settings
from rds_ops.transport import Request

Headers = dict[str, str]
Authenticate = Callable[[Request], Headers]


def authentication(settings: Settings) -> Authenticate:
    """Return what authenticates each request. What it needs is looked up now, before anything is sent."""
    if settings.auth == API_KEY:
        key = _printable("API key", _api_key(settings))
        return lambda _request: {"x-api-key": key}
    if settings.auth == COGNITO:
        from rds_ops import tokens

        token = _printable("token", settings.token or tokens.identity_token(settings))
        return lambda _request: {"Authorization": f"Bearer {token}"}
    from rds_ops.sigv4 import signer

    return signer(settings.profile, _region(settings))


def _printable(what: str, secret: str) -> str:
    """Return it if it can stand in a header. The secret itself is in no message."""
    if not re.fullmatch(r"[\x21-\x7e]+", secret):
        raise Failure(ExitCode.NO_ACCESS, f"The {what} has characters that no {what} has.", f"Copy the {what} again.")
    return secret


def _api_key(settings: Settings) -> str:
    kept = settings.api_key or vault.vault(settings.deployment.keep_in).read(settings.name, vault.API_KEY)
    if not kept:
        raise Failure(
            ExitCode.NO_ACCESS,
            "There is no API key to send.",
            "Keep one: rds-ops configure --auth api_key; or set RDS_OPS_API_KEY or RDS_OPS_API_KEY_FILE.",
        )
    return kept


def _region(settings: Settings) -> str:
    """Return the Region to sign for: as given, else the one in the address of an API of API Gateway."""
    host: Any = urlsplit(settings.api).hostname or ""
    found = re.search(r"\.execute-api\.([a-z0-9-]+)\.amazonaws\.", f"{host}.")
    return settings.region or (found[1] if found else "")
