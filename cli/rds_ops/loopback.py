"""Receives the redirect of a sign-in: one request to 127.0.0.1, on a port that the app client knows."""

from __future__ import annotations

import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Any

from rds_ops.failures import ExitCode, Failure

PORTS = (8976, 8977, 8978)
"""Registered with the app client (`stacks/user_pool.py`): Cognito compares the whole address."""
PATH = "/callback"
_PATIENCE_SECONDS = 300.0
_PAGE = b"<!doctype html><title>rds-ops</title><p>You can close this page and go back to the terminal."


class Loopback:
    def __init__(self) -> None:
        self._server = _bound()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{PATH}"

    def __enter__(self) -> Loopback:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _at: TracebackType | None
    ) -> None:
        self._server.server_close()

    def wait(self) -> str:
        """Return the whole address of the redirect. A request for anything else, such as an icon, does not count."""
        ends = time.monotonic() + _PATIENCE_SECONDS
        self._server.timeout = 1.0
        while time.monotonic() < ends:
            self._server.handle_request()
            if self._server.arrived:
                return f"http://127.0.0.1:{self._server.server_port}{self._server.arrived}"
        raise Failure(
            ExitCode.NO_ACCESS,
            f"Nobody signed in within {_PATIENCE_SECONDS / 60:.0f} minutes.",
            "Sign in: rds-ops login. From another machine, forward the port: ssh -L 8976:127.0.0.1:8976",
        )


class _Server(HTTPServer):
    arrived = ""

    def handle_error(self, *_arguments: Any) -> None:
        """Print nothing: a browser that closes before it has read the page has delivered the redirect all the same."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5

    def do_GET(self) -> None:
        page = b""
        if self.path.startswith(f"{PATH}?"):
            self.server.arrived, page = self.path, _PAGE
        self.send_response(200 if page else 404)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Security-Policy", "default-src 'none'")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_arguments: Any) -> None:
        """Print nothing: the address has the code."""


def _bound() -> _Server:
    for port in PORTS:
        try:
            return _Server(("127.0.0.1", port), _Handler)
        except OSError:
            continue
    raise Failure(
        ExitCode.FAILED,
        f"The ports {', '.join(map(str, PORTS))} of this machine are taken, and the sign-in needs one of them.",
        "End one of the programs that use them, and sign in again.",
    )
