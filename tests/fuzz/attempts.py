"""A campaign's requests, the same for the same seed and code, from which Hypothesis takes words."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from local.demo_instances import INSTANCES
from tests import api_document
from tests.api_document import FOLLOW, LISTS, START

SCHEMA = schemathesis.openapi.from_path(api_document.PATH)
NAMES = [instance.name for instance in INSTANCES]
PLACES = sorted({(instance.account, instance.region) for instance in INSTANCES})
_ANY_URL = "http://127.0.0.1"
_JSON = {"Content-Type": "application/json"}
_OTHER_TYPES = ("text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data", "json")
_METHODS = ("PUT", "PATCH", "DELETE")


@dataclass(frozen=True)
class Attempt:
    """Describe a request without the API key. `case` is given if the document describes its path and method.

    `follows` (0 to 1) chooses the accepted operation that a GET asks for; below 0 it keeps its own path.
    """

    kind: str
    method: str
    path: str
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    case: schemathesis.Case[Any] | None = None
    follows: float = -1
    key: str | None = None


def attempts(number: int, seed_number: int) -> list[Attempt]:
    found: list[Attempt] = []

    @seed(seed_number)
    @settings(
        max_examples=number,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(_any_attempt())
    def collect(attempt: Attempt) -> None:
        found.append(attempt)

    while len(found) < number:  # hypothesis may count examples that it gave up
        collect()
    return found[:number]


def _any_attempt() -> st.SearchStrategy[Attempt]:
    kinds = [_valid_start()] * 9 + [_invalid_start()] * 6 + [_look()] * 3 + [_list()] * 2 + [_off_the_road()] * 2
    return st.integers(0, len(kinds) - 1).flatmap(lambda number: kinds[number])


@st.composite
def _valid_start(draw: st.DrawFn) -> Attempt:
    case = draw(SCHEMA[START]["POST"].as_strategy())
    if draw(st.integers(0, 2)):  # Hypothesis repeats a few keys and names, which hide later checks
        case.headers.pop("Idempotency-Key", None)
        case.body = _renamed(case.body, draw(st.from_regex(r"[a-z][a-z0-9]{7}", fullmatch=True)))
    if draw(st.integers(0, 7)):  # so does a place that is not the deployment's
        case.body = draw(_placed(case.body))
    return _start(draw, "valid", case)


@st.composite
def _invalid_start(draw: st.DrawFn) -> Attempt:
    case = draw(SCHEMA[START]["POST"].as_strategy(generation_mode=GenerationMode.NEGATIVE))
    return _start(draw, "invalid", case)


def _renamed(body: Any, snapshot_id: str) -> Any:
    if body["operation"] != "create_snapshot":
        return body
    return {**body, "parameters": {**body["parameters"], "snapshot_id": snapshot_id}}


@st.composite
def _placed(draw: st.DrawFn, body: Any) -> Any:
    """Mostly choose no place, else one of the deployment's, by account, Region or both."""
    own = {name: value for name, value in body.items() if name not in ("account_id", "region")}
    account_id, region = draw(st.sampled_from(PLACES))
    chosen = draw(st.sampled_from([(), (), (), ("account_id", "region"), ("account_id",), ("region",)]))
    return own | {name: {"account_id": account_id, "region": region}[name] for name in chosen}


def _start(draw: st.DrawFn, kind: str, case: schemathesis.Case[Any]) -> Attempt:
    """Mostly name an existing instance, in any case, to pass the first refusal."""
    name = draw(st.sampled_from([*NAMES, *map(str.upper, NAMES), *[""] * 3]))
    if isinstance(case.body, dict) and name:
        case.body = {**case.body, "instance_id": name}
    return _of_case(kind, case)


@st.composite
def _look(draw: st.DrawFn) -> Attempt:
    mode = draw(st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
    case = draw(SCHEMA[FOLLOW]["GET"].as_strategy(generation_mode=mode))
    return _of_case("look", case, follows=draw(st.sampled_from([-1.0, 0.0, 0.25, 0.5, 0.75, 1.0])))


@st.composite
def _list(draw: st.DrawFn) -> Attempt:
    """Choose a list, with filters that there are or are not; a token is never one of this caller's."""
    mode = draw(st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
    path = draw(st.sampled_from(LISTS if mode is GenerationMode.POSITIVE else LISTS[:2]))
    return _of_case("list", draw(SCHEMA[path]["GET"].as_strategy(generation_mode=mode)))


@st.composite
def _off_the_road(draw: st.DrawFn) -> Attempt:
    """Choose another content type, method or path, no valid key, or a body that is not a request."""
    body = json.dumps({"operation": "reboot_instance", "instance_id": draw(st.sampled_from(NAMES))}).encode()
    word = draw(st.from_regex(r"[A-Za-z0-9._~-]{1,20}", fullmatch=True))
    choices = (
        Attempt("content type", "POST", START, {"Content-Type": draw(st.sampled_from(_OTHER_TYPES))}, body),
        Attempt("method", draw(st.sampled_from(_METHODS)), START, _JSON, body),
        Attempt("method", draw(st.sampled_from(_METHODS)), f"{START}/{word}", _JSON, body),
        Attempt("path", draw(st.sampled_from(["GET", "POST"])), f"/{word}x", _JSON, body),
        Attempt("path", "POST", f"{START}/{word}", _JSON, body),
        Attempt("key", "POST", START, _JSON, body, key=draw(st.sampled_from(["", word]))),
        Attempt("raw", "POST", START, _JSON, draw(st.binary(max_size=200))),
        Attempt("raw", "POST", START, _JSON, draw(st.text(max_size=200)).encode("utf-8", "surrogatepass")),
        Attempt("raw", "POST", START, _JSON, body[: draw(st.integers(0, len(body) - 1))]),
        Attempt("raw", "POST", START, _JSON, b"[" * draw(st.integers(1, 40_000))),
    )
    return draw(st.sampled_from(choices))


def _of_case(kind: str, case: schemathesis.Case[Any], follows: float = -1) -> Attempt:
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
