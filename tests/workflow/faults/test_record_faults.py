"""DynamoDB refuses a record. Without the opening record nothing is done; others are written later, with an alarm."""

from __future__ import annotations

from typing import Any

from tests.workflow.faults.case import Case, Row
from tests.workflow.faults.checks import assert_as_expected, parametrized
from tests.workflow.faults.conftest import Seen
from tests.workflow.faults.expected import DONE, RECORDS
from tests.workflow.faults.kept import among_bad_messages, odd_characters, post_until_kept
from tests.workflow.service import Document, reboot_of, snapshot_of, window_of

WHERE = "Record"
REQUESTS = (snapshot_of, reboot_of, window_of)
UNAVAILABLE: Document = {"effect": "refuse", "code": "InternalServerError", "status": 500}
A_MINUTE = 1.0  # at sixty times real time


def record(event: str, point: str = "TransactWriteItems", **effect: Any) -> Document:
    return {"point": f"dynamodb:{point}", "matching": f"{{instance}}#.*#{event}", **effect}


def metric_then_sweep(case: Case) -> None:
    """Wait for the metric, on which there is an alarm, then sweep with a working table."""
    case.eventually(lambda: case.service.audit_write_failures(f"{case.instance}-"), "the metric")
    case.sweep_until_recorded()


def red_then_sweep(case: Case) -> None:
    execution = case.execution()
    assert (execution["status"], execution["error"]) == ("FAILED", "AuditFailed"), execution
    metric_then_sweep(case)


ROWS = [
    *(
        Row(
            WHERE,
            "the opening record is refused",
            request,
            (record("accepted", **UNAVAILABLE),),
            {
                "answer": 503,
                "execution": "none",
                "outcome": "try_again",
                "sent": 0,
                "acted": 0,
                "records": ("refused by admission",),
            },
        )
        for request in REQUESTS
    ),
    Row(
        WHERE,
        "the opening record is written, its answer is lost",
        reboot_of,
        (record("accepted", effect="lose", times=1),),
        DONE,
    ),
    *(
        Row(WHERE, "the closing record is refused once", request, (record("completed", **UNAVAILABLE, times=3),), DONE)
        for request in REQUESTS
    ),
    *(
        Row(
            WHERE,
            "the closing record is refused for a minute",
            request,
            (record("completed", **UNAVAILABLE, lasts=A_MINUTE),),
            DONE,
        )
        for request in REQUESTS
    ),
    Row(
        WHERE,
        "the closing record is written, its answer is lost",
        reboot_of,
        (record("completed", effect="lose", times=3),),
        DONE,
    ),
    *(
        Row(
            WHERE,
            "the closing record is refused to Audit for ever",
            request,
            (record("completed", caller="Audit", **UNAVAILABLE),),
            {
                "answer": 202,
                "execution": "FAILED AuditFailed",
                "outcome": "available",
                "acted": 1,
                "records": ("accepted by admission", "completed by sweep"),
            },
            during=red_then_sweep,
        )
        for request in REQUESTS
    ),
    *(
        Row(
            WHERE,
            "the record of a refusal is refused to Audit for ever",
            request,
            (record("refused", "PutItem", caller="Audit", **UNAVAILABLE),),
            {
                "answer": 403,
                "execution": "none",
                "outcome": "production_instance",
                "acted": 0,
                "records": ("refused by sweep",),
            },
            tags={"Environment": "prod"},
            post=post_until_kept,
            during=metric_then_sweep,
        )
        for request in REQUESTS
    ),
    Row(
        WHERE,
        "the record of a refusal is refused to Audit, and the body has characters that SQS refuses",
        reboot_of,
        (record("refused", "PutItem", caller="Audit", **UNAVAILABLE),),
        {"answer": 400, "execution": "none", "outcome": "invalid_request", "records": ("refused by sweep",)},
        post=odd_characters,
        during=lambda case: case.sweep_until_recorded(),
    ),
    Row(
        WHERE,
        "the record of a refusal waits among messages that are forged, unreadable or too large",
        reboot_of,
        (record("refused", "PutItem", caller="Audit", **UNAVAILABLE),),
        {"answer": 403, "execution": "none", "outcome": "production_instance", "records": ("refused by sweep",)},
        tags={"Environment": "prod"},
        post=post_until_kept,
        during=among_bad_messages,
        alone=True,
    ),
    Row(
        WHERE,
        "the final record is refused to Audit for ever",
        reboot_of,
        (
            record("final", caller="Audit", **UNAVAILABLE),
            {"point": "function:poll", "effect": "refuse", "code": "Runtime.ExitError"},
        ),
        {"outcome": "timeout, available later", "acted": 1, "records": (*RECORDS, "final by sweep")},
        after=lambda case: case.last_look(),
    ),
    Row(
        WHERE,
        "the late watch cannot be started",
        reboot_of,
        (
            {
                "point": "states:StartExecution",
                "caller": "Audit",
                "effect": "refuse",
                "code": "ServiceUnavailable",
                "status": 503,
            },
            {"point": "function:poll", "effect": "refuse", "code": "Runtime.ExitError"},
        ),
        {"outcome": "timeout, available later", "acted": 1, "records": (*RECORDS, "final by sweep")},
        after=lambda case: case.last_look(),
    ),
    *(
        Row(
            WHERE,
            f"the progress cannot be written, ever ({request.__name__})",
            request,
            ({"point": "dynamodb:UpdateItem", "caller": "Poll", **UNAVAILABLE},),
            DONE,
        )
        for request in (snapshot_of, reboot_of)
    ),
]


@parametrized(ROWS)
def test_record(row: Row, seen: Seen) -> None:
    assert_as_expected(row, seen(row))
