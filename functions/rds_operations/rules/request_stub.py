"""The stub of a request that is not validated yet: for the record of a refusal, and to build on.

A stub keeps of a body only what is known to be sound: the operation, the instance, the account and the Region.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.model.identifiers import operation_id, recorded_name
from rds_operations.model.request import OperationRequest
from rds_operations.rules.identity import caller_identity, direct_start
from rds_operations.rules.validation import ParsedRequest, is_dry_run, sound_parts, sound_place


def api_stub(body: Any, envelope: Document, execution: Document) -> OperationRequest:
    """Make the stub of an API request. `body` is its JSON value, or the refusal of `parse_json`.

    `execution` has `Id`, `Name`, `StartTime`. Its name is the request's id: Step Functions makes it, while a client can
    choose what API Gateway's `$context.requestId` says.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
    """
    name = recorded_name(execution["Name"])
    stub = _stub(body, name, execution)
    return replace(stub, caller=caller_identity(envelope["caller"]), request_id=name, dry_run=is_dry_run(body))


def execution_stub(body: Any, execution: Document) -> OperationRequest:
    """Make the stub of an OPERATION that was started directly. `body` is its input."""
    stub = _stub(body, recorded_name(execution["Name"]), execution)
    return replace(stub, caller=direct_start(execution["Id"]), execution_arn=execution["Id"])


def whole_request(known: OperationRequest, parsed: ParsedRequest, idempotency_key: str) -> OperationRequest:
    """Make the request of which `known` is the stub, under the id that its content gives it."""
    name = operation_id(parsed.operation.name, parsed.instance_id, known.request_id)
    return replace(completed(known, parsed), operation_id=name, idempotency_key=idempotency_key)


def completed(known: OperationRequest, parsed: ParsedRequest) -> OperationRequest:
    """Make the request of which `known` is the stub, under the stub's id."""
    return replace(
        known,
        operation=parsed.operation.name,
        instance_id=parsed.instance_id,
        parameters=parsed.parameters,
        account_id=parsed.account_id,
        region=parsed.region,
    )


def as_direct_start(request: OperationRequest, execution_arn: str) -> OperationRequest:
    """Make it the execution's own, whatever it says of a caller: who called stands in ADMISSION's record."""
    return replace(
        request, caller=direct_start(execution_arn), execution_arn=execution_arn, request_id="", idempotency_key=""
    )


def _stub(body: Any, name: str, execution: Document) -> OperationRequest:
    (operation, instance_id), (account_id, region) = sound_parts(body), sound_place(body)
    return OperationRequest(
        operation_id=name,
        operation=operation,
        instance_id=instance_id,
        account_id=account_id,
        region=region,
        requested_at=clock.to_text(clock.from_start(execution["StartTime"])),
    )
