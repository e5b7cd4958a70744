"""What a request for each operation on an instance would be answered, as far as its parameters do not decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from rds_operations.model.documents import Document
from rds_operations.model.refusals import Refusal, not_supported
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.rules.authorization import not_permitted
from rds_operations.rules.classification import Verdict
from rds_operations.rules.decision import LiveInstance, decide
from rds_operations.rules.eligibility import gate
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.gate import GateSettings

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef


def answers(
    asked: OperationRequest,
    found: LiveInstance,
    settings: GateSettings,
    callers: CallerSettings,
    running: Refusal | None,
) -> dict[str, Refusal | None]:
    """Return, for each operation, the refusal that every request for it would get, or None.

    `asked` has the instance and the caller; `running` is the refusal while another operation runs on the instance.
    It decides as Classify and Admit do, in their order, with the least parameters of each operation.
    """

    def against(operation: str) -> Refusal | None:
        least = OPERATIONS[operation].least_parameters(found.instance)
        request = replace(asked, operation=operation, parameters=dict(least))
        if refusal := not_permitted(callers, request):
            return refusal
        decision = decide(request, found, settings, callers)
        return decision.refusal or running or decision.not_ready

    return {operation: against(operation) for operation in OPERATIONS}


def unsupported_operations(instance: DBInstanceTypeDef) -> dict[str, str]:
    """Say why an operation can never run on this instance, by operation, for those of which that is so."""
    refusals = {
        name: operation.unsupported(instance, operation.least_parameters(instance))
        for name, operation in OPERATIONS.items()
    }
    return {name: refusal.error for name, refusal in refusals.items() if refusal}


def listed_answers(
    asked: OperationRequest,
    verdict: Verdict,
    unsupported: Mapping[str, str],
    settings: GateSettings,
    callers: CallerSettings,
) -> dict[str, Refusal | None]:
    """Return the same as `answers` without a look at RDS: not whether something is in the way now."""

    def against(operation: str) -> Refusal | None:
        request = replace(asked, operation=operation)
        return (
            not_permitted(callers, request)
            or gate(asked.instance_id, verdict, settings.tag_name_to_use)
            or not_permitted(callers, request, verdict.environment)
            or (not_supported(unsupported[operation]) if operation in unsupported else None)
        )

    return {operation: against(operation) for operation in OPERATIONS}


def answer_document(refusal: Refusal | None) -> Document:
    """Return `allowed`, and where it is not, why."""
    return {"allowed": False, **refusal.body} if refusal else {"allowed": True}
