"""AWS on 127.0.0.1, with one answer for each action, so that nothing in the measured process is patched.

As a process of its own, `python -m tests.bench.canned_aws <options>`, it prints its port and ends with its parent's
pipe. GET / tells what was called and what DynamoDB would bill since it was asked last. Options: `chain` (a certificate,
for TLS), `instances` (how many there are) and `waits` (seconds until a service answers).
"""

from __future__ import annotations

import json
import ssl
import sys
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from tests.bench.canned_rds import query_answer
from tests.bench.canned_tables import Tables

_SERVICES = {"DynamoDB_20120810": "dynamodb", "AmazonSQS": "sqs", "AWSStepFunctions": "states", "AWSEvents": "events"}
_OPTIONS: dict[str, Any] = json.loads(sys.argv[1]) if __name__ == "__main__" else {"instances": 1, "waits": {}}
_TABLES = Tables(_OPTIONS["instances"])
_CALLS: Counter[str] = Counter()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        told = {"calls": dict(_CALLS), "write_units": _TABLES.write_units, "read_units": _TABLES.read_units}
        _CALLS.clear()
        _TABLES.reset()
        self._answer(200, json.dumps(told), "application/json")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        target, _, action = self.headers.get("X-Amz-Target", "").partition(".")
        if not target:
            service, action, answer = query_answer(parse_qs(body.decode()), _OPTIONS["instances"])
            self._told(service, action, 200, answer, "text/xml")
            return
        asked = json.loads(body)
        status, document = _TABLES.answer(action, asked) if "DynamoDB" in target else (200, _done(action, asked))
        self._told(_SERVICES[target], action, status, json.dumps(document), "application/x-amz-json-1.0")

    def do_PUT(self) -> None:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):  # as S3's client sends over TLS, checksum last
            while size := int(self.rfile.readline(), 16):
                self.rfile.read(size + len(b"\r\n"))
            self.rfile.readline()
        else:
            self.rfile.read(int(self.headers["Content-Length"]))
        self._told("s3", "PutObject", 200, "", "text/xml")

    def log_message(self, *_arguments: Any) -> None:
        return None

    def _told(self, service: str, action: str, status: int, answer: str, kind: str) -> None:
        _CALLS[f"{service}:{action}"] += 1
        time.sleep(_OPTIONS["waits"].get(service, 0))
        self._answer(status, answer, kind)

    def _answer(self, status: int, answer: str, kind: str) -> None:
        content = answer.encode()
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n\r\n"
        self.wfile.write(head.encode() + content)


def _done(action: str, asked: dict[str, Any]) -> dict[str, Any]:
    if action == "PutEvents":
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"} for _ in asked["Entries"]]}
    return {"executions": []} if action == "ListExecutions" else {}


def _serve() -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    if _OPTIONS.get("chain"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_OPTIONS["chain"])
        server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    _serve()
