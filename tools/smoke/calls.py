"""A call of an API with a caller's credentials, and the answer that it must get."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

JSON = {"Content-Type": "application/json"}


@dataclass(frozen=True)
class Attempt:
    """A call that must be refused. `code` is empty where API Gateway answers in its own words.

    `recorded_as` is the instance under which the refusal is on record; empty for what the service never sees.
    """

    name: str
    status: int
    code: str
    body: str | None = None
    method: str = "POST"
    path: str = "/operations"
    headers: Mapping[str, str] = field(default_factory=lambda: JSON)
    recorded_as: str = ""
    anonymous: bool = False


@dataclass(frozen=True)
class Api:
    """One way to authenticate: its URL, and how a request gets its credentials."""

    name: str
    url: str
    region: str
    key: str = ""
    token: str = ""
    credentials: Any = None

    def send(self, attempt: Attempt) -> tuple[int, dict[str, Any]]:
        """Return the status and the JSON object of the answer."""
        request = AWSRequest(attempt.method, self.url + attempt.path, dict(attempt.headers), attempt.body or "")
        if not attempt.anonymous:
            self._authenticate(request)
        return _answer(request.prepare())

    def _authenticate(self, request: AWSRequest) -> None:
        if self.key and "x-api-key" not in request.headers:
            request.headers["x-api-key"] = self.key
        if self.token:
            request.headers["Authorization"] = f"Bearer {self.token}"
        if self.credentials:
            SigV4Auth(self.credentials, "execute-api", self.region).add_auth(request)


def _answer(request: Any) -> tuple[int, dict[str, Any]]:
    url = urlsplit(request.url)
    kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
    connection = kind(url.hostname or "", url.port, timeout=40)
    try:
        path = f"{url.path}?{url.query}" if url.query else url.path
        connection.request(request.method, path, request.body, dict(request.headers))
        response = connection.getresponse()
        text = response.read().decode()
    finally:
        connection.close()
    try:
        found = json.loads(text)
    except ValueError:
        found = {}
    return response.status, found if isinstance(found, dict) else {}
