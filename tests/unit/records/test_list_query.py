"""The query string of a list: everything that is not understood is a 400."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model.refusals import Code, Refusal
from rds_operations.records.list_query import EARLIEST, LATEST, PARAMETERS, ListQuery, Route, list_query
from rds_operations.rules.identity import PRINCIPAL_FORMS
from tests.builders import ACCOUNT

DAY = "2026-11-25"
NOON = f"{DAY}T12:00:00.000Z"


def read(parameters: dict[str, Any], route: Route = Route.RECORDS) -> ListQuery | Refusal:
    many = {name: value if isinstance(value, list) else [value] for name, value in parameters.items()}
    return list_query(route, many)


def test_without_parameters_everything_is_asked_for() -> None:
    assert read({}) == ListQuery(Route.RECORDS, {}, EARLIEST, LATEST, 25, "")


@pytest.mark.parametrize(
    ("text", "first"),
    [
        (DAY, f"{DAY}T00:00:00.000Z"),
        (f"{DAY}T12:00:00Z", NOON),
        (f"{DAY}T12:00:00", NOON),
        (f"{DAY}T12:00", NOON),
        (f"{DAY}T12:00:00.000999Z", NOON),
        (f"{DAY}T13:30:00+01:30", NOON),
        (f"{DAY} 12:00:00Z", NOON),
        ("20261125T120000Z", NOON),
        ("2026-W48-3", f"{DAY}T00:00:00.000Z"),
        (f"{DAY}T23:30:00-01:00", "2026-11-26T00:30:00.000Z"),
    ],
)
def test_from_is_iso_8601_and_utc_without_an_offset(text: str, first: str) -> None:
    query = read({"from": text})
    assert isinstance(query, ListQuery)
    assert (query.first, query.last) == (first, LATEST)


def test_a_day_as_to_is_the_whole_day() -> None:
    query = read({"from": DAY, "to": DAY})
    assert isinstance(query, ListQuery)
    assert (query.first, query.last) == (f"{DAY}T00:00:00.000Z", f"{DAY}T23:59:59.999Z")


ODD_TIMES = [
    "", "now", "today", "1763029800", "2026-02-30", "2026-11-25T25:00:00Z", "0000-01-01", "10000-01-01", "-2026-11-25",
    "9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00", "2026-11-25T10:00:00 01:00", "２０２６-11-25",
    "x" * 3_000,
    "2026-11-25T12:00:00Z' OR '1'='1", "=2026-11-25",
]  # fmt: skip


@pytest.mark.parametrize("name", ["from", "to"])
@pytest.mark.parametrize("text", ODD_TIMES)
def test_odd_times_are_refused_with_an_example(name: str, text: str) -> None:
    refusal = read({name: text})
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.code) == (400, Code.INVALID_PARAMETER)
    assert refusal.error.startswith(f"{name} must be an ISO 8601 date or time, such as 2026-11-25")


def test_a_range_that_is_turned_round_is_refused() -> None:
    refusal = read({"from": "2026-11-26", "to": DAY})
    assert isinstance(refusal, Refusal)
    assert refusal.error == "from must not be after to"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"), ("limit", "101"), ("limit", "-1"), ("limit", "1e1"), ("limit", "１０"), ("limit", " 10"),
        ("limit", "9" * 5_000), ("event", "Refused"), ("event", "*"), ("failed", "yes"), ("failed", "True"),
        ("environment", "prod"), ("operation", "delete_instance"), ("instance_id", "=cmd()"), ("instance_id", "a/b"),
        ("instance_id", "#listed"), ("instance_id", "lock#1"), ("instance_id", "x" * 64), ("principal", "a\nb"),
        ("operation_id", "\x00"), ("next", "\u2028"), ("status", ""), ("principal", "x" * 2_049),
        ("limit", ["1", "2"]), ("principal", ["a", "b"]), ("failed", []),
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused_and_not_echoed(name: str, value: Any) -> None:
    refusal = read({name: value})
    assert isinstance(refusal, Refusal)
    assert refusal.status == 400
    assert refusal.error.startswith(name)
    assert len(refusal.error) < 320
    assert f"'{value}'" not in refusal.error


PERSONS = [
    "bob", "jane.doe", "dba/bob", "assumed-role/dba/bob", "role/dba", "bob@example.com", "apikey:", "APIKEY:k1", "k1",
    f"arn:aws:iam::{ACCOUNT}:role/dba", f"arn:aws:sts::{ACCOUNT}:assumed-role/dba", f"arn:aws:iam::{ACCOUNT}:user/",
    "arn:aws:iam::1:user/bob", f"arn:aws:iam::{ACCOUNT}:user/bob\n", f" arn:aws:iam::{ACCOUNT}:user/bob",
    "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab/8a1f",
    "eu-west-1_Ab/8a1f", "group:dba", "Anonymous", "*", "%",
]  # fmt: skip


@pytest.mark.parametrize("text", PERSONS)
@pytest.mark.parametrize("route", Route)
def test_a_principal_that_no_record_can_have_is_refused_with_the_forms(route: Route, text: str) -> None:
    """An empty list would say that the person did nothing."""
    refusal = read({"principal": text}, route)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.code) == (400, Code.INVALID_PARAMETER)
    for form in PRINCIPAL_FORMS:
        assert form in refusal.error


def test_an_unknown_parameter_is_named_and_those_that_there_are() -> None:
    refusal = read({"instance": "dev-1"})
    assert isinstance(refusal, Refusal)
    assert refusal.error.startswith("Unknown query parameter 'instance'. Allowed: instance_id, operation, ")


def test_each_list_has_its_own() -> None:
    assert isinstance(read({"finished": "false"}), Refusal)
    assert isinstance(read({"event": "refused"}, Route.OPERATIONS), Refusal)
    assert isinstance(read({"finished": "false"}, Route.OPERATIONS), ListQuery)
    assert isinstance(read({"event": "refused"}), ListQuery)


def test_names_of_instances_are_compared_as_rds_stores_them() -> None:
    query = read({"instance_id": "Dev-Postgres-01"})
    assert isinstance(query, ListQuery)
    assert query.filters == {"instance_id": "dev-postgres-01"}
    nameless = read({"instance_id": "-"})
    assert isinstance(nameless, ListQuery)
    assert nameless.filters == {"instance_id": "-"}


names = st.sampled_from(sorted({name for names in PARAMETERS.values() for name in names})) | st.text(max_size=6)


@given(st.sampled_from(Route), st.dictionaries(names, st.lists(st.text(max_size=40), max_size=2), max_size=4))
def test_any_query_string_is_answered(route: Route, parameters: dict[str, list[str]]) -> None:
    answer = list_query(route, parameters)
    assert isinstance(answer, ListQuery) or answer.status == 400
