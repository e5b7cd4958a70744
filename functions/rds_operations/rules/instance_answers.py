"""What a request for each operation on an instance would be answered, as far as its parameters do not decide."""

from __future__ import annotations

from dataclasses import replace

from rds_operations.model.documents import Document
from rds_operations.model.refusals import Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.rules.authorization import not_permitted
from rds_operations.rules.decision import LiveInstance, decide
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.gate import GateSettings


def answers(
    asked: OperationRequest,
    found: LiveInstance,
    gate: GateSettings,
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
        decision = decide(request, found, gate, callers)
        return decision.refusal or running or decision.not_ready

    return {operation: against(operation) for operation in OPERATIONS}


def answer_document(refusal: Refusal | None) -> Document:
    """Return `allowed`, and where it is not, why."""
    return {"allowed": False, **refusal.body} if refusal else {"allowed": True}
