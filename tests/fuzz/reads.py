"""A campaign's GETs: as the document has them, or not; with odd values, parameters given twice, and paths astray."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import quote

from hypothesis import strategies as st
from schemathesis import GenerationMode

from tests.api_document import FOLLOW, INSTANCE, LISTS, document, resolved
from tests.fuzz.attempt import NAMES, PLACES, SCHEMA, Attempt, of_case

_WITH_PARAMETERS = [path for path in LISTS if "parameters" in document()["paths"][path]["get"]]
_TIMES = (
    "2026-11-25", "2026-11-25T10:30:00Z", "2026-11-25T10:30:00%2B01:00", "2026-11-25T10:30:00+01:00", "20261125",
    "2026-W48-3", "0001-01-01", "0001-01-01T00:00:00%2B23:59", "9999-12-31", "9999-12-31T23:59:59-23:59", "0000-00-00",
    "2026-02-30", "2026-11-25T24:00:00", "2026-11-25T10:30:00.123456789Z", "-2026-11-25", "1e9", "now",
    "%EF%BC%92%EF%BC%90%EF%BC%92%EF%BC%96-11-25",
)  # fmt: skip
_TOKENS = ("AAAA", "e30", "W10", "%2E%2E%2F", "null", "LS0tLS0tLS0tLS0tLS0tLWEjMjAyNi0xMS0yNQ", "=", "A" * 2_049)
_TEXTS = (
    "", "%00", "%0D%0AX-Injected:%201", "%FF", "%ZZ", "%", "%F0%9F%90%98", "%ED%A0%80", "%E2%80%AE", "..%2F..%2Fme",
    "%252F", "=cmd()", "%27%20OR%201=1", "%3Cscript%3E", "[]", "{}", "true", "TRUE", "-", "%23lock", "a" * 6_000,
    "%D9%A1", "1.0", "%2B1", "0x10", "apikey:x", "arn:aws:iam::111122223333:role/auditor",
)  # fmt: skip
_LONG = "%C3%A9" * 2_048  # 4,096 bytes
_VALUES: dict[str, tuple[str, ...]] = {
    "from": _TIMES,
    "to": _TIMES,
    "next": _TOKENS,
    "limit": ("1", "100", "101", "0", "01", "1e1", "%2B5", "%D9%A1"),
    "instance_id": (*NAMES[:3], NAMES[0].upper(), "-", "a" * 63, "a" * 64, "nobody"),
    "operation": ("create_snapshot", "reboot_instance", "-", "delete_instance"),
    "environment": ("test", "production", "unknown", "prod"),
    "status": ("available", "403", "failed", _LONG),
    "principal": ("apikey:x", "arn:aws:iam::111122223333:role/auditor", "%20", _LONG),
    "operation_id": ("nobody-1", "a" * 80, "a" * 81, "lock%23x", "..%2Fme", _LONG),
    "event": ("accepted", "refused", "completed", "final", "begun"),
    **dict.fromkeys(("failed", "finished", "allowed"), ("true", "false", "1")),
    "account_id": (*(account for account, _region in PLACES), "000000000000", "1"),
    "region": (*(region for _account, region in PLACES), "us-east-1", "EU-WEST-1"),
}
_ODD_NAMES = ("scan", "Limit", "limit[]", "limit%00", "%EF%BD%8Cimit", "__proto__", "", "a" * 3_000)
_ASTRAY = (
    "/{0}%2F..%2Frecords", "/{0}/..", "/..%2F{0}", "//{0}", "/{0}//", "/{0};a=b", "/%2e%2e", "/.", "/%00", "/%", "/%FF",
    "/{0}%20", "/%F0%9F%90%98", "/{0}%23lock", "/{0}%3Flimit=1", "/=1%2B1", "/-", "/{0}%0A", "/" + "a" * 6_000,
)  # fmt: skip


@st.composite
def look(draw: st.DrawFn) -> Attempt:
    """Look at an operation, or at an instance, mostly one that there is, mostly where it is."""
    mode = draw(st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
    path = draw(st.sampled_from([FOLLOW, INSTANCE]))
    case = draw(SCHEMA[path]["GET"].as_strategy(generation_mode=mode))
    if path == FOLLOW:
        return of_case("look", case, follows=draw(st.sampled_from([-1.0, 0.0, 0.25, 0.5, 0.75, 1.0])))
    if name := draw(st.sampled_from([*NAMES, *map(str.upper, NAMES), ""])):
        case.path_parameters["instance_id"] = name
    if draw(st.booleans()):
        account_id, region = draw(st.sampled_from(PLACES))
        case.query = draw(st.sampled_from([{}, {"account_id": account_id, "region": region}, {"region": region}]))
    return of_case("instance", case)


@st.composite
def any_list(draw: st.DrawFn) -> Attempt:
    """Choose a list, with filters that there are or are not; a token is never one of this caller's."""
    mode = draw(st.sampled_from([GenerationMode.POSITIVE, GenerationMode.NEGATIVE]))
    path = draw(st.sampled_from(LISTS if mode is GenerationMode.POSITIVE else _WITH_PARAMETERS))
    attempt = of_case("list", draw(SCHEMA[path]["GET"].as_strategy(generation_mode=mode)))
    return replace(attempt, auditor=draw(st.booleans()))


@st.composite
def odd_query(draw: st.DrawFn) -> Attempt:
    """Write a query string by hand: odd values of real parameters, some of them twice, and names that there are not."""
    path = draw(st.sampled_from([*_WITH_PARAMETERS, INSTANCE]))
    pairs = draw(st.lists(_own_values(path), min_size=1, max_size=3, unique_by=lambda pair: pair[0]))
    if not draw(st.integers(0, 2)):
        pairs.append((draw(st.sampled_from(_names_of(path))), draw(st.sampled_from(_TEXTS))))
    if not draw(st.integers(0, 5)):
        pairs.append(draw(st.sampled_from(pairs)))  # the same parameter once more
    if not draw(st.integers(0, 7)):
        pairs.append((draw(st.sampled_from(_ODD_NAMES)), "1"))
    query = "&".join(f"{name}={value}" for name, value in pairs)
    name = {"instance_id": draw(st.sampled_from(NAMES))} if path == INSTANCE else {}
    case = SCHEMA[path]["GET"].Case(path_parameters=name)
    return Attempt("query", "GET", f"{path.format(**name)}?{query}", case=case, auditor=draw(st.booleans()))


@st.composite
def odd_path(draw: st.DrawFn) -> Attempt:
    """Leave the road: dots, encoded and double slashes, and texts that name nothing."""
    folder = draw(st.sampled_from(["/instances", "/operations", "/records", "/me", ""]))
    word = draw(st.sampled_from([*NAMES, "records", "operations", "me"]))
    return Attempt("astray", "GET", folder + draw(st.sampled_from(_ASTRAY)).format(quote(word)))


def _names_of(path: str) -> list[str]:
    given = map(resolved, document()["paths"][path]["get"]["parameters"])
    return [parameter["name"] for parameter in given if parameter["in"] == "query"]


def _own_values(path: str) -> st.SearchStrategy[tuple[str, str]]:
    """Choose values that could be meant, or nearly: times for times, tokens for tokens."""
    known = [(name, value) for name in _names_of(path) for value in _VALUES[name]]
    return st.sampled_from(known)
