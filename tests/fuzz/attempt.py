"""One request of a campaign, and the document that it is made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis

from local.demo_instances import INSTANCES
from tests import api_document

SCHEMA = schemathesis.openapi.from_path(api_document.PATH)
NAMES = [instance.name for instance in INSTANCES]
PLACES = sorted({(instance.account, instance.region) for instance in INSTANCES})
_ANY_URL = "http://127.0.0.1"


@dataclass(frozen=True)
class Attempt:
    """Describe a request without its credentials: the API key, or an auditor's token at the API for Cognito.

    `case` is given if the document describes its path and method. `follows` (0 to 1) chooses the accepted operation
    that a GET asks for; below 0 it keeps its own path.
    """

    kind: str
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    case: schemathesis.Case[Any] | None = None
    follows: float = -1
    key: str | None = None
    auditor: bool = False


def of_case(kind: str, case: schemathesis.Case[Any], follows: float = -1) -> Attempt:
    """Return what schemathesis would send, without credentials and its own headers."""
    given_ = case.as_transport_kwargs(base_url=_ANY_URL)
    known = ("method", "url", "headers", "json", "data", "params", "cookies")
    prepared = requests.Request(**{name: given_[name] for name in known if name in given_}).prepare()
    credentials = ("authorization", "x-api-key")
    own = ("user-agent", "x-schemathesis-testcaseid", "content-length", "connection", "accept-encoding", *credentials)
    headers = {name: str(value) for name, value in prepared.headers.items() if name.lower() not in own}
    body = prepared.body.encode() if isinstance(prepared.body, str) else prepared.body
    assert body is None or isinstance(body, bytes)
    return Attempt(kind, str(prepared.method), prepared.path_url, headers, body, case, follows)
