"""An operation as callers read it: what an item says."""

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model import clock
from rds_operations.model.documents import Item
from rds_operations.model.end_codes import EndCode
from rds_operations.model.place import Place
from rds_operations.model.progress import done, failed
from rds_operations.model.request import OperationRequest
from rds_operations.records.operation_document import operation_document, seconds_to_next_read
from rds_operations.records.operation_item import operation_item
from rds_operations.records.outcome import outcome_of
from rds_operations.records.stored_operation import StoredOperation
from rds_operations.rules.classification import Verdict
from tests.builders import HOME, MOMENT, OTHER_ACCOUNT, OTHER_REGION, POLLING, requests, verdicts

ACTED_AT, POLLED_AT, ENDED_AT = (clock.to_text(MOMENT + timedelta(seconds=after)) for after in (1, 31, 125))
ACCEPTED: Item = {
    "operation": "create_snapshot",
    "instance_id": "dev-postgres-01",
    "operation_id": "an-operation",
    "execution_arn": "arn:x",
    "status": "accepted",
    "environment": "development",
    "requested_at": clock.to_text(MOMENT - timedelta(seconds=1)),
    "started_at": clock.to_text(MOMENT),
    "parameters": '{"snapshot_id": "one"}',
    "user_identity": '{"userId": "jane", "principal": "arn:jane"}',
    "fingerprint": "f",
    "ttl": 1,
}
ACTING: Item = {**ACCEPTED, "status": "creating", "acting_at": ACTED_AT}
POLLED: Item = {**ACTING, "polls": 1, "polled_at": POLLED_AT, "percent": 40}
RESULT = {"operation": "create_snapshot", "success": True, "duration_seconds": 125.3}
OVER: Item = {**POLLED, "ended_at": ENDED_AT, "result": json.dumps(RESULT)}
ALWAYS: dict[str, Any] = {
    "requested_at": ACCEPTED["requested_at"],
    "started_at": ACCEPTED["started_at"],
    "requested_by": "jane",
    "parameters": {"snapshot_id": "one"},
    "max_polls": 10,
}
OPENED, ACTED, SEEN, ENDED = (
    {"state": state, "at": moment}
    for state, moment in {
        "Admit": ACCEPTED["started_at"],
        "Execute": ACTED_AT,
        "Poll": POLLED_AT,
        "Audit": ENDED_AT,
    }.items()
)


def shown_of(item: Item, home: Place = HOME) -> dict[str, Any]:
    return operation_document(StoredOperation.from_item(item), home, POLLING)


def running(status: str) -> dict[str, Any]:
    keys = ("operation", "instance_id", "operation_id", "execution_arn", "environment")
    own = {key: ACCEPTED[key] for key in keys}
    return {**own, **ALWAYS, "status": status, "ended_at": None, "finished": False}


def test_an_accepted_operation_says_who_asked_for_what_and_when() -> None:
    assert shown_of(ACCEPTED) == {**running("accepted"), "polls": 0, "steps": [OPENED]}


def test_a_running_operation_says_when_it_can_time_out() -> None:
    ends = {"times_out_at": clock.to_text(MOMENT + timedelta(seconds=301))}
    assert shown_of(ACTING) == {**running("creating"), "polls": 0, "steps": [OPENED, ACTED], **ends}
    seen = {"polls": 1, "percent": 40, "steps": [OPENED, ACTED, SEEN]}
    assert shown_of(POLLED) == {**running("creating"), **ends, **seen}


def test_a_percent_that_rds_does_not_give_is_left_out() -> None:
    assert "percent" not in shown_of({**POLLED, "percent": -1})
    assert shown_of({**POLLED, "percent": 0})["percent"] == 0


def test_an_operation_that_is_over_is_its_result_document_and_what_was_asked_for() -> None:
    over = {"ended_at": ENDED_AT, "finished": True, "polls": 1, "steps": [OPENED, ACTED, SEEN, ENDED]}
    assert shown_of(OVER) == {**RESULT, **ALWAYS, **over}


def test_what_is_watched_on_says_until_when() -> None:
    until = clock.to_epoch(MOMENT + timedelta(days=1))
    shown = shown_of({**OVER, "unfinished": "watch", "due_at": until})
    assert shown["watched_until"] == clock.to_text(MOMENT + timedelta(days=1))
    assert "watched_until" not in shown_of(OVER)


@pytest.mark.parametrize(
    ("item", "after", "seconds"),
    [
        (ACCEPTED, 0, 2),
        (ACCEPTED, 100, 2),
        (ACTING, 1, 2),  # a new backup window mostly shows at once
        (ACTING, 5.9, 2),
        (ACTING, 11, 21),
        (ACTING, 31, 2),
        (ACTING, 300, 2),
        (POLLED, 32, 30),
        (POLLED, 51, 11),
    ],
)
def test_the_next_read_comes_with_the_next_poll(item: Item, after: float, seconds: int) -> None:
    stored = StoredOperation.from_item(item)
    assert seconds_to_next_read(stored, POLLING, MOMENT + timedelta(seconds=after)) == seconds


@pytest.mark.parametrize("ended", [{}, {"ended_at": "x", "result": '{"success": true}'}])
@pytest.mark.parametrize(
    ("kept", "shown"),
    [
        ({}, None),
        ({"account_id": "", "region": ""}, None),
        ({"account_id": HOME.account_id, "region": HOME.region}, None),
        ({"account_id": OTHER_ACCOUNT, "region": HOME.region}, (OTHER_ACCOUNT, HOME.region)),
        ({"account_id": HOME.account_id, "region": OTHER_REGION}, (HOME.account_id, OTHER_REGION)),
        ({"account_id": "", "region": OTHER_REGION}, (HOME.account_id, OTHER_REGION)),
    ],
)
def test_where_an_instance_is_is_shown_when_it_is_not_at_home(
    kept: Item, shown: tuple[str, str] | None, ended: Item
) -> None:
    """An item from before there were places is of an instance at home."""
    document = shown_of({**ACCEPTED, **kept, **ended})
    found = (document["account_id"], document["region"]) if {"account_id", "region"} & document.keys() else None
    assert found == shown


SHOWN = {
    "operation": str, "instance_id": str, "operation_id": str, "execution_arn": str, "status": str, "started_at": str,
    "environment": str, "polls": int, "max_polls": int, "finished": bool, "requested_by": str, "parameters": dict,
    "requested_at": str, "ended_at": type(None), "steps": list, "times_out_at": str,
}  # fmt: skip


@given(requests, verdicts, st.none() | st.integers(1, 10), st.none() | st.integers(-1, 100))
def test_whatever_runs_is_shown_with_these_keys_and_types(
    request: OperationRequest, verdict: Verdict, polls: int | None, percent: int | None
) -> None:
    seen = {"polls": polls, "percent": percent, "acting_at": ACTED_AT}
    item: Item = {
        **operation_item(request, verdict, MOMENT, MOMENT),
        **{name: value for name, value in seen.items() if value is not None},
    }
    shown = shown_of(item)
    more = {"percent": int} if percent is not None and percent >= 0 else {}
    where = {} if Place(request.account_id, request.region) == HOME else {"account_id": str, "region": str}
    types = {name: type(value) for name, value in shown.items()}
    assert types | {"requested_at": str} == {**SHOWN, **more, **where}
    assert shown["parameters"] == request.parameters


@given(requests, verdicts, st.booleans(), st.text(max_size=6))
def test_whatever_is_over_is_shown_as_its_result_document(
    request: OperationRequest, verdict: Verdict, success: bool, error: str
) -> None:
    progress = (done("available") if success else failed(error, EndCode.REBOOT_FAILED)).to_document()
    document = outcome_of({"progress": progress}, request, verdict.environment.value, MOMENT, MOMENT).document
    ended: Item = {"ended_at": ENDED_AT, "result": json.dumps(document), "status": "x", "polls": 3, "percent": 40}
    item: Item = {**operation_item(request, verdict, MOMENT, MOMENT), **ended}
    at_home = shown_of(item, Place(request.account_id, request.region))
    assert at_home.items() >= document.items()
    assert "account_id" not in at_home
    elsewhere = {"account_id": request.account_id, "region": request.region}
    assert shown_of(item, Place("999999999999", request.region)) == at_home | elsewhere
    assert shown_of(item, Place(request.account_id, "us-gov-west-1")) == at_home | elsewhere
