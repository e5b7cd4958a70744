"""The result documents: keys and JSON types, for every operation and outcome."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import combinations
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rds_operations.model.end_codes import EndCode
from rds_operations.model.progress import Progress, done, failed
from rds_operations.model.refusals import Code, Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.records.ended_execution import error_text, work_of_event
from rds_operations.records.outcome import FAILED, REFUSED, TIMED_OUT, Outcome, outcome_of
from rds_operations.records.state_document import as_state_document
from tests.builders import MOMENT, SNAPSHOT_ID, a_request, identifiers, moments, requests
from tests.operation_cases import CASES

SNAPSHOT_ARN = f"arn:aws:rds:ap-southeast-1:123456789012:snapshot:{SNAPSHOT_ID}"

COMMON = {
    "operation": str,
    "status": str,
    "success": bool,
    "duration_seconds": float,
    "operation_id": str,
    "execution_arn": str,
    "instance_id": str,
    "environment": str,
}
OWN = {name: case.own_keys for name, case in CASES.items()}
SHOWN_BY_RDS = {name: case.shown_details for name, case in CASES.items()}
"""What a read of RDS adds to the document, from nothing to all of it."""


@dataclass(frozen=True)
class Ending:
    """Describe the end of a request's work, and what the specification requires."""

    work: Callable[[str, dict[str, str]], dict[str, Any]]
    status: str
    error: str
    keeps_what_rds_showed: bool = True


def fault(name: str) -> Callable[[str, dict[str, str]], dict[str, Any]]:
    return lambda sentence, _shown: {"error": {"Error": name, "Cause": json.dumps({"errorMessage": sentence})}}


def refused(kind: str) -> Callable[[str, dict[str, str]], dict[str, Any]]:
    return lambda sentence, _shown: {
        kind: Refusal(409, Code.INSTANCE_NOT_READY, sentence or "no").to_document(),
        "progress": failed("not this one", EndCode.STOPPED).to_document(),
    }


ENDINGS: dict[str, Ending] = {
    "success": Ending(lambda _sentence, shown: {"progress": done("available", **shown).to_document()}, "available", ""),
    "failure": Ending(
        lambda why, shown: {"progress": failed(why, EndCode.REBOOT_FAILED, **shown).to_document()},
        "failed",
        FAILED,
        True,
    ),
    "time-out": Ending(
        lambda _sentence, shown: {"progress": Progress("creating", percent=40, details=dict(shown)).to_document()},
        "timeout",
        TIMED_OUT,
    ),
    "refusal": Ending(refused("refusal"), "failed", REFUSED, keeps_what_rds_showed=False),
    "not_ready": Ending(refused("not_ready"), "failed", REFUSED, keeps_what_rds_showed=False),
    "error": Ending(fault("RdsUnavailable"), "failed", FAILED, keeps_what_rds_showed=False),
    "stopped": Ending(fault("ExecutionAborted"), "failed", FAILED, keeps_what_rds_showed=False),
    "out of time": Ending(fault("ExecutionTimedOut"), "timeout", TIMED_OUT, keeps_what_rds_showed=False),
}
durations = st.integers(-(10**9), 10**11).map(lambda microseconds: timedelta(microseconds=microseconds))
sentences = st.text(max_size=12)


def types_of(document: dict[str, Any]) -> dict[str, type]:
    return {name: type(value) for name, value in json.loads(json.dumps(document)).items()}


@pytest.mark.parametrize("ending", ENDINGS.values(), ids=ENDINGS)
@settings(max_examples=40)
@given(requests, sentences, moments, durations, st.integers(0, 2))
def test_every_outcome_of_every_operation_has_its_keys_with_their_types(
    ending: Ending, request: OperationRequest, sentence: str, since: datetime, duration: timedelta, looks: int
) -> None:
    shown = (SHOWN_BY_RDS[request.operation] * 3)[looks]
    outcome = outcome_of(as_state_document(ending.work(sentence, shown)), request, "staging", since, since + duration)
    kept = shown if ending.keeps_what_rds_showed else {}
    why = {} if not ending.error else {"code": str, "note" if ending.status == "timeout" else "error": str}
    assert types_of(outcome.document) == {**COMMON, **OWN[request.operation], **dict.fromkeys(kept, str), **why}
    assert outcome.document.items() >= kept.items()
    assert outcome.error == ending.error
    assert (outcome.document["status"], outcome.document["success"]) == (ending.status, not ending.error)
    told = {name: outcome.document[name] for name in ("operation", "instance_id", "operation_id", "execution_arn")}
    assert told == {name: getattr(request, name) for name in told}
    assert outcome.document["environment"] == "staging"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_was_asked_is_in_the_document_however_it_ended(operation: str) -> None:
    request = a_request(operation)
    for ending in ENDINGS.values():
        document = outcome_of(as_state_document(ending.work("why", {})), request, "test", MOMENT, MOMENT).document
        asked = {name: document[name] for name in OWN[operation] if name in request.parameters}
        assert asked == {name: request.parameters[name] for name in asked}
        assert document.get("pending_backup_window", None) is None


@pytest.mark.parametrize("ending", [name for name, ending in ENDINGS.items() if not ending.keeps_what_rds_showed])
@given(st.sampled_from(["", *OPERATIONS]), st.just("") | identifiers, sentences)
@settings(max_examples=30)
def test_a_body_that_never_became_a_request_has_the_common_keys(
    ending: str, operation: str, instance_id: str, sentence: str
) -> None:
    stub = OperationRequest("by-hand", operation, instance_id, execution_arn="arn:x")
    outcome = outcome_of(as_state_document(ENDINGS[ending].work(sentence, {})), stub, "unknown", MOMENT, MOMENT)
    told = "note" if ENDINGS[ending].status == "timeout" else "error"
    assert types_of(outcome.document) == {**COMMON, told: str, "code": str}
    assert outcome.document["success"] is False


@given(moments, durations)
@example(MOMENT, timedelta(0))
@example(MOMENT, timedelta(seconds=300))
@example(MOMENT, timedelta(seconds=-0.01))
def test_a_duration_has_one_decimal_and_is_never_negative(since: datetime, duration: timedelta) -> None:
    document = outcome_of(
        {"progress": done("available").to_document()}, a_request(), "test", since, since + duration
    ).document
    told = document["duration_seconds"]
    assert type(told) is float
    assert str(told) == f"{told:.1f}"
    assert not str(told).startswith("-")
    assert abs(told - max(0.0, duration.total_seconds())) <= 0.05 + 1e-9


@settings(max_examples=50)
@given(st.sampled_from(sorted(ENDINGS)), requests, sentences)
def test_an_execution_ends_green_only_if_the_database_did(
    ending: str, request: OperationRequest, sentence: str
) -> None:
    ended = outcome_of(
        as_state_document(ENDINGS[ending].work(sentence, {})), request, "test", MOMENT, MOMENT
    ).to_document()
    assert types_of(ended) == {"success": bool, "error": str, "cause": str, "document": dict}
    assert ended["success"] == ended["document"]["success"] == (ending == "success")
    assert json.loads(ended["cause"]) == ended["document"]
    assert bool(ended["error"]) == (ending != "success")


def test_a_fault_beats_a_refusal_and_a_refusal_beats_the_progress() -> None:
    parts: dict[str, tuple[dict[str, Any], str | None]] = {
        "error": (fault("KeyError")("broken", {}), "KeyError: broken"),
        "refusal": ({"refusal": Refusal(409, Code.OPERATION_IN_PROGRESS, "not now").to_document()}, "not now"),
        "not_ready": ({"not_ready": Refusal(409, Code.PENDING_CHANGES, "in the way").to_document()}, "in the way"),
        "progress": ({"progress": done("available").to_document()}, None),
    }
    for size in range(1, len(parts) + 1):
        for names in combinations(parts, size):
            work: dict[str, Any] = {}
            for name in reversed(names):
                work |= parts[name][0]
            outcome = outcome_of(as_state_document(work), a_request(), "test", MOMENT, MOMENT)
            assert outcome.document.get("error") == parts[names[0]][1], names


ended_works = st.sampled_from([work.work("why", {}) for work in ENDINGS.values()])


@given(
    st.sampled_from(["ABORTED", "TIMED_OUT"]),
    st.none() | st.sampled_from(["AuditFailed", "OperationFailed", ""]) | st.text(max_size=6),
    st.none() | st.text(max_size=6) | ended_works.map(json.dumps),
)
def test_a_stopped_execution_is_never_a_success_whatever_it_was_stopped_with(
    status: str, error: str | None, cause: str | None
) -> None:
    """Whoever stops an execution chooses its error and cause, so neither says what happened to the database."""
    work = work_of_event({"status": status, "error": error, "cause": cause})
    outcome = outcome_of(as_state_document(work), a_request(), "test", MOMENT, MOMENT)
    ending = ENDINGS["stopped" if status == "ABORTED" else "out of time"]
    told = "note" if ending.status == "timeout" else "error"
    assert types_of(outcome.document) == {**COMMON, **OWN["create_snapshot"], told: str, "code": str}
    assert (outcome.error, outcome.document["status"]) == (ending.error, ending.status)


@settings(max_examples=50)
@given(st.sampled_from(sorted(ENDINGS)), requests)
def test_an_outcome_that_could_not_be_recorded_comes_from_the_event(ending: str, request: OperationRequest) -> None:
    def settled(work: Mapping[str, Any]) -> Outcome:
        return outcome_of(as_state_document(work), request, "test", MOMENT, MOMENT + timedelta(seconds=2))

    work = ENDINGS[ending].work("why", {})
    event = {"status": "FAILED", "error": "AuditFailed", "cause": json.dumps(work)}
    assert settled(work_of_event(event)) == settled(work)


causes = (
    st.none()
    | st.text("{ ", max_size=20)
    | st.recursive(st.none() | st.integers() | st.text(max_size=4), st.lists).map(json.dumps)
)


@settings(max_examples=50)
@given(st.sampled_from(["States.Timeout", "RdsRejected", "KeyError"]), causes)
def test_any_cause_of_a_fault_becomes_a_sentence(name: str, cause: str | None) -> None:
    assert error_text({"Error": name, "Cause": cause}) == f"{name}: no details"


@given(st.sampled_from(["RdsThrottled", "RdsRejected", "KeyError"]), st.text(min_size=1), st.text("canary", min_size=6))
def test_of_a_fault_nothing_is_told_but_its_name_and_message(name: str, message: str, trace: str) -> None:
    cause = {"errorMessage": message, "errorType": name, "stackTrace": [f"/var/task/{trace}"], "requestId": trace}
    text = error_text({"Error": name, "Cause": json.dumps(cause)})
    assert text == (f"{name}: {message}" if name == "KeyError" else message)
