"""The object of a record: one name for each record, and bytes from which its hash can be computed again."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rds_operations.archive.record_object import day_prefix, object_body, object_key, record_in
from rds_operations.records.audit_record import Event, audit_record
from rds_operations.records.record_hash import HASH, record_hash
from tests.builders import MOMENT, a_request, requests, verdicts

DONE: dict[str, Any] = {"success": True, "duration_seconds": 43}
RECORD = audit_record(a_request(), Event.COMPLETED, DONE, MOMENT)
texts = st.text(st.characters(exclude_categories=["Cs"]))


def test_its_name_has_its_day_and_its_moment() -> None:
    assert re.fullmatch(r"records/day=2025-11-13/20251113T103000000Z-[0-9a-f]{32}\.json", object_key(RECORD))
    assert object_key(RECORD).startswith(day_prefix("2025-11-13"))


def test_two_records_have_two_names_and_the_same_record_the_same() -> None:
    other = audit_record(a_request(), Event.FINAL, DONE, MOMENT)
    assert object_key(other) != object_key(RECORD)
    assert object_key({**RECORD, "success": False}) == object_key(RECORD)


@given(requests, st.sampled_from(Event), verdicts, texts)
def test_a_record_is_read_back_with_its_hash(request: Any, event: Event, verdict: Any, text: str) -> None:
    record = audit_record(request, event, {**DONE, "error": text}, MOMENT, verdict)
    body = object_body(record)
    assert body.count(b"\n") == 1, "one line of a table"
    assert record_in(body) == record
    assert record_hash(record_in(body)) == record[HASH]
    assert re.fullmatch(r"[A-Za-z0-9=/.-]+", object_key(record))
