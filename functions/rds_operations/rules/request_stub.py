"""From what arrives to a request. Two doors: the API's envelope, and the input of an execution started directly."""

from __future__ import annotations

from dataclasses import replace

from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.model.identifiers import begins_safely, operation_id, recorded_name
from rds_operations.model.refusals import Refusal, bad_request
from rds_operations.model.request import OperationRequest
from rds_operations.rules.authorization import unidentified
from rds_operations.rules.identity import caller_identity, direct_start, principal_of
from rds_operations.rules.validation import (
    ParsedRequest,
    idempotency_digest,
    parse_json,
    parse_request,
    sound_parts,
    sound_place,
    too_large,
)
from rds_operations.settings.targets import Targets, not_operated


def from_api(
    envelope: Document, execution: Document, targets: Targets
) -> OperationRequest | tuple[OperationRequest, Refusal]:
    """`envelope` as the request mapping template makes it: the body's text, and who sent it."""
    known = api_stub(envelope, execution)
    key = idempotency_digest(envelope.get("idempotency_key"), principal_of(known.caller))
    refusal = too_large(int(envelope["length"])) or (key if isinstance(key, Refusal) else None)
    parsed = refusal or _request(envelope["body"], targets)
    if isinstance(parsed, Refusal):
        return known, parsed
    if refusal := unidentified(known.caller):
        return known, refusal
    return whole_request(known, parsed, str(key))


def from_execution(
    text: str, execution: Document, targets: Targets
) -> OperationRequest | tuple[OperationRequest, Refusal]:
    """The input of OPERATION: the request alone. Its caller is taken from the record that ADMISSION made."""
    known = execution_stub(text, execution)
    parsed = _unsafe_name(execution["Name"]) or _request(text, targets)
    return (known, parsed) if isinstance(parsed, Refusal) else _asking(known, parsed)


def by_itself(request: OperationRequest, execution_arn: str) -> OperationRequest:
    """The request as the execution's own, whatever it says of a caller: who called stands in ADMISSION's record."""
    return replace(
        request, caller=direct_start(execution_arn), execution_arn=execution_arn, request_id="", idempotency_key=""
    )


def _unsafe_name(name: str) -> Refusal | None:
    if begins_safely(name):
        return None
    return bad_request(
        "An execution's name must begin with a letter, a digit or an underscore. Start it under another."
    )


def whole_request(known: OperationRequest, parsed: ParsedRequest, idempotency_key: str) -> OperationRequest:
    """Make the order of which `known` is the stub, under the id that its request gives it."""
    name = operation_id(parsed.operation.name, parsed.instance_id, known.request_id)
    return _asking(known, parsed, operation_id=name, idempotency_key=idempotency_key)


def _request(text: str, targets: Targets) -> ParsedRequest | Refusal:
    """A valid request for a place that this deployment operates."""
    parsed = parse_request(text)
    if isinstance(parsed, Refusal) or targets.fitting(parsed.account_id, parsed.region):
        return parsed
    return not_operated(targets, parsed.account_id, parsed.region)


def _asking(known: OperationRequest, parsed: ParsedRequest, **more: str) -> OperationRequest:
    return known.asking(
        parsed.operation.name,
        parsed.instance_id,
        parsed.parameters,
        account_id=parsed.account_id,
        region=parsed.region,
        **more,
    )


def api_stub(envelope: Document, execution: Document) -> OperationRequest:
    """What can be known of a request before it is validated. `execution`: `Id`, `Name`, `StartTime`.

    Its name is the request's id: Step Functions makes it, while a client can choose what API Gateway's
    `$context.requestId` says.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
    """
    body, name = parse_json(envelope["body"]), recorded_name(execution["Name"])
    (operation, instance_id), (account_id, region) = sound_parts(body), sound_place(body)
    return OperationRequest(
        operation_id=name,
        operation=operation,
        instance_id=instance_id,
        account_id=account_id,
        region=region,
        caller=caller_identity(envelope["caller"]),
        requested_at=clock.to_text(clock.from_start(execution["StartTime"])),
        request_id=name,
    )


def execution_stub(text: str, execution: Document) -> OperationRequest:
    """What can be known of an OPERATION before its input is validated."""
    body = parse_json(text)
    (operation, instance_id), (account_id, region) = sound_parts(body), sound_place(body)
    return OperationRequest(
        operation_id=recorded_name(execution["Name"]),
        operation=operation,
        instance_id=instance_id,
        account_id=account_id,
        region=region,
        caller=direct_start(execution["Id"]),
        requested_at=clock.to_text(clock.from_start(execution["StartTime"])),
        execution_arn=execution["Id"],
    )
