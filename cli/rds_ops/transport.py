"""One HTTP request and its answer, on the standard library: a start that imports nothing heavy.

Proxies are those of the environment (HTTPS_PROXY, NO_PROXY); certificates are the system's, or those of AWS_CA_BUNDLE.
"""

from __future__ import annotations

import http.client
import json
import os
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from rds_ops.failures import ExitCode, Failure, Unreachable

LOOPBACK = ("127.0.0.1", "localhost", "::1")
_LARGEST_ANSWER = 10_000_000  # API Gateway's own limit


@dataclass(frozen=True)
class Request:
    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: Any
    """The parsed JSON; the text where the answer is not JSON."""

    @property
    def retry_after(self) -> float | None:
        """Return the seconds of Retry-After. The other form, a date, API Gateway does not send."""
        given = self.headers.get("Retry-After", "")
        return float(given) if given.isdecimal() else None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follow nothing: a redirect would take the credentials to another address."""

    def redirect_request(self, *_arguments: Any, **_named: Any) -> None:
        return None


def checked_url(url: str) -> str:
    """Return the URL without a slash at its end. Credentials go over TLS, or stay on this machine."""
    try:
        parts = urlsplit(url)
        sound = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        sound = sound and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise Failure(
            ExitCode.USAGE,
            f"The address {url!r} is not one that credentials may be sent to.",
            "Give one that begins with https:// (http:// only for 127.0.0.1 and localhost).",
        )
    return url.rstrip("/")


def send(request: Request, timeout: float) -> Answer:
    """Send it once. Whatever the service says is an answer; only silence raises, `Unreachable`."""
    url = urlsplit(request.url)
    message = urllib.request.Request(request.url, request.body, dict(request.headers), method=request.method)  # noqa: S310
    handlers: list[urllib.request.BaseHandler] = [
        _NoRedirect(),
        urllib.request.HTTPSHandler(context=_certificates() if url.scheme == "https" else None),
    ]
    if url.hostname in LOOPBACK:
        handlers.append(urllib.request.ProxyHandler({}))
    try:
        with urllib.request.build_opener(*handlers).open(message, timeout=timeout) as answer:
            return _answer(answer.status, answer.headers, answer.read(_LARGEST_ANSWER))
    except urllib.error.HTTPError as error:
        with error:
            return _answer(error.code, error.headers, error.read(_LARGEST_ANSWER))
    except urllib.error.URLError as error:
        raise _unreachable(url.hostname or "", error.reason) from error
    except (OSError, http.client.HTTPException) as error:
        raise _unreachable(url.hostname or "", error) from error


def _answer(status: int, headers: Any, content: bytes) -> Answer:
    text = content.decode("utf-8", errors="replace")
    try:
        body = json.loads(text)
    except ValueError:
        body = text
    return Answer(status, headers, body)


def _certificates() -> ssl.SSLContext:
    bundle = os.environ.get("AWS_CA_BUNDLE", "")
    if not bundle:
        return ssl.create_default_context()
    try:
        return ssl.create_default_context(cafile=bundle)
    except (OSError, ssl.SSLError) as error:
        raise Unreachable(
            f"AWS_CA_BUNDLE names {bundle}, which has no certificates that can be read.",
            "Correct AWS_CA_BUNDLE, or unset it to use the system's certificates.",
        ) from error


def _unreachable(host: str, reason: object) -> Unreachable:
    """Say why there was no answer. After a time-out or a lost connection the request may have arrived."""
    text = str(getattr(reason, "strerror", None) or reason or type(reason).__name__)
    if isinstance(reason, ssl.SSLCertVerificationError):
        return Unreachable(
            f"The certificate of {host} is not trusted: {reason.verify_message}.",
            "Behind a proxy that opens TLS, set AWS_CA_BUNDLE to a file with its certificate.",
        )
    if "Tunnel connection failed" in text:
        return Unreachable(
            f"The proxy does not let {host} through: {text}.",
            "Check HTTPS_PROXY; NO_PROXY lists hosts to reach directly.",
        )
    if isinstance(reason, ConnectionRefusedError | socket.gaierror):
        return Unreachable(
            f"{host} cannot be reached: {text}.",
            "Check the network, the proxy if you use one, and the API's URL (--api).",
        )
    why = "has not answered in time" if isinstance(reason, TimeoutError) else f"gave no whole answer: {text}"
    sent = isinstance(reason, ConnectionError | TimeoutError | http.client.HTTPException | ssl.SSLError)
    return Unreachable(f"{host} {why}.", "Check the network and the proxy, and try again.", sent=sent)
