"""Validate: from what arrives to a request, or a refusal. There are two ways in: the API, and a direct start."""

from __future__ import annotations

from typing import Any

from rds_operations.model.documents import Document
from rds_operations.model.identifiers import begins_safely
from rds_operations.model.refusals import Refusal, bad_request
from rds_operations.model.request import OperationRequest
from rds_operations.records.state_document import StateDocument
from rds_operations.rules.authorization import unidentified
from rds_operations.rules.identity import principal_of
from rds_operations.rules.preference import seconds_to_wait
from rds_operations.rules.request_stub import api_stub, completed, execution_stub, whole_request
from rds_operations.rules.validation import (
    DRY_RUN,
    ParsedRequest,
    idempotency_digest,
    parse_body,
    parse_json,
    too_large,
)
from rds_operations.settings.targets import Targets, not_operated

Validated = OperationRequest | tuple[OperationRequest, Refusal]
"""A request; or a stub of one, and why it is refused."""


def validate_api(envelope: Document, execution: Document, targets: Targets) -> Validated:
    """Validate an API request. `envelope` as the request mapping template makes it: a body, and who sent it."""
    body = parse_json(envelope["body"])
    known = api_stub(body, envelope, execution)
    key = idempotency_digest(envelope.get("idempotency_key"), principal_of(known.caller))
    refusal = too_large(int(envelope["length"])) or (key if isinstance(key, Refusal) else None)
    parsed = refusal or _parse(body, targets)
    if isinstance(parsed, Refusal):
        return known, parsed
    if refusal := unidentified(known.caller):
        return known, refusal
    return whole_request(known, parsed, str(key))


def validate_execution(text: str, execution: Document, targets: Targets) -> Validated:
    """Validate the input of OPERATION: a body alone. Its caller is taken from the record that ADMISSION made."""
    body = parse_json(text)
    known = execution_stub(body, execution)
    parsed = _unsafe_name(execution["Name"]) or _no_dry_run(body) or _parse(body, targets)
    return (known, parsed) if isinstance(parsed, Refusal) else completed(known, parsed)


def validated_document(validated: Validated, prefer: str = "") -> StateDocument:
    """Return what Validate adds: `request`, and `wait` where the header `Prefer` asks for it; beside a stub `refusal`
    and `reply`.
    """
    if isinstance(validated, OperationRequest):
        wait = seconds_to_wait(prefer)
        return {"request": validated.to_document(), **({"wait": wait} if wait else {})}
    known, refusal = validated
    return {"request": known.to_document(), "refusal": refusal.to_document(), "reply": refusal.reply()}


def _parse(body: Any, targets: Targets) -> ParsedRequest | Refusal:
    """Parse a body that asks for a place of this deployment."""
    parsed = body if isinstance(body, Refusal) else parse_body(body)
    if isinstance(parsed, Refusal) or targets.fitting(parsed.account_id, parsed.region):
        return parsed
    return not_operated(targets, parsed.account_id, parsed.region)


def _no_dry_run(body: Any) -> Refusal | None:
    """Refuse what asks not to act where everything acts."""
    if not isinstance(body, dict) or DRY_RUN not in body:
        return None
    return bad_request("dry_run is for POST /operations only. Leave it out, and this execution will act.")


def _unsafe_name(name: str) -> Refusal | None:
    if begins_safely(name):
        return None
    return bad_request(
        "An execution's name must begin with a letter, a digit or an underscore. Start it under another name."
    )
