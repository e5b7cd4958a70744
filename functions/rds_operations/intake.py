"""From what arrives to an order. Two doors: the API's envelope, and the input of an execution started directly."""

from __future__ import annotations

from typing import Any

from rds_operations import clock
from rds_operations.identifiers import operation_id
from rds_operations.identity import caller_identity, direct_start, principal
from rds_operations.order import Order
from rds_operations.refusals import Refusal
from rds_operations.validation import idempotency_digest, parse_body, sound_parts, too_large


def from_api(envelope: dict[str, Any], execution: dict[str, Any]) -> Order | tuple[Order, Refusal]:
    """`envelope` as the request mapping template makes it: the body beside what the platform says of the caller."""
    known = api_stub(envelope, execution)
    key = idempotency_digest(envelope["idempotency_key"], principal(known.caller))
    refusal = too_large(int(envelope["length"])) or (key if isinstance(key, Refusal) else None)
    parsed = refusal or parse_body(envelope["request"])
    if isinstance(parsed, Refusal):
        return known, parsed
    operation, instance_id, parameters = parsed
    unique = ("key", str(key)) if key else ("request", known.request_id)
    return known.asking(
        operation.name,
        instance_id,
        parameters,
        operation_id=operation_id(operation.name, instance_id, *unique),
        idempotency_key=str(key),
    )


def from_execution(request: Any, execution: dict[str, Any]) -> Order | tuple[Order, Refusal]:
    """The input of OPERATION: the request alone. Its caller is taken from the record that ADMISSION made."""
    known = execution_stub(execution)
    parsed = parse_body(request)
    if isinstance(parsed, Refusal):
        return known, parsed
    operation, instance_id, parameters = parsed
    return known.asking(operation.name, instance_id, parameters)


def execution_stub(execution: dict[str, Any]) -> Order:
    """What can be known of an OPERATION before its input is validated. `execution` as the context object has it."""
    operation, instance_id = sound_parts(execution["Input"])
    return Order(
        operation_id=execution["Name"],
        operation=operation,
        instance_id=instance_id,
        caller=direct_start(execution["Id"]),
        requested_at=clock.to_text(clock.from_start(execution["StartTime"])),
        execution_arn=execution["Id"],
    )


def api_stub(envelope: dict[str, Any], execution: dict[str, Any]) -> Order:
    """What can be known of a request before it is validated."""
    operation, instance_id = sound_parts(envelope["request"])
    return Order(
        operation_id=envelope["request_id"],
        operation=operation,
        instance_id=instance_id,
        caller=caller_identity(envelope["caller"]),
        requested_at=clock.to_text(clock.from_start(execution["StartTime"])),
        request_id=envelope["request_id"],
    )
