"""Execute breaks before, during or after its call. RDS acts once, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.workflow.faults.case import Row
from tests.workflow.faults.checks import assert_as_expected, parametrized
from tests.workflow.faults.conftest import Seen
from tests.workflow.faults.effects import shows
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
    """Return a row for each operation, with the fault on its acting call."""
    rows = []
    for action, request in ACTIONS.items():
        faults = ({"point": f"rds:{action}", "caller": "Execute", "times": 1, **effect},)
        rows.append(Row(WHERE, fault, request, faults, expected))
    return rows


def without_a_trace(row: Row) -> Row:
    """Expect a second call for a snapshot: its name shows that the first one never came."""
    return replace(row, expected={**DONE, "sent": 2}) if row.request is snapshot_of else row


# What the first call did stays hidden from Execute's repetition; for a reboot, from the first poll.
UNSEEN = {
    "CreateDBSnapshot": {
        "point": "rds:DescribeDBSnapshots",
        "caller": "Execute",
        "effect": "refuse",
        "code": "DBSnapshotNotFound",
        "status": 404,
        "times": 2,
    },
    "RebootDBInstance": {
        "point": "rds:DescribeDBInstances",
        "caller": "Poll",
        **shows("DBInstanceStatus", "available"),
        "times": 1,
    },
    "ModifyDBInstance": {
        "point": "rds:DescribeDBInstances",
        "caller": "Execute, as",  # the acting session, which reads the window back
        **shows("PreferredBackupWindow", "03:00-04:00"),
        "times": 1,
    },
}
READY = {
    "point": "rds:DescribeDBInstances",
    "caller": "rds-operations-execute",
    **shows("DBInstanceStatus", "available"),
}
"""Not backing-up: Execute makes no second call while the instance shows the first."""
SECOND_CALL_REFUSED = [("InvalidDBInstanceState", 400), ("AccessDenied", 403), ("SnapshotQuotaExceeded", 400)]


def a_second_call_is_refused() -> list[Row]:
    """Return rows in which only a snapshot may be called a second time."""
    rows = []
    for action, request in ACTIONS.items():
        for code, status in SECOND_CALL_REFUSED:
            on_call = {"point": f"rds:{action}", "caller": "Execute"}
            crash = {**on_call, "effect": "crash_after", "times": 1}
            refusal = {**on_call, "effect": "refuse", "code": code, "status": status}
            repeated = action == "CreateDBSnapshot"
            row = Row(
                WHERE,
                f"crash after the call, which does not show yet; a second call is refused: {code}",
                request,
                (crash, UNSEEN[action], *([READY, refusal] if repeated else [])),
                {**DONE, "sent": 2 if repeated else 1},
                idle=() if repeated else (refusal,),
            )
            rows.append(row)
    return rows


ROWS = [
    *on_the_call("no answer in time, RDS took the call", {**DONE, "sent": 1}, effect="hang", seconds=12),
    *on_the_call("connection lost after the request, RDS took it", {**DONE, "sent": 1}, effect="lose"),
    *on_the_call("connection lost after the request, RDS did not take it", NEVER_TAKEN, effect="cut"),
    *on_the_call("crash after the call", {**DONE, "sent": 1}, effect="crash_after"),
    *a_second_call_is_refused(),
    *map(without_a_trace, on_the_call("crash before the call", NEVER_TAKEN, effect="crash_before")),
    *on_the_call("throttled once", {**DONE, "sent": 2}, **throttling(1)),
    *on_the_call("throttled five times", {**DONE, "sent": 6}, **throttling(5)),
    *on_the_call(
        "throttled always",
        {"execution": "FAILED OperationFailed", "outcome": "failed", "sent": 9, "acted": 0, "records": RECORDS},
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
            "it cannot claim its request, ever",
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
