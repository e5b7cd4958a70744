"""Execute breaks: before the call, after it, in between. The database is asked once, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.workflow.faults.case import Row
from tests.workflow.faults.checks import assert_as_expected, parametrized
from tests.workflow.faults.conftest import Seen
from tests.workflow.faults.expected import DONE, RECORDS, SETTLED
from tests.workflow.service import Document, reboot_of, snapshot_of, window_of

WHERE = "Execute"
ACTIONS: dict[str, Callable[..., Document]] = {
    "CreateDBSnapshot": snapshot_of,
    "RebootDBInstance": reboot_of,
    "ModifyDBInstance": window_of,
}
NEVER_TAKEN = {
    "answer": 202,
    "execution": "FAILED OperationTimedOut",
    "outcome": "timeout, timeout later",
    "sent": 1,
    "acted": 0,
    "records": SETTLED,
}


def throttling(times: int) -> Document:
    return {"effect": "refuse", "code": "Throttling", "message": "Rate exceeded", "times": times}


def on_the_call(fault: str, expected: Document, **effect: Any) -> list[Row]:
    """One row for each operation, with the fault on its acting call."""
    rows = []
    for action, request in ACTIONS.items():
        faults = ({"point": f"rds:{action}", "caller": "Execute", "times": 1, **effect},)
        rows.append(Row(WHERE, fault, request, faults, expected))
    return rows


def without_a_trace(row: Row) -> Row:
    """Snapshots have names of their own, so one that was never begun is begun by the repetition."""
    return replace(row, expected={**DONE, "sent": 2}) if row.request is snapshot_of else row


ROWS = [
    *on_the_call("no answer in time, RDS took the call", {**DONE, "sent": 1}, effect="hang", seconds=12),
    *on_the_call("connection lost after the request, RDS took it", {**DONE, "sent": 1}, effect="lose"),
    *on_the_call("connection lost after the request, RDS did not take it", NEVER_TAKEN, effect="cut"),
    *on_the_call("crash after the call", {**DONE, "sent": 1}, effect="crash_after"),
    *map(without_a_trace, on_the_call("crash before the call", NEVER_TAKEN, effect="crash_before")),
    *on_the_call("throttled once", {**DONE, "sent": 2}, **throttling(1)),
    *on_the_call("throttled five times", {**DONE, "sent": 6}, **throttling(5)),
    *on_the_call(
        "throttled always",
        {"execution": "FAILED OperationFailed", "outcome": "failed", "sent": 6, "acted": 0, "records": RECORDS},
        **throttling(-1),
    ),
    *on_the_call(
        "503 from RDS, which took the call", {**DONE, "sent": 1}, effect="fail", status=503, code="ServiceUnavailable"
    ),
    *on_the_call(
        "503 from RDS, which did not take it", NEVER_TAKEN, effect="refuse", status=503, code="ServiceUnavailable"
    ),
    *(
        Row(
            WHERE,
            "its result is lost, always",
            request,
            ({"point": "function:execute", "effect": "lose", "code": "Lambda.Unknown"},),
            {
                "execution": "FAILED OperationFailed",
                "outcome": "failed, available later",
                "sent": 1,
                "acted": 1,
                "records": SETTLED,
            },
        )
        for request in ACTIONS.values()
    ),
    *(
        Row(
            WHERE,
            "it cannot claim its order, ever",
            request,
            (
                {
                    "point": "dynamodb:TransactWriteItems",
                    "matching": "SET acting_at.*{instance}",
                    "effect": "refuse",
                    "code": "InternalServerError",
                    "status": 500,
                },
            ),
            {"execution": "FAILED OperationFailed", "outcome": "failed", "sent": 0, "acted": 0, "records": RECORDS},
        )
        for request in ACTIONS.values()
    ),
]


@parametrized(ROWS)
def test_execute(row: Row, seen: Seen) -> None:
    assert_as_expected(row, seen(row))
