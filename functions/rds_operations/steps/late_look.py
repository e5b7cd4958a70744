"""A look at RDS after an operation's end, when others may have acted on the instance since."""

from __future__ import annotations

from datetime import datetime

from rds_operations.aws.operation_store import OperationStore
from rds_operations.aws.rds_clients import RdsClients
from rds_operations.model.progress import Progress, untold
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.steps.audit_late_watch import is_its_own


def late_look(
    rds_clients: RdsClients, store: OperationStore, request: OperationRequest, since: datetime, previous: Progress
) -> Progress:
    """Look, and believe it only where no later operation of the same kind can be what shows.

    Raises what reading RDS and the tables raises.
    """
    rds = rds_clients.reading(rds_clients.targets.place_of(request))
    progress = OPERATIONS[request.operation].poll(rds, request, since, previous)
    return progress if is_its_own(store, request) else untold()
