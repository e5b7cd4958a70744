"""ADMISSION's message about a refusal is accepted only if all of it agrees."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model.refusals import Code, Refusal, bad_request
from rds_operations.model.request import OperationRequest
from rds_operations.records.queued_refusal import LARGEST_MESSAGE, queued_refusal
from rds_operations.records.refused_admission import RefusedAdmission
from rds_operations.steps.validate import validate_api
from tests.builders import (
    ACCOUNT,
    ADMISSION_MACHINE,
    EXECUTION_PREFIX,
    MANY_TARGETS,
    OTHER_ACCOUNT,
    a_body,
    a_caller,
    a_context,
    an_admission,
    an_envelope,
    json_values,
    near_requests,
    valid_requests,
)

Document = dict[str, Any]
PRODUCTION = Refusal(403, Code.PRODUCTION_INSTANCE, "no").to_document()
VERDICT = {"environment": "production", "source": "tag Env=prod"}
FAULT = {"Error": "TableBusy", "Cause": '{"errorMessage": "busy"}'}


def message(body: Any = None, **work: Any) -> Document:
    """Return a good message, by default of a request that Classify refused."""
    envelope, execution = an_envelope(body), an_admission()
    made = validate_api(envelope, execution, MANY_TARGETS)
    if isinstance(made, OperationRequest):
        work = {"request": made.to_document(), **(work or {"verdict": VERDICT, "refusal": PRODUCTION})}
    else:
        work = {"request": made[0].to_document(), "refusal": made[1].to_document(), "reply": made[1].reply()}
    return {"machine": "ADMISSION", "work": work, "execution": execution, "envelope": envelope}


def read(document: Any) -> RefusedAdmission | str:
    return queued_refusal(json.dumps(document), ADMISSION_MACHINE)


def changed(path: str, value: Any) -> Document:
    """Return a good message with one value changed; None removes it."""
    document = copy.deepcopy(message())
    *way, last = path.split(".")
    found = document
    for name in way:
        found = found[name]
    if value is None:
        found.pop(last, None)
    else:
        found[last] = value
    return document


@given(valid_requests | near_requests)
def test_what_admission_leaves_of_a_request_is_taken(body: Document) -> None:
    kept = read(message(body))
    assert isinstance(kept, RefusedAdmission)
    assert kept.request_id == "request-1"


@pytest.mark.parametrize("work", [{"error": FAULT}, {"verdict": VERDICT, "error": {"Error": "States.Timeout"}}])
def test_what_admission_leaves_of_a_fault_is_taken(work: Document) -> None:
    assert isinstance(read(message(**work)), RefusedAdmission)
    assert isinstance(read({**message(), "work": {"error": FAULT}}), RefusedAdmission)


def test_the_place_where_classify_found_the_instance_is_taken() -> None:
    document = message()
    document["work"]["request"] |= {"account_id": OTHER_ACCOUNT, "region": "eu-west-1"}
    assert isinstance(read(document), RefusedAdmission)


@pytest.mark.parametrize("number", ["", ":5f1c1d3e"])
@pytest.mark.parametrize("kind", ["express", "execution"])
def test_both_forms_of_an_executions_arn_are_taken(kind: str, number: str) -> None:
    execution = f"{ADMISSION_MACHINE.replace(':stateMachine:', f':{kind}:')}:request-1{number}"
    assert isinstance(read(changed("execution.Id", execution)), RefusedAdmission)


OTHERS: dict[str, Any] = {
    "machine": "OPERATION",
    "more": 1,
    "execution.Id": EXECUTION_PREFIX + "request-1",
    "execution.Name": "request-2",
    "execution.StartTime": "0001-01-01T00:00:00+23:00",
    "envelope.body": json.dumps(a_body("reboot_instance")),
    "envelope.caller": a_context(apiKeyId="key-id-2"),
    "work.more": 1,
    "work.fault": FAULT,
    "work.refusal": None,
    "work.refusal.success": True,
    "work.refusal.status": 200,
    "work.refusal.code": "nonsense",
    "work.refusal.error": ["no"],
    "work.verdict.environment": "nonsense",
    "work.verdict.source": {"a": 1},
    "work.request.caller": a_caller(),
    "work.request.request_id": "request-2",
    "work.request.operation_id": "dev-postgres-01-create-snapshot-0123456789abcdef",
    "work.request.operation": "reboot_instance",
    "work.request.instance_id": "dev-2",
    "work.request.parameters": {"snapshot_id": "x", "tags": []},
    "work.request.requested_at": "2020-01-01T00:00:00.000Z",
    "work.request.execution_arn": EXECUTION_PREFIX + "x",
    "work.request.account_id": "nobody",
    "work.request.region": 1,
}


@pytest.mark.parametrize(("path", "value"), OTHERS.items(), ids=OTHERS)
def test_a_message_whose_parts_do_not_agree_is_not_taken(path: str, value: Any) -> None:
    assert isinstance(read(changed(path, value)), str)


@pytest.mark.parametrize(
    "path", ["machine", "work", "execution", "envelope", "execution.Id", "work.refusal.code", "envelope.caller"]
)
def test_a_message_that_lacks_a_part_is_not_taken(path: str) -> None:
    assert isinstance(read(changed(path, None)), str)


def test_a_place_that_was_asked_for_is_no_other() -> None:
    document = message({**a_body(), "account_id": ACCOUNT})
    document["work"]["request"]["account_id"] = OTHER_ACCOUNT
    assert isinstance(read(document), str)


def test_a_message_is_as_large_as_step_functions_can_send_and_no_larger() -> None:
    text = json.dumps(message())
    largest = text + " " * (LARGEST_MESSAGE - len(text))
    assert isinstance(queued_refusal(largest, ADMISSION_MACHINE), RefusedAdmission)
    assert isinstance(queued_refusal(largest + " ", ADMISSION_MACHINE), str)


@pytest.mark.parametrize(
    "body", ["", "{", "[" * 100_000, '{"machine": 1, "machine": 2}', "NaN", '"\\ud800"', "9" * 5000]
)
def test_what_is_no_message_at_all_is_not_taken(body: str) -> None:
    assert isinstance(queued_refusal(body, ADMISSION_MACHINE), str)


def test_text_that_is_no_unicode_would_wait_for_ever_and_is_not_taken() -> None:
    document = message()
    document["work"]["refusal"]["error"] = "half a pair \ud800"
    assert isinstance(read(document), str)


PATHS = ["machine", "work", "execution", "envelope", *OTHERS, "envelope.length", "work.request", "work.verdict"]


@given(st.sampled_from(sorted({path for path in PATHS if path != "work.fault"})), json_values)
def test_whatever_a_message_is_it_raises_nothing(path: str, value: Any) -> None:
    assert isinstance(read(changed(path, value)), RefusedAdmission | str)


@given(json_values)
def test_whatever_stands_in_a_fault_raises_nothing(value: Any) -> None:
    assert isinstance(read({**message(), "work": {"error": value}}), RefusedAdmission | str)


@given(st.text(max_size=20))
def test_why_it_is_not_taken_quotes_nothing_of_it(canary: str) -> None:
    doubt = read({**message(), "work": {"refusal": bad_request("x").to_document() | {"code": f"canary{canary}"}}})
    assert isinstance(doubt, str)
    assert "canary" not in doubt
