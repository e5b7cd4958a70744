"""Attempts of attackers, each made once against the service and replayed here.

`expected` is what is right. `seen` is what the service did at first: "as expected", or what has been fixed since.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.functions.attacks.attempt import Attempt
from tests.functions.fake_aws import Document, FakeAws

ROWS: list[Document] = json.loads((Path(__file__).parent / "table.json").read_text())


@pytest.mark.parametrize("row", ROWS, ids=[row["title"] for row in ROWS])
def test_an_attempt_ends_as_it_should(aws: FakeAws, row: Document) -> None:
    assert Attempt(aws).run(row) == row["expected"], row["title"]


def test_the_table_is_whole() -> None:
    assert len(ROWS) >= 60
    assert not [title for title, times in Counter(row["title"] for row in ROWS).items() if times > 1]
    for row in ROWS:
        assert set(row) <= {"title", "around", "settings", "instances", "steps", "expected", "seen"}, row["title"]
        assert row["seen"] == "as expected" or set(row["seen"]) in ({"settings"}, {"answers", "acted", "records"})
        assert row["seen"] != row["expected"], row["title"]
