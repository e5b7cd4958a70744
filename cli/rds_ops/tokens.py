"""The identity token of a Cognito user: kept after `login`, renewed with its refresh token, by oauthlib.

The flow is RFC 8252: the system's browser, a code with PKCE, and a redirect to this machine.
"""

from __future__ import annotations

import json
import os
import secrets
import time
import webbrowser
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

from oauthlib.oauth2 import OAuth2Error, WebApplicationClient

from rds_ops import vault
from rds_ops.config import Deployment
from rds_ops.failures import ExitCode, Failure
from rds_ops.loopback import Loopback
from rds_ops.settings import Settings
from rds_ops.transport import Request, checked_url, send
from rds_ops.voice import advise, say

SCOPES = "openid profile"
_TIMEOUT_SECONDS = 30.0
_EARLY_SECONDS = 60
_LOGIN = "Sign in: rds-ops login"

# oauthlib refuses http everywhere. `checked_url` allows it for this machine alone, as RFC 8252 does.
os.environ.setdefault("OAUTHLIB_INSECURE_TRANSPORT", "1")


def identity_token(settings: Settings) -> str:
    """Return a token that is still good, renewed if need be. `GET` and `POST` take the identity token."""
    place = vault.vault(settings.deployment.keep_in)
    kept = _parsed(place.read(settings.name, vault.TOKENS))
    if not kept.get("id_token"):
        raise Failure(
            ExitCode.NO_ACCESS, "You are not signed in.", f"{_LOGIN}; or set RDS_OPS_TOKEN to an identity token."
        )
    if float(kept.get("expires_at", 0)) - _EARLY_SECONDS > time.time():
        return str(kept["id_token"])
    if not kept.get("refresh_token"):
        raise Failure(ExitCode.NO_ACCESS, "The sign-in has expired.", _LOGIN)
    client = WebApplicationClient(settings.deployment.client_id)
    renewed = _asked(
        settings.deployment,
        client.prepare_refresh_body(refresh_token=kept["refresh_token"], client_id=settings.deployment.client_id),
        "The sign-in has expired, and could not be renewed",
    )
    tokens = {**kept, **renewed}
    place.write(settings.name, vault.TOKENS, json.dumps(tokens))
    return str(tokens["id_token"])


def sign_in(name: str, deployment: Deployment, *, open_browser: bool) -> None:
    """Sign in with the browser, and keep the tokens. Nothing is typed into this program."""
    if not (deployment.login_url and deployment.client_id):
        raise Failure(
            ExitCode.USAGE,
            "It is not known where to sign in.",
            "rds-ops configure --auth cognito --login-url URL --client-id ID (outputs LoginUrl and CliClientId)",
        )
    client = WebApplicationClient(deployment.client_id)
    verifier = client.create_code_verifier(96)
    state = secrets.token_urlsafe(24)
    with Loopback() as loopback:
        page = client.prepare_request_uri(
            f"{checked_url(deployment.login_url)}/oauth2/authorize",
            redirect_uri=loopback.url,
            scope=SCOPES,
            state=state,
            code_challenge=client.create_code_challenge(verifier, "S256"),
            code_challenge_method="S256",
        )
        say("Sign in with the browser. If it does not open, open this address on this machine:")
        advise(page)
        if open_browser:
            # Some browsers end only once they have the page that this program is about to serve.
            Thread(target=webbrowser.open, args=(page,), daemon=True).start()
        arrived = loopback.wait()
        code = _code(client, arrived, state)
        body = client.prepare_request_body(code=code, redirect_uri=loopback.url, code_verifier=verifier)
    tokens = _asked(deployment, body, "The sign-in was not completed")
    vault.vault(deployment.keep_in).write(name, vault.TOKENS, json.dumps(tokens))


def _code(client: WebApplicationClient, arrived: str, state: str) -> str:
    """Return the code of the redirect, which must carry our state."""
    try:
        return str(client.parse_request_uri_response(arrived, state)["code"])
    except OAuth2Error as error:
        said = parse_qs(urlsplit(arrived).query).get("error_description", [error.description or error.error])[0]
        raise Failure(ExitCode.NO_ACCESS, f"The sign-in page refused: {str(said).rstrip('.')}.", _LOGIN) from error


def _asked(deployment: Deployment, body: str, failed: str) -> dict[str, Any]:
    """Ask the token endpoint. Return what to keep: the tokens, and when the identity token ends."""
    url = f"{checked_url(deployment.login_url)}/oauth2/token"
    headers = {"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"}
    answer = send(Request("POST", url, headers, body.encode()), _TIMEOUT_SECONDS)
    given = answer.body if isinstance(answer.body, dict) else {}
    if answer.status != 200 or not given.get("id_token"):
        why = given.get("error_description") or given.get("error") or f"HTTP {answer.status}"
        raise Failure(ExitCode.NO_ACCESS, f"{failed}: {why}.", _LOGIN)
    kept = {name: given[name] for name in ("id_token", "refresh_token") if given.get(name)}
    return {**kept, "expires_at": time.time() + float(given.get("expires_in", 0))}


def _parsed(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
