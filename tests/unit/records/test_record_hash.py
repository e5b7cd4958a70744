"""Whoever has a record can compute its hash again, whatever has read it."""

import hashlib
import json
from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.aws.dynamodb import to_attributes
from rds_operations.model.documents import Item
from rds_operations.records.record_hash import record_hash

RECORD: Item = {"b": "Größe \n", "a": True, "ttl": 1770805800}
values = st.text() | st.booleans() | st.integers(-(10**30), 10**30)


def test_the_canonical_json_as_the_documents_say() -> None:
    canonical = '{"a":true,"b":"Größe \\n","ttl":"1770805800"}'
    assert record_hash(RECORD) == hashlib.sha256(canonical.encode()).hexdigest()


def test_the_hash_does_not_cover_itself() -> None:
    assert record_hash({**RECORD, "hash": "anything"}) == record_hash(RECORD)


@pytest.mark.parametrize("change", [{"a": False}, {"ttl": 1770805801}, {"b": "Größe"}, {"c": ""}, {"a": "True"}])
def test_every_change_shows(change: dict[str, Any]) -> None:
    assert record_hash({**RECORD, **change}) != record_hash(RECORD)


def test_half_a_pair_of_surrogates_does_not_break_the_writer() -> None:
    """DynamoDB refuses the item; the hash must not be in the way of that error."""
    assert record_hash({"text": json.loads('"\\ud800"')})


@given(st.dictionaries(st.text(min_size=1), values))
def test_what_boto3_reads_back_has_the_same_hash(record: dict[str, Any]) -> None:
    read = {name: TypeDeserializer().deserialize(value) for name, value in to_attributes(record).items()}
    assert all(not isinstance(value, int) or isinstance(value, bool) for value in read.values())
    whole: Any = {name: int(value) if isinstance(value, Decimal) else value for name, value in read.items()}
    assert record_hash(whole) == record_hash(record) == record_hash(read)
