"""A service of a test's own words, on 127.0.0.1: it answers what it was told to, and keeps what it was asked."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

LOST = -1
"""A status for an answer that gets lost: the connection ends after the request has arrived."""


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


@dataclass(frozen=True)
class Told:
    status: int
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)


Script = Callable[[Asked], Told]


@dataclass
class Stub:
    url: str
    asked: list[Asked] = field(default_factory=list)
    script: Script = lambda _asked: Told(500, {"error": "The test has not said what to answer"})

    def tell(self, *answers: Told) -> None:
        """Answer these one after the other, and the last from then on."""
        left = list(answers)
        self.script = lambda _asked: left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def serving(certificate: Path | None = None) -> Iterator[Stub]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    scheme = "http"
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    stub = Stub(f"{scheme}://127.0.0.1:{server.server_port}/v1")
    server.stub = stub  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_CONNECT(self) -> None:
        self._answer("CONNECT")

    def _answer(self, method: str) -> None:
        stub: Stub = self.server.stub  # type: ignore[attr-defined]
        content = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        parts = urlsplit(self.path)
        is_json = self.headers.get("Content-Type") == "application/json"
        body = json.loads(content) if is_json else dict(parse_qsl(content))
        asked = Asked(method, parts.path, dict(parse_qsl(parts.query)), dict(self.headers.items()), body)
        stub.asked.append(asked)
        told = stub.script(asked)
        if told.status == LOST:
            self.close_connection = True
            return
        text = told.body if isinstance(told.body, str) else json.dumps(told.body)
        self.send_response_only(told.status)
        for name, value in told.headers.items():
            self.send_header(name, value)
        if "Date" not in told.headers:
            self.send_header("Date", self.date_time_string())
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_arguments: Any) -> None:
        """Print nothing."""
