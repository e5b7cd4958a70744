"""From one release to the next a table may gain or lose one index: DynamoDB takes no more in one update.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-table.html
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from rds_operations.settings.version import VERSION
from tests.infrastructure.conftest import Document, Template

RELEASES = Path(__file__).with_name("released_tables.json")
"""The tables of each release, the newest last."""


def tables(template: Template) -> Document:
    """Return what an update of a live table can change only step by step, or not at all."""
    found = template.of_type("AWS::DynamoDB::Table")
    return {
        table["TableName"]: {
            "key": _keys(table),
            "indexes": {
                index["IndexName"]: [*_keys(index), index["Projection"]["ProjectionType"]]
                for index in table.get("GlobalSecondaryIndexes", [])
            },
        }
        for table in found
    }


def _keys(item: Document) -> list[str]:
    return [key["AttributeName"] for key in item["KeySchema"]]


def too_much(before: Document, after: Document) -> list[str]:
    """Name what no single update of the live tables can do. An index that is changed is removed and made anew."""
    found = [name for name in before if name not in after]
    for name in before.keys() & after.keys():
        old, new = before[name], after[name]
        removed = [index for index, keys in old["indexes"].items() if new["indexes"].get(index) != keys]
        made = [index for index, keys in new["indexes"].items() if old["indexes"].get(index) != keys]
        if old["key"] != new["key"] or len(removed) + len(made) > 1:
            found.append(name)
    return sorted(found)


def releases() -> dict[str, Document]:
    kept: dict[str, Document] = json.loads(RELEASES.read_text())
    return kept


def test_the_newest_release_has_the_tables_of_the_template(template: Template) -> None:
    """A release keeps its entry for good; what is not released yet may change its own."""
    version, kept = list(releases().items())[-1]
    assert version == VERSION, f"{RELEASES.name}: add the tables of {VERSION}"
    assert kept == tables(template)


def test_each_release_can_be_deployed_over_the_one_before() -> None:
    for (_old, before), (new, after) in pairwise(releases().items()):
        assert too_much(before, after) == [], f"{new} changes too much at once"


ONE: dict[str, Any] = {"log": {"key": ["id"], "indexes": {"by_day": ["day", "time", "ALL"]}}}


def changed(**indexes: list[str]) -> Document:
    return {"log": {"key": ["id"], "indexes": indexes}}


@pytest.mark.parametrize(
    ("after", "found"),
    [
        (ONE, []),
        (changed(), []),
        (changed(by_day=["day", "time", "ALL"], failed=["month", "time", "ALL"]), []),
        ({**ONE, "another": {"key": ["id"], "indexes": {"a": ["a"], "b": ["b"]}}}, []),
        (changed(by_day=["day", "time", "ALL"], a=["a"], b=["b"]), ["log"]),
        (changed(failed=["month", "time", "ALL"]), ["log"]),
        (changed(by_day=["day", "time", "KEYS_ONLY"]), ["log"]),
        ({"log": {**ONE["log"], "key": ["id", "time"]}}, ["log"]),
        ({}, ["log"]),
    ],
)
def test_what_is_too_much(after: Document, found: list[str]) -> None:
    assert too_much(ONE, after) == found
