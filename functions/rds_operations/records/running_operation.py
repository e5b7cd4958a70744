"""What is said of the operation that runs on an instance."""

from __future__ import annotations

from rds_operations.model.refusals import Code, Refusal, conflict
from rds_operations.model.request import OperationRequest
from rds_operations.records.stored_operation import StoredOperation
from rds_operations.rules.authorization import may_see
from rds_operations.settings.callers import CallerSettings


def in_progress(callers: CallerSettings, request: OperationRequest, running: StoredOperation | None) -> Refusal:
    """Say what runs and since when. Its id is for those who may read the operation."""
    what, its_id = f"Another operation is running on {request.instance_id}", ""
    if running:
        since = running.acting_at or running.started_at
        what = f"{running.request.operation} has been running on {request.instance_id} since {since}"
        if may_see(callers, request.caller, running.request.caller):
            its_id = f" ({running.operation_id})"
    return conflict(f"{what}{its_id}. Try again when it has ended.", Code.OPERATION_IN_PROGRESS)
