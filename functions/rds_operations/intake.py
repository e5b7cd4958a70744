"""From what arrives to an order. Two doors: the API's envelope, and the input of an execution started directly."""

from __future__ import annotations

from typing import Any

from rds_operations import clock
from rds_operations.identifiers import operation_id
from rds_operations.identity import caller_identity, direct_start, principal
from rds_operations.order import Order
from rds_operations.refusals import Refusal
from rds_operations.validation import idempotency_digest, parse_json, parse_request, sound_parts, too_large

Document = dict[str, Any]


def from_api(envelope: Document, execution: Document) -> Order | tuple[Order, Refusal]:
    """`envelope` as the request mapping template makes it: the body's text, and who sent it."""
    known = api_stub(envelope, execution)
    key = idempotency_digest(envelope["idempotency_key"], principal(known.caller))
    refusal = too_large(int(envelope["length"])) or (key if isinstance(key, Refusal) else None)
    parsed = refusal or parse_request(envelope["request"])
    if isinstance(parsed, Refusal):
        return known, parsed
    operation, instance_id, parameters = parsed
    return known.asking(
        operation.name,
        instance_id,
        parameters,
        operation_id=operation_id(operation.name, instance_id, known.request_id),
        idempotency_key=str(key),
    )


def from_execution(request: str, execution: Document) -> Order | tuple[Order, Refusal]:
    """The input of OPERATION: the request alone. Its caller is taken from the record that ADMISSION made."""
    known = execution_stub(request, execution)
    parsed = parse_request(request)
    if isinstance(parsed, Refusal):
        return known, parsed
    operation, instance_id, parameters = parsed
    return known.asking(operation.name, instance_id, parameters)


def api_stub(envelope: Document, execution: Document) -> Order:
    """What can be known of a request before it is validated. `execution`: `Id`, `Name`, `StartTime`.

    Its name is the request's id: Step Functions makes it, while a client can choose what API Gateway's
    `$context.requestId` says.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
    """
    operation, instance_id = sound_parts(parse_json(envelope["request"]))
    return Order(
        operation_id=execution["Name"],
        operation=operation,
        instance_id=instance_id,
        caller=caller_identity(envelope["caller"]),
        requested_at=clock.to_text(clock.from_start(execution["StartTime"])),
        request_id=execution["Name"],
    )


def execution_stub(request: str, execution: Document) -> Order:
    """What can be known of an OPERATION before its input is validated."""
    operation, instance_id = sound_parts(parse_json(request))
    return Order(
        operation_id=execution["Name"],
        operation=operation,
        instance_id=instance_id,
        caller=direct_start(execution["Id"]),
        requested_at=clock.to_text(clock.from_start(execution["StartTime"])),
        execution_arn=execution["Id"],
    )
