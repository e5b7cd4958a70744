"""GET /operations/{operation_id}: what it shows of an item."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model.documents import Item
from rds_operations.model.place import Place
from rds_operations.model.progress import done, failed
from rds_operations.model.refusals import Code, Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.records.operation_item import operation_item
from rds_operations.records.outcome import outcome_of
from rds_operations.records.stored_operation import StoredOperation
from rds_operations.rules.classification import Verdict
from rds_operations.steps.status import status_document, unknown
from tests.builders import HOME, MOMENT, OTHER_ACCOUNT, OTHER_REGION, requests, verdicts

RUNNING: Item = {
    "operation": "create_snapshot",
    "instance_id": "dev-postgres-01",
    "operation_id": "an-operation",
    "execution_arn": "arn:x",
    "status": "creating",
    "started_at": "2025-11-13T10:30:00.000Z",
    "environment": "development",
}
PRIVATE: Item = {"fingerprint": "f", "user_identity": "{}", "parameters": "{}", "ttl": 1, "acting_at": "x"}


def shown_of(item: Item, home: Place = HOME) -> dict[str, Any]:
    return status_document(StoredOperation.from_item(item), home)


@pytest.mark.parametrize(
    ("more", "shown"),
    [
        ({}, {"polls": 0}),
        ({"polls": 3, "percent": -1}, {"polls": 3}),
        ({"polls": 3, "percent": 0}, {"polls": 3, "percent": 0}),
        ({"polls": 4, "percent": 40}, {"polls": 4, "percent": 40}),
    ],
)
def test_a_running_operation_tells_where_it_stands_and_nothing_private(more: Item, shown: dict[str, Any]) -> None:
    assert shown_of({**RUNNING, **PRIVATE, **more}) == {**RUNNING, **shown}


def test_an_operation_that_is_over_is_its_result_document() -> None:
    result = {"operation": "create_snapshot", "success": True, "duration_seconds": 125.3}
    item: Item = {**RUNNING, "polls": 4, "ended_at": "2025-11-13T10:32:05.300Z", "result": json.dumps(result)}
    assert shown_of(item) == result


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
    """Old items without a place are of instances at home."""
    document = shown_of({**RUNNING, **kept, **ended})
    found = (document["account_id"], document["region"]) if {"account_id", "region"} & document.keys() else None
    assert found == shown


def test_an_unknown_id_is_not_found_and_cut_to_the_length_of_a_name() -> None:
    assert unknown("nope") == Refusal(404, Code.OPERATION_NOT_FOUND, "Operation nope not found")
    assert unknown("x" * 5000).error == f"Operation {'x' * 80} not found"


SHOWN = {
    "operation": str, "instance_id": str, "operation_id": str, "execution_arn": str, "status": str, "started_at": str,
    "environment": str, "polls": int,
}  # fmt: skip


@given(requests, verdicts, st.none() | st.integers(1, 10), st.none() | st.integers(-1, 100))
def test_whatever_runs_is_shown_with_these_keys_and_types(
    request: OperationRequest, verdict: Verdict, polls: int | None, percent: int | None
) -> None:
    seen = {"polls": polls, "percent": percent, "acting_at": "x"}
    item: Item = {
        **operation_item(request, verdict, MOMENT, MOMENT),
        **{name: value for name, value in seen.items() if value is not None},
    }
    shown = shown_of(item)
    counts = percent is not None and percent >= 0
    more = {"percent": int} if counts else {}
    where = {} if Place(request.account_id, request.region) == HOME else {"account_id": str, "region": str}
    assert {name: type(value) for name, value in shown.items()} == {**SHOWN, **more, **where}
    assert shown == {**{name: item.get(name) for name in shown}, "polls": polls or 0}


@given(requests, verdicts, st.booleans(), st.text(max_size=6))
def test_whatever_is_over_is_shown_as_its_result_document(
    request: OperationRequest, verdict: Verdict, success: bool, error: str
) -> None:
    progress = (done("available") if success else failed(error)).to_document()
    document = outcome_of({"progress": progress}, request, verdict.environment.value, MOMENT, MOMENT).document
    ended: Item = {"ended_at": "x", "result": json.dumps(document), "status": "x", "polls": 3, "percent": 40}
    item: Item = {**operation_item(request, verdict, MOMENT, MOMENT), **ended}
    assert shown_of(item, Place(request.account_id, request.region)) == document
    elsewhere = {"account_id": request.account_id, "region": request.region}
    assert shown_of(item, Place("999999999999", request.region)) == document | elsewhere
    assert shown_of(item, Place(request.account_id, "us-gov-west-1")) == document | elsewhere


@given(st.text(max_size=100))
def test_the_answer_to_any_unknown_id_is_a_short_404(operation_id: str) -> None:
    refusal = unknown(operation_id)
    assert (refusal.status, refusal.code) == (404, Code.OPERATION_NOT_FOUND)
    assert len(refusal.error) <= 80 + len("Operation  not found")
