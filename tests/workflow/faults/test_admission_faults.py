"""ADMISSION breaks, or is asked twice. One request is one operation, and its lock is released afterwards."""

from __future__ import annotations

import contextlib
import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from tests.workflow.faults.case import Case, Row
from tests.workflow.faults.checks import assert_as_expected, parametrized
from tests.workflow.faults.conftest import Seen
from tests.workflow.faults.expected import DONE, RECORDS
from tests.workflow.service import reboot_of, snapshot_of, window_of

WHERE = "Admission"
REQUESTS = (snapshot_of, reboot_of, window_of)
_MANY = 50
_AT_ONCE = 8
"""More at once would reach their time-outs on a laptop."""
_GIVES_UP_SECONDS = 0.05


def twice_at_the_same_time(case: Case) -> None:
    with ThreadPoolExecutor(2) as pool:
        for _ in [pool.submit(case.post, Idempotency_Key=f"twice-{case.instance}") for _ in range(2)]:
            pass
    assert [answer.status for answer in case.answers] == [202, 202], case.answers
    assert len({answer.body["operation_id"] for answer in case.answers}) == 1


def many_while_one_is_under_way(case: Case) -> None:
    """Ask again where a busy laptop says so. Every request leaves a record."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        answered = sorted(pool.map(lambda _: until_answered(case), range(_MANY)))
    assert answered == [202] + [409] * (_MANY - 1), answered
    case.answers.sort(key=lambda answer: answer.status)
    case.wait_for_faults()
    case.heal()
    events = [record["event"] for record in case.service.records(case.instance)]
    assert events.count("refused") == len(case.answers) - 1, events


def until_answered(case: Case) -> int:
    for _attempt in range(5):
        status = case.post().status
        if status != 503:
            break
    return status


def give_up_and_repeat(case: Case) -> None:
    url = urlsplit(case.service.outputs["api_url"])
    headers = {"x-api-key": case.service.outputs["api_key"], "Content-Type": "application/json"}
    headers["Idempotency-Key"] = f"again-{case.instance}"
    impatient = http.client.HTTPConnection(url.hostname or "", url.port, timeout=_GIVES_UP_SECONDS)
    impatient.request("POST", f"{url.path}/operations", json.dumps(case.row.request(case.instance)), headers)
    with contextlib.suppress(TimeoutError):
        impatient.getresponse()
    impatient.close()
    case.post(Idempotency_Key=f"again-{case.instance}")
    case.post(Idempotency_Key=f"again-{case.instance}")
    assert len({answer.body["operation_id"] for answer in case.answers}) == 1, case.answers


def repeat_while_the_first_gives_up(case: Case) -> None:
    """Repeat the request after its own Audit has read it, and before that closes it."""
    key = f"handed-{case.instance}"
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(case.service.post, case.row.request(case.instance), Idempotency_Key=key)
        case.eventually(case.items, "the request")
        case.post(Idempotency_Key=key)
    assert first.result().status in (202, 503), first.result()
    assert len(case.items()) == 1, case.items()


NOT_STARTED = {"execution": "none", "acted": 0}
ROWS = [
    *(
        Row(
            WHERE,
            "the same request twice at the same time",
            request,
            expected=DONE,
            post=twice_at_the_same_time,
            alone=True,
        )
        for request in REQUESTS
    ),
    *(
        Row(
            WHERE,
            "the caller gives up and repeats with the same key",
            request,
            expected=DONE,
            post=give_up_and_repeat,
            alone=True,
        )
        for request in REQUESTS
    ),
    *(
        Row(
            WHERE,
            "the answer of Admit is lost, the request is repeated before that is closed",
            request,
            (
                {"point": "function:admit", "effect": "lose", "code": "States.Timeout", "times": 1},
                {"point": "dynamodb:GetItem", "caller": "Audit", "effect": "hang", "seconds": 0.7, "times": 2},
                # OPERATION, which the repetition starts, must not have acted yet.
                {"point": "sts:AssumeRole", "caller": "Execute", "effect": "hang", "seconds": 1.9, "times": 1},
            ),
            DONE,
            post=repeat_while_the_first_gives_up,
            alone=True,
        )
        for request in REQUESTS
    ),
    *(
        Row(
            WHERE,
            "the start of OPERATION is refused after the lock was taken",
            request,
            ({"point": "states:start", "effect": "refuse", "code": "StepFunctions.ThrottlingException"},),
            {
                **NOT_STARTED,
                "answer": 503,
                "outcome": "try_again",
                "records": ("accepted by admission", "completed by admission"),
            },
        )
        for request in REQUESTS
    ),
    *(
        Row(
            WHERE,
            "OPERATION is started, the answer to that is lost",
            request,
            ({"point": "states:start", "effect": "lose", "code": "States.Timeout", "times": 1},),
            DONE,
        )
        for request in REQUESTS
    ),
    *(
        Row(
            WHERE,
            "ADMISSION dies between the lock and the start",
            request,
            ({"point": "admission:Start operation", "effect": "break", "message": "gone"},),
            {
                **NOT_STARTED,
                "answer": 500,
                "outcome": "internal_error",
                "records": ("accepted by admission", "completed by sweep"),
            },
            during=lambda case: case.sweep(),
        )
        for request in REQUESTS
    ),
    Row(
        WHERE,
        f"{_MANY} POSTs for one instance, {_AT_ONCE} at a time, before the first is over",
        reboot_of,
        ({"point": "operation:Wait", "effect": "hold"},),
        {"answer": 202, "execution": "SUCCEEDED", "acted": 1},
        post=many_while_one_is_under_way,
        alone=True,
    ),
]


@parametrized(ROWS)
def test_admission(row: Row, seen: Seen) -> None:
    observation = seen(row)
    assert_as_expected(row, observation)
    assert tuple(record for record in observation.records if not record.startswith("refused"))[:1] == RECORDS[:1]
