"""A token is good for one list of one caller, says nothing about a person, and opens nothing when forged."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model.refusals import Refusal
from rds_operations.records.list_query import LATEST, ListQuery, Route
from rds_operations.records.list_source import Source, narrowed, source_of
from rds_operations.records.operation_item import operation_item
from rds_operations.records.page_token import page_token, position_in
from rds_operations.records.stored_operation import StoredOperation
from tests.builders import DEVELOPMENT, INSTANCE_ID, MOMENT, ROLE_SESSION, a_request

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
DAY = "2026-11-25"
POSITION = f"dev-1#{DAY}T12:00:00.000Z#dev-1-reboot-instance-1#completed"
RECORDS = ListQuery(Route.RECORDS, {}, f"{DAY}T00:00:00.000Z", f"{DAY}T23:59:59.999Z")
OTHER = "arn:aws:sts::123456789012:assumed-role/Dba/jane.doe"


def source(query: ListQuery, own: str = ROLE_SESSION) -> Source:
    return source_of(query, own, NOW)


def begin(query: ListQuery, token: str, principal: str = ROLE_SESSION, own: str = ROLE_SESSION) -> str | Refusal:
    return position_in(replace(query, next=token), principal, source(query, own))


def made(query: ListQuery = RECORDS, position: str = POSITION) -> str:
    return page_token(query, ROLE_SESSION, source(query), position)


def test_a_token_leads_where_the_page_ended() -> None:
    assert begin(RECORDS, made()) == POSITION
    assert begin(RECORDS, "") == ""


def test_another_page_size_is_the_same_list() -> None:
    assert begin(replace(RECORDS, limit=3), made()) == POSITION


@pytest.mark.parametrize(
    "other",
    [
        replace(RECORDS, route=Route.OPERATIONS),
        replace(RECORDS, filters={"failed": "true"}),
        replace(RECORDS, filters={"instance_id": "dev-1"}),
        replace(RECORDS, first="2026-11-24T00:00:00.000Z"),
        replace(RECORDS, last="2026-11-26T00:00:00.000Z"),
    ],
)
def test_it_is_refused_with_another_query(other: ListQuery) -> None:
    assert isinstance(begin(other, made()), Refusal)


def test_it_is_refused_from_another_caller_and_from_an_auditor() -> None:
    assert isinstance(begin(RECORDS, made(), principal=OTHER, own=OTHER), Refusal)
    assert isinstance(begin(RECORDS, made(), own=""), Refusal)


def test_it_names_no_person() -> None:
    raw = base64.urlsafe_b64decode(made() + "==")
    assert b"john" not in raw
    assert b"Dba" not in raw
    assert raw[16:].decode() == POSITION


FORGED: list[Any] = [
    "x", "====", "AAAA", "\u00e9", "a" * 2_000, "../../x", base64.b64encode(b"{}").decode(),
    base64.b64encode(b"\xff" * 40).decode(), made()[:-4], made() + "AAAA", "=cmd()", "%2F", " ",
]  # fmt: skip


@pytest.mark.parametrize("token", FORGED)
def test_what_is_no_token_is_refused(token: str) -> None:
    refusal = begin(RECORDS, token)
    assert isinstance(refusal, Refusal)
    assert refusal.error.startswith("next is not a token of this list.")


@pytest.mark.parametrize(
    "position",
    [
        POSITION.replace(DAY, "2026-11-24"),
        POSITION.replace(DAY, "2026-11-26"),
        POSITION.replace("dev-1#", "=cmd()#", 1),
        POSITION.replace("dev-1#", "a/b#", 1),
        POSITION.replace(".000Z", "Z"),
        "dev-1",
        "#",
        "",
        DAY,
        f"dev-1#{DAY}T12:00:00.000Z#",
        "1763029800#operation",
    ],
)
def test_a_forged_position_outside_of_the_list_is_refused(position: str) -> None:
    """Whoever can compute the digest can also send `to`: a position within the range tells no more."""
    assert isinstance(begin(RECORDS, made(position=position)), Refusal)


@pytest.mark.parametrize(
    ("filters", "key"),
    [
        ({"instance_id": "dev-1"}, {"instance_id": "dev-1", "audit_id": POSITION}),
        ({"principal": OTHER}, {"principal": OTHER, "timestamp": f"{DAY}T12:00:00.000Z"}),
        ({"failed": "true"}, {"failed_month": "2026-11", "timestamp": f"{DAY}T12:00:00.000Z"}),
        ({}, {"day": DAY, "timestamp": f"{DAY}T12:00:00.000Z"}),
    ],
)
def test_the_partition_is_the_querys_own(filters: dict[str, str], key: dict[str, str]) -> None:
    asked = source(replace(RECORDS, filters=filters), own="")
    partition = asked.partition_of(POSITION)
    assert partition
    assert asked.start_key(partition, POSITION) == {"instance_id": "dev-1", "audit_id": POSITION} | key


def test_a_position_of_another_instance_is_none_of_an_instances_list() -> None:
    assert source(replace(RECORDS, filters={"instance_id": "dev-2"}), own="").partition_of(POSITION) is None


def test_a_callers_list_is_their_own_whatever_they_ask() -> None:
    for filters in ({"instance_id": "prod-1"}, {"failed": "true"}, {"principal": OTHER}, {"event": "refused"}):
        asked = source(replace(RECORDS, filters=filters))
        assert (asked.index.name, asked.partitions) == ("by_principal", (ROLE_SESSION,))


def test_open_operations_come_from_their_index() -> None:
    query = ListQuery(Route.OPERATIONS, {"finished": "false"})
    asked = source(query, own="")
    assert (asked.index.name, asked.partitions) == ("unfinished", ("operation",))
    assert asked.start_key("operation", "1763029800#dev-1-x") == {
        "unfinished": "operation",
        "due_at": 1763029800,
        "operation_id": "dev-1-x",
    }
    assert asked.partition_of("1763029800#lock#x") is None
    assert asked.partition_of(POSITION) is None


def test_a_range_without_an_end_reads_only_days_that_can_have_records() -> None:
    days = source(ListQuery(Route.RECORDS, {}), own="").partitions
    assert (days[0], days[-1], len(days)) == ("2026-11-27", "2026-08-22", 98)


@pytest.mark.parametrize("first", ["2026-11-29T00:00:00.000Z", "9999-12-31T00:00:00.000Z"])
def test_the_future_has_no_days(first: str) -> None:
    assert source(ListQuery(Route.RECORDS, {}, first), own="").partitions == ()


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_any_text_is_answered(token: str) -> None:
    if token:
        assert isinstance(begin(RECORDS, token), Refusal)


def stored(**attributes: str) -> StoredOperation:
    item = operation_item(a_request(), DEVELOPMENT, MOMENT, MOMENT)
    return StoredOperation.from_item({**item, **attributes})


ENDED = {"ended_at": "2025-11-13T10:35:00.000Z"}


@pytest.mark.parametrize(
    ("attributes", "last"),
    [
        ({}, LATEST),
        ({**ENDED, "result": "{}", "unfinished": ""}, "2025-11-13T10:35:00.000Z"),
        ({**ENDED, "result": "{}", "unfinished": "watch"}, "2025-11-15T10:35:00.000Z"),
        ({**ENDED, "result": '{"final_status": "available"}', "unfinished": ""}, "2025-11-15T10:35:00.000Z"),
    ],
)
def test_the_records_of_one_operation_are_sought_where_they_must_be(attributes: dict[str, str], last: str) -> None:
    query = narrowed(ListQuery(Route.RECORDS, {"operation_id": "x"}), stored(**attributes), timedelta(days=1))
    assert query.filters == {"instance_id": INSTANCE_ID, "operation_id": "x"}
    assert (query.first, query.last) == ("2025-11-13T10:30:00.000Z", last)


def test_a_range_or_an_instance_of_the_query_stays() -> None:
    query = replace(RECORDS, filters={"operation_id": "x", "instance_id": "dev-9"})
    assert narrowed(query, stored(**ENDED), timedelta(days=1)) == query
