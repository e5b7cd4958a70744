from __future__ import annotations

import json
from typing import Any

import pytest

from local.extensions.insights import event, parsed
from local.extensions.insights_language import QueryError

LINES: list[Any] = [
    {"state": "Poll", "ms": 20, "operation_id": "a", "message": "recorded", "event": "accepted"},
    {"state": "Poll", "ms": 40, "operation_id": "b", "message": "recorded", "event": "accepted"},
    {"state": "Audit", "operation_id": "a", "message": "recorded", "event": "completed", "ok": True},
    {"Refused": [1.0], "Code": "production_instance", "who": "jane", "instance": "x"},
    {"Refused": [1.0], "Code": "production_instance", "who": "jane", "instance": "y"},
    {"Refused": [0.0], "Code": "busy", "who": "joe", "caller": {"ip": "::1"}},
    "START RequestId: 1",
]
EVENTS = [
    event(line if isinstance(line, str) else json.dumps(line), 1_700_000_000_000 + at, "/group", "stream")
    for at, line in enumerate(LINES)
]


def ran(query: str) -> list[dict[str, str]]:
    return parsed(query).run(list(EVENTS))


@pytest.mark.parametrize(
    ("condition", "count"),
    {
        'state = "Poll"': 2,
        "state = 'Poll' and ms > 30": 1,
        "ms >= 20 or Refused.0 > 0": 4,
        "(ms >= 20 or Refused.0 > 0) and who = 'jane'": 2,
        'Code in ["busy", "other"]': 1,
        "Code in ['busy'] or Code in ['production_instance']": 3,
        "event like /^acc/": 2,
        'event not like "acc" and ispresent(event)': 1,
        "@message like /START/": 1,
        "not ispresent(state)": 4,
        "ispresent(caller.ip)": 1,
        'who != "jane"': 5,
        "ok = 1": 1,
        "missing < 3": 0,
    }.items(),
)
def test_filter(condition: str, count: int) -> None:
    assert len(ran(f"fields @message | filter {condition}")) == count


def test_fields_sort_and_limit() -> None:
    assert ran("fields operation_id, ms as took | filter ispresent(ms) | sort took desc | limit 1") == [
        {"operation_id": "b", "took": "40"}
    ]
    assert [row["operation_id"] for row in ran("filter ispresent(ms) | display operation_id")] == ["b", "a"]
    newest = ran("filter ispresent(ms) | limit 1")[0]
    assert newest == {"@timestamp": "2023-11-14 22:13:20.001", "@message": json.dumps(LINES[1])}


def test_stats() -> None:
    query = "filter Refused.0 > 0 | stats count(*) as refused, count_distinct(instance) as instances by who, Code"
    assert ran(query) == [{"who": "jane", "Code": "production_instance", "refused": "2", "instances": "2"}]
    assert ran("stats avg(ms), max(ms), sum(ms), count(ms)") == [
        {"avg(ms)": "30", "max(ms)": "40", "sum(ms)": "60", "count(ms)": "2"}
    ]


def test_what_is_filtered_after_stats() -> None:
    query = """filter message = "recorded"
        | stats earliest(@timestamp) as since, latest(event) as last by operation_id
        | filter last = "accepted"
        | display fromMillis(since) as began, operation_id"""
    assert ran(query) == [{"began": "2023-11-14 22:13:20.001", "operation_id": "b"}]
    assert parsed(query).reads == {"message", "@timestamp", "event", "operation_id"}


@pytest.mark.parametrize(
    "query",
    [
        "",
        "parse @message 'x'",
        "filter",
        "filter a = ",
        "filter (a = 1",
        "stats median(ms)",
        "fields a |",
        "limit x",
        "a",
    ],
)
def test_what_is_not_known_is_an_error(query: str) -> None:
    with pytest.raises(QueryError):
        parsed(query)
