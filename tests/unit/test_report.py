"""GET /operations/{operation_id}: what an item says."""

import json
from typing import Any

import pytest

from rds_operations.refusals import Code, Refusal
from rds_operations.report import report, unknown
from rds_operations.tables import Item

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
    assert report({**RUNNING, **PRIVATE, **more}) == {**RUNNING, **shown}


def test_an_operation_that_is_over_is_its_result_document() -> None:
    result = {"operation": "create_snapshot", "success": True, "duration_seconds": 125.3}
    item: Item = {**RUNNING, "polls": 4, "ended_at": "2025-11-13T10:32:05.300Z", "result": json.dumps(result)}
    assert report(item) == result


def test_an_unknown_id_is_not_found_and_cut_to_the_length_of_a_name() -> None:
    assert unknown("nope") == Refusal(404, Code.OPERATION_NOT_FOUND, "Operation nope not found")
    assert unknown("x" * 5000).error == f"Operation {'x' * 80} not found"
