"""Pages: whatever their size, one after the other they show each item that fits once, newest first."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model.documents import Document, Item
from rds_operations.records.list_query import ListQuery, Route
from rds_operations.records.list_source import Source, source_of
from rds_operations.steps.list_page import MOST_EXAMINED, read_page

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)


def record(number: int, day: int, second: int) -> Item:
    timestamp = f"2026-11-{day:02}T12:00:{second:02}.000Z"
    return {
        "audit_id": f"dev-{number % 3}#{timestamp}#op-{number:05}#completed",
        "timestamp": timestamp,
        "number": number,
    }


class Table:
    """Answers as DynamoDB: newest first, `count` at a time, equal times in the order of their keys."""

    def __init__(self, items: list[Item]) -> None:
        self.items = sorted(items, key=lambda item: (item["timestamp"], item["audit_id"]), reverse=True)
        self.examined = 0

    def read(self, partition: str, after: str, count: int) -> tuple[list[Item], bool]:
        assert 0 < count <= 100
        found = [item for item in self.items if str(item["timestamp"])[: len(partition)] == partition]
        if after:
            place = [item["audit_id"] for item in found].index(after)
            found = found[place + 1 :]
        self.examined += len(found[:count])
        return found[:count], len(found) > count


def walk(items: list[Item], sizes: list[int], every: int) -> list[list[int]]:
    """Return the numbers on each page. Only every so many-th item fits."""
    table, pages, start = Table(items), [], ""
    for size in [*sizes, *[7] * 1_000]:
        before = table.examined
        page = read_page(table.read, lambda found: shown(found, every), source(), start, size, shows_all=every == 1)
        assert len(page.found) <= size
        assert page.examined == table.examined - before <= MOST_EXAMINED
        pages.append([document["number"] for document in page.found])
        if not page.next:
            return pages
        start = page.next
    raise AssertionError("it never ends")


def shown(items: list[Item], every: int) -> list[Document | None]:
    return [dict(item) if int(item["number"]) % every == 0 else None for item in items]


def source() -> Source:
    return source_of(ListQuery(Route.RECORDS, {}), "", NOW)


records = st.lists(st.tuples(st.integers(20, 27), st.integers(0, 3)), max_size=60).map(
    lambda places: [record(number, *place) for number, place in enumerate(places)]
)


@given(records, st.lists(st.integers(1, 100), max_size=8), st.sampled_from([1, 2, 7, 1_000]))
def test_the_same_items_whatever_the_sizes(items: list[Item], sizes: list[int], every: int) -> None:
    expected = [item["number"] for item in Table(items).items if int(item["number"]) % every == 0]
    assert [*chain(*walk(items, sizes, every))] == expected


@pytest.mark.parametrize("every", [1, 3, 500, 10_000])
def test_a_page_examines_at_most_200_items_and_goes_on(every: int) -> None:
    items = [record(number, 20 + number % 8, 0) for number in range(1_000)]
    pages = walk(items, [100] * 50, every)
    assert sorted(chain(*pages)) == [number for number in range(1_000) if number % every == 0]
    assert len(pages) > 4


def test_a_page_ends_before_it_is_too_large_for_lambda() -> None:
    items = [{**record(number, 25, 0), "text": "é" * 60_000} for number in range(20)]
    pages = walk(items, [100] * 20, 1)
    assert max(map(len, pages)) == 3
    assert sum(map(len, pages)) == 20


def test_no_partition_is_an_empty_page() -> None:
    none = source_of(ListQuery(Route.RECORDS, {}, "9999-01-01T00:00:00.000Z"), "", NOW)
    assert read_page(Table([]).read, list, none, "", 5, shows_all=True).found == []


def test_a_page_that_is_not_full_has_gone_through_all_days() -> None:
    assert len(walk([record(number, 25, 0) for number in range(10)], [11], 1)) == 1
    assert walk([], [11], 1) == [[]]
