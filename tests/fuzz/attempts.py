"""A campaign's requests, the same for the same seed and code, from which Hypothesis takes words."""

from __future__ import annotations

import json
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests.api_document import START
from tests.fuzz.attempt import NAMES, PLACES, SCHEMA, Attempt, of_case
from tests.fuzz.reads import any_list, look, odd_path, odd_query

_JSON = {"Content-Type": "application/json"}
_OTHER_TYPES = ("text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data", "json")
_METHODS = ("PUT", "PATCH", "DELETE")


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
    starts = [_valid_start()] * 9 + [_invalid_start()] * 6
    reads = [look()] * 3 + [any_list()] * 3 + [odd_query()] * 3 + [odd_path()]
    kinds = [*starts, *reads, *[_off_the_road()] * 2]
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
    return of_case(kind, case)


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
