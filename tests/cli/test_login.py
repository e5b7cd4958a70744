"""Signing in: PKCE, the state, one of the registered ports, and renewal."""

import base64
import hashlib
import json
import socket
import urllib.request
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest

from local.cloud import free_port
from rds_ops import loopback, vault
from rds_ops.failures import ExitCode
from tests.cli.answers import service
from tests.cli.conftest import Run
from tests.cli.stub import Asked, Stub, Told

TOKENS = {"id_token": "new.id.token", "refresh_token": "refresh", "access_token": "unused", "expires_in": 3600}
Browser = Callable[[dict[str, str]], str]


@pytest.fixture(autouse=True)
def _ports_of_this_test(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the real ports to the tests of the installed program, which run at the same time."""
    monkeypatch.setattr(loopback, "PORTS", tuple(free_port() for _ in range(3)))


@pytest.fixture
def signing_in(run: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> Callable[[Browser], Any]:
    """Sign in, with a browser that goes where it is told from what the sign-in page was asked.

    Like one in a terminal, it gives nothing back before it has its page.
    """
    assert (
        run("configure", "--api", stub.url, "--auth", "cognito", "--login-url", stub.url, "--client-id", "cli").code
        == 0
    )

    def sign_in(browser: Browser) -> Any:
        def open_page(page: str) -> bool:
            asked = dict(parse_qsl(urlsplit(page).query))
            _visit(browser(asked))
            return True

        monkeypatch.setattr("webbrowser.open", open_page)
        return run("login")

    return sign_in


def _visit(url: str) -> None:
    urllib.request.urlopen(url, timeout=10).close()  # noqa: S310 - 127.0.0.1


def granted(asked: dict[str, str]) -> str:
    return f"{asked['redirect_uri']}?code=the-code&state={quote(asked['state'])}"


def kept() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(vault.Files().read("default", vault.TOKENS) or "{}")
    return found


def test_signing_in(run: Run, stub: Stub, signing_in: Callable[[Browser], Any]) -> None:
    pages: list[dict[str, str]] = []

    def browser(asked: dict[str, str]) -> str:
        pages.append(asked)
        return granted(asked)

    stub.script = lambda asked: Told(200, TOKENS) if asked.path == "/v1/oauth2/token" else service()(asked)
    assert signing_in(browser).code == 0
    (page,) = pages
    body = stub.asked[-1].body
    challenge = base64.urlsafe_b64encode(hashlib.sha256(body["code_verifier"].encode()).digest()).rstrip(b"=").decode()
    assert (page["code_challenge"], page["code_challenge_method"]) == (challenge, "S256")
    assert urlsplit(page["redirect_uri"]).hostname == "127.0.0.1"
    assert urlsplit(page["redirect_uri"]).port in loopback.PORTS
    assert (body["code"], body["redirect_uri"], body["client_id"]) == ("the-code", page["redirect_uri"], "cli")
    assert "access_token" not in kept()
    assert run("whoami").code == 0
    assert stub.asked[-1].headers["Authorization"] == "Bearer new.id.token"


def test_an_api_of_the_environment_does_not_hide_the_deployment(
    stub: Stub, signing_in: Callable[[Browser], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    stub.tell(Told(200, TOKENS))
    monkeypatch.setenv("RDS_OPS_API", "https://elsewhere.example.com/v1")
    assert signing_in(granted).code == 0
    assert kept()["id_token"] == TOKENS["id_token"]


def test_another_state_is_refused(stub: Stub, signing_in: Callable[[Browser], Any]) -> None:
    done = signing_in(lambda asked: f"{asked['redirect_uri']}?code=the-code&state=another")
    assert done.code == ExitCode.NO_ACCESS
    assert (stub.asked, kept()) == ([], {})


def test_a_page_that_refuses(stub: Stub, signing_in: Callable[[Browser], Any]) -> None:
    done = signing_in(
        lambda a: f"{a['redirect_uri']}?error=access_denied&error_description=Not+you&state={quote(a['state'])}"
    )
    assert done.code == ExitCode.NO_ACCESS
    assert "The sign-in page refused: Not you." in done.err


def test_a_token_endpoint_that_refuses(stub: Stub, signing_in: Callable[[Browser], Any]) -> None:
    stub.tell(Told(400, {"error": "invalid_grant"}))
    done = signing_in(granted)
    assert (done.code, "invalid_grant" in done.err, kept()) == (ExitCode.NO_ACCESS, True, {})


def test_a_port_that_is_taken_is_passed_over(stub: Stub, signing_in: Callable[[Browser], Any]) -> None:
    stub.tell(Told(200, TOKENS))
    with socket.create_server(("127.0.0.1", loopback.PORTS[0])):
        assert signing_in(granted).code == 0
    assert urlsplit(stub.asked[-1].body["redirect_uri"]).port in loopback.PORTS[1:]


def test_a_token_is_renewed_before_it_ends(run: Run, stub: Stub, signing_in: Callable[[Browser], Any]) -> None:
    renewed = {"id_token": "renewed.id.token", "expires_in": 3600}

    def script(asked: Asked) -> Told:
        if asked.path != "/v1/oauth2/token":
            return service()(asked)
        return Told(200, renewed if asked.body["grant_type"] == "refresh_token" else {**TOKENS, "expires_in": 0})

    stub.script = script
    assert signing_in(granted).code == 0
    for _ in range(2):
        assert run("whoami").code == 0
        assert stub.asked[-1].headers["Authorization"] == "Bearer renewed.id.token"
    assert [asked.path for asked in stub.asked].count("/v1/oauth2/token") == 2
    assert kept()["refresh_token"] == "refresh"


@pytest.mark.parametrize(
    "tokens",
    [{}, {"id_token": "old", "expires_at": 0}, {"id_token": "old", "expires_at": 0, "refresh_token": "old"}],
    ids=["never signed in", "expired", "not renewed"],
)
def test_who_is_not_signed_in_is_told_how(
    run: Run, stub: Stub, signing_in: Callable[[Browser], Any], tokens: dict[str, Any]
) -> None:
    stub.tell(Told(400, {"error": "invalid_grant"}))
    vault.Files().write("default", vault.TOKENS, json.dumps(tokens))
    done = run("whoami")
    assert (done.code, "rds-ops login" in done.err) == (ExitCode.NO_ACCESS, True)


def test_nothing_to_sign_in_to(run: Run) -> None:
    assert run("login").code == ExitCode.USAGE
