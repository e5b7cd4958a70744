"""The event of a record, against its schema, whatever callers have typed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.archive.notice import DETAIL_TYPES, SOURCE, detail_of, detail_type
from rds_operations.model.documents import Document
from rds_operations.records.audit_record import Event, audit_record
from tests.builders import DEVELOPMENT, INSTANCE_ID, MOMENT, a_caller, a_request, requests, verdicts

SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "event.schema.json").read_text())
VALIDATOR = jsonschema_rs.validator_for(SCHEMA)
PAGE = "https://api.example.com/v1/console/"
DONE: Document = {"success": True, "duration_seconds": 43.5}
REFUSED: Document = {"success": False, "status": 403, "error": "Operations not allowed on production instances."}
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=2000)


def event_of(record: Any, page: str = PAGE) -> Document:
    return {"source": SOURCE, "detail-type": detail_type(record), "resources": [], "detail": detail_of(record, page)}


@given(requests, st.sampled_from(Event), verdicts, texts, texts)
def test_every_event_fits_its_schema(request: Any, event: Event, verdict: Any, error: str, note: str) -> None:
    result = {**DONE, "success": event is Event.ACCEPTED, "error": error, "final_note": note, "final_error": error}
    found = event_of(audit_record(request, event, result, MOMENT, verdict))
    VALIDATOR.validate(found)
    assert found["detail"]["summary"].isprintable()


def test_the_schema_knows_every_kind() -> None:
    assert SCHEMA["properties"]["detail-type"]["enum"] == list(DETAIL_TYPES.values())
    assert SCHEMA["$defs"]["detail"]["properties"]["event"]["enum"] == [event.value for event in Event]
    assert set(DETAIL_TYPES) == set(Event)


@pytest.mark.parametrize(
    ("event", "result", "says"),
    [
        (Event.ACCEPTED, {"success": True}, "was accepted."),
        (Event.REFUSED, REFUSED, "was refused: Operations not allowed on production instances."),
        (Event.COMPLETED, DONE, "is done after 43.5 s."),
        (Event.COMPLETED, {"success": False, "status": "failed", "error": "No space."}, "has failed: No space."),
        (
            Event.COMPLETED,
            {"success": False, "status": "timeout"},
            "had not ended when the time was over. A later event ",
        ),
        (Event.FINAL, {**DONE, "success": False, "final_status": "available"}, "was done after the time-out."),
        (
            Event.FINAL,
            {"success": False, "final_status": "failed", "final_error": "No space."},
            "has failed after the time-out: No space.",
        ),
        (
            Event.FINAL,
            {"success": False, "final_status": "timeout", "final_note": "Look."},
            "was never seen to end. Look.",
        ),
    ],
)
def test_the_summary_is_a_sentence(event: Event, result: Document, says: str) -> None:
    record = audit_record(a_request("reboot_instance"), event, result, MOMENT, DEVELOPMENT)
    summary = detail_of(record)["summary"]
    who = a_caller()["userId"]
    assert summary.startswith(f"{who}: reboot_instance on {INSTANCE_ID} (development, ")
    assert f") {says}" in summary


def test_a_dry_run_says_that_it_is_one() -> None:
    record = audit_record(a_request(dry_run=True), Event.REFUSED, REFUSED, MOMENT)
    assert detail_of(record)["dry_run"] is True
    assert "a dry run of create_snapshot" in detail_of(record)["summary"]


def test_what_a_tag_says_stays_out() -> None:
    tags = [{"Key": "Team", "Value": "s3cret"}]
    record = audit_record(a_request(parameters={"snapshot_id": "x", "tags": tags}), Event.ACCEPTED, DONE, MOMENT)
    detail = detail_of(record)
    assert detail["parameters"] == {"snapshot_id": "x", "tags": ["Team"]}
    assert "s3cret" not in json.dumps(detail)


def test_a_link_leads_to_the_operation_and_a_refused_request_has_none() -> None:
    request = a_request()
    accepted = detail_of(audit_record(request, Event.ACCEPTED, DONE, MOMENT), PAGE)
    assert accepted["console_url"] == f"{PAGE}#/operations/{request.operation_id}"
    assert "console_url" not in detail_of(audit_record(request, Event.REFUSED, REFUSED, MOMENT), PAGE)
    assert "console_url" not in detail_of(audit_record(request, Event.ACCEPTED, DONE, MOMENT))
