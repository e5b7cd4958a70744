"""Poll: read RDS once, and write down what it shows. The state machine knows when to read again, and when to stop."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from rds_operations.aws.operation_store import OperationStore
from rds_operations.model.progress import Progress, unknown_end
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS

if TYPE_CHECKING:  # Audit imports this module, and has no way to RDS
    from rds_operations.aws.rds_clients import RdsClients


def poll_running(
    rds_clients: RdsClients,
    store: OperationStore,
    request: OperationRequest,
    since: datetime,
    previous: Progress,
    number: int,
    now: datetime,
) -> Progress:
    """Poll while the operation runs: nobody else acts on the instance, and callers see how far it is.

    `number` counts the polls from 1. Raises what reading RDS and writing the table raises.
    """
    progress = _read(rds_clients, request, since, previous)
    if not progress.finished:
        store.advance(request, progress, number, now)
    return progress


def poll_after_end(
    rds_clients: RdsClients, store: OperationStore, request: OperationRequest, since: datetime, previous: Progress
) -> Progress:
    """Poll after the operation's end, when others may have acted on the instance since.

    What a later operation of the same kind may have done is not believed. Raises what reading RDS and the table raises.
    """
    progress = _read(rds_clients, request, since, previous)
    return progress if is_its_own(store, request) else unknown_end()


def is_its_own(store: OperationStore, request: OperationRequest) -> bool:
    """Tell whether what RDS has shown is what this operation did, and not a later one of its kind.

    To be asked after the read: a claim comes before its act, so what was read is nobody's who claims later.
    """
    return OPERATIONS[request.operation].signs or store.was_last(request)


def _read(rds_clients: RdsClients, request: OperationRequest, since: datetime, previous: Progress) -> Progress:
    rds = rds_clients.reading(rds_clients.targets.place_of(request))
    return OPERATIONS[request.operation].poll(rds, request, since, previous)
