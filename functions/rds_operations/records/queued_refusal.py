"""A refusal that ADMISSION could not record, read from the queue. It is believed only if all of it agrees."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Any

from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.model.identifiers import is_execution_name
from rds_operations.model.refusals import Code, Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.records.refused_admission import RefusedAdmission
from rds_operations.records.state_document import StateDocument, as_state_document
from rds_operations.rules.classification import Verdict
from rds_operations.rules.eligibility import gate
from rds_operations.rules.request_stub import api_stub, whole_request
from rds_operations.rules.validation import parse_body, parse_json, sound_place

LARGEST_MESSAGE = 262_144
"""Bytes: no state of Step Functions can have sent more.

https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
"""
_PARTS = {"machine", "work", "execution", "envelope"}
_WORK = {"request", "verdict", "not_ready", "warnings", "wait", "refusal", "retried", "error", "start", "reply"}
_OF_THE_GATE = (Code.PRODUCTION_INSTANCE, Code.ENVIRONMENT_UNKNOWN, Code.ENVIRONMENT_DISPUTED)


class _Doubt(ValueError):
    """Why it is not taken for ADMISSION's, in words that quote nothing of it."""


def queued_refusal(body: str, admission_machine: str) -> RefusedAdmission | str:
    """Read a message; a text says why ADMISSION cannot have sent it."""
    try:
        return _read(body, admission_machine)
    except _Doubt as doubt:
        return str(doubt)
    except (AttributeError, KeyError, OverflowError, RecursionError, TypeError, ValueError) as error:
        return f"It has another shape: {type(error).__name__}"


def _read(body: str, admission_machine: str) -> RefusedAdmission:
    if len(body.encode()) > LARGEST_MESSAGE:
        raise _Doubt("It is larger than Step Functions can send")
    document = parse_json(body)
    if isinstance(document, Refusal):
        raise _Doubt("It is not JSON")
    if set(document) != _PARTS or document["machine"] != "ADMISSION":
        raise _Doubt("Its parts are not those of ADMISSION")
    _check_texts(document)
    kept = RefusedAdmission(as_state_document(document["work"]), document["envelope"], document["execution"])
    _check_execution(kept.execution, admission_machine)
    body = parse_json(kept.envelope["body"])
    known = api_stub(body, kept.envelope, kept.execution)
    _check_no(kept.work)
    if "request" in kept.work:
        _check_request(OperationRequest.from_document(kept.work["request"]), known, body)
    return kept


def _check_texts(document: Document) -> None:
    """JSON can spell half of a pair of surrogates, which is no Unicode: DynamoDB would never take it."""
    json.dumps(document, ensure_ascii=False).encode()


def _check_execution(execution: Document, admission_machine: str) -> None:
    """Its ARN is of ADMISSION and of its name: `express:<machine>:<name>:<number>`, or `execution:<machine>:<name>`.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsstepfunctions.html
    """
    name, machine = execution["Name"], re.escape(admission_machine)
    pattern = machine.replace(":stateMachine:", ":(express|execution):") + f":{re.escape(name)}(:[^:]+)?"
    if not is_execution_name(name) or not re.fullmatch(pattern, execution["Id"]):
        raise _Doubt("Its execution is not ADMISSION's")
    clock.expiry(clock.from_text(execution["StartTime"]))  # a time of which a record can be made


def _check_no(work: StateDocument) -> None:
    if not set(work) <= _WORK or ("refusal" in work) == ("error" in work):
        raise _Doubt("It holds neither a refusal alone nor an error alone")
    if "refusal" in work and not 400 <= Refusal.from_document(work["refusal"]).status < 500:
        raise _Doubt("Its refusal has a status that no refusal has")
    if "refusal" in work and not _is_the_gates(work):
        raise _Doubt("Its refusal is not what the gate says of its verdict")
    if "error" in work and not (_are_texts(work["error"]) and {"Error"} <= set(work["error"]) <= {"Error", "Cause"}):
        raise _Doubt("Its error is not Step Functions'")
    if "verdict" in work and not _is_verdict(work["verdict"]):
        raise _Doubt("Its verdict is not Classify's")


def _is_the_gates(work: StateDocument) -> bool:
    """Tell whether the gate's refusals, and no others, stand beside a verdict that it refuses. Texts may differ."""
    said = gate("", Verdict.from_document(work["verdict"])) if "verdict" in work else None
    refusal = Refusal.from_document(work["refusal"])
    if said or refusal.code in _OF_THE_GATE:
        if said is None or refusal.environment_source not in ("", said.environment_source):
            return False
        return (said.status, said.code) == (refusal.status, refusal.code)
    return not refusal.environment_source


def _is_verdict(document: Document) -> bool:
    disputed, texts = document.get("disputed", True), {**document, "disputed": ""}
    return disputed is True and _are_texts(texts) and Verdict.from_document(document).to_document() == document


def _are_texts(document: Document) -> bool:
    return all(isinstance(value, str) for value in document.values())


def _check_request(request: OperationRequest, known: OperationRequest, body: Any) -> None:
    """Check that Validate can have made it of that body and caller, and that Classify may have found that place."""
    asked = body if isinstance(body, Refusal) else parse_body(body)
    whole = known if isinstance(asked, Refusal) else whole_request(known, asked, request.idempotency_key)
    asked_alone = replace(request, account_id=known.account_id, region=known.region, resource_id="")
    if asked_alone not in (known, whole):
        raise _Doubt("Its request does not follow from its body, its caller and its execution")
    asked_for, found = (known.account_id, known.region), (request.account_id, request.region)
    fits = all(asked in ("", there) for asked, there in zip(asked_for, found, strict=True))
    if not fits or sound_place({"account_id": request.account_id, "region": request.region}) != found:
        raise _Doubt("Its place is not the one that was asked for")
