"""What every answer must be, whatever the request."""

from __future__ import annotations

import json
from typing import Any

import requests
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests import api_document
from tests.api_document import START
from tests.fuzz.attempt import Attempt

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
REQUEST = {"$ref": "#/components/schemas/Request"}
ERROR = {"$ref": "#/components/schemas/Error"}
_MALFORMED = ("invalid_request", "missing_parameter", "invalid_parameter", "operation_not_allowed")
_RULES_IN_WORDS = ("more than once", "minutes long", "Idempotency-Key")
_NO_CREDENTIALS = (None, "invalid_api_key", "unknown_route")
# The status and code for an attempt that the document does not describe.
_OFF_THE_ROAD = {
    "content type": (415, "unsupported_media_type"),
    "method": (403, "unknown_route"),
    "path": (403, "unknown_route"),
    "key": (403, "invalid_api_key"),
    "raw": (400, "invalid_request"),
}
_ASTRAY = {(403, "unknown_route"), (404, "instance_not_found"), (404, "operation_not_found"), (400, "invalid_request")}


def complaints(attempt: Attempt, answer: requests.Response) -> list[str]:
    """Return sentences, none for a good answer."""
    try:
        body = answer.json()
    except ValueError:
        return [f"the body of a {answer.status_code} is no JSON: {answer.text[:200]}"]
    found = [f"a {answer.status_code}"] if answer.status_code >= 500 else []
    if answer.status_code >= 400:
        found += api_document.problems(ERROR, body)
    return found + (_of_case(attempt, answer, body) if attempt.case else _off_the_road(attempt, answer, body))


def _of_case(attempt: Attempt, answer: requests.Response, body: Any) -> list[str]:
    assert attempt.case
    try:
        attempt.case.validate_response(answer, checks=CHECKS)
    except FailureGroup as group:
        return [f"{failure.title}: {failure.message}" for failure in group.exceptions]
    if attempt.kind in ("list", "query"):
        return [] if attempt.auditor else _own(attempt, answer, body)
    if attempt.kind == "instance":
        return _asked_for(attempt, answer, body)
    return _gate(attempt, answer, body) if attempt.path == START else []


def _own(attempt: Attempt, answer: requests.Response, body: Any) -> list[str]:
    """Check that a list shows one caller, by the API key. Nobody calls otherwise while a campaign runs."""
    if answer.status_code != 200:
        return []
    callers = {record.get("principal", "") for record in body.get("records", [])}
    documents = body.get("operations", []) if "instance_id" not in body else []  # one instance has operations, too
    callers |= {document["requested_by"] for document in documents}
    foreign = [caller for caller in callers if not caller.startswith("apikey:")]
    found = [f"a list shows what {sorted(callers)} did"] if foreign or len(callers) > 1 else []
    token = "next=" in attempt.path
    return [*found, "a token that nobody was given is taken"] if token else found


def _asked_for(attempt: Attempt, answer: requests.Response, body: Any) -> list[str]:
    """Check that an instance is the one that was named, in the place that was chosen."""
    assert attempt.case
    if answer.status_code != 200:
        return []
    asked = {"instance_id": str(attempt.case.path_parameters["instance_id"]).lower(), **attempt.case.query}
    return [f"{name} is {body[name]}, not {value}" for name, value in asked.items() if body.get(name) != value]


def _gate(attempt: Attempt, answer: requests.Response, body: Any) -> list[str]:
    """Check that the document and Validate agree on requests. The key is valid."""
    if answer.status_code == 403 and body.get("code") in _NO_CREDENTIALS:
        return [f"a 403 of the API itself, though the key is valid: {body['error']}"]
    problems = _problems_of(attempt.body)
    if problems and answer.status_code != 400:
        return [f"a {answer.status_code} for a body that the document does not allow: {problems[0]}"]
    if answer.status_code < 300 and ("accepted" in body) is not json.loads(attempt.body or b"").get("dry_run", False):
        return [f"a {answer.status_code} where the request was a dry run, or was none"]
    refused = answer.status_code == 400 and body["code"] in _MALFORMED
    if refused and not problems and not any(rule in body["error"] for rule in _RULES_IN_WORDS):
        return [f"refused, though the document allows it: {body['error']}"]
    return []


def _problems_of(raw: bytes | None) -> list[str]:
    try:
        return api_document.problems(REQUEST, json.loads(raw or b""))
    except ValueError:
        return ["no JSON"]


def _off_the_road(attempt: Attempt, answer: requests.Response, body: Any) -> list[str]:
    if attempt.kind == "astray":
        return _astray(attempt, answer, body)
    expected = _OFF_THE_ROAD[attempt.kind]
    if attempt.kind == "raw" and not attempt.body:  # API Gateway makes {} of it
        expected = (400, "missing_parameter")
    if len((attempt.body or b"").decode(errors="replace")) > 32_768:
        expected = (413, "request_too_large")
    if (answer.status_code, body.get("code")) == expected:
        return []
    return [f"{answer.status_code} {body.get('code')} for a wrong {attempt.kind}; expected {expected}"]


def _astray(attempt: Attempt, answer: requests.Response, body: Any) -> list[str]:
    """Check that a path that leads nowhere is answered as one, or as a name that nothing has.

    The local cloud takes several slashes for one. It asks for the same credentials then.
    """
    if (answer.status_code, body.get("code")) in _ASTRAY or (answer.status_code == 200 and "//" in attempt.path):
        return []
    return [f"{answer.status_code} {body.get('code')} for a path that leads nowhere"]
