"""Poll: one look at RDS, written down. When to look again, and when to stop, the state machine knows."""

from datetime import datetime

from rds_operations.aws.clients import dynamodb_client, own_session
from rds_operations.aws.lambda_handler import lambda_handler
from rds_operations.aws.operation_store import OperationStore
from rds_operations.aws.rds_clients import RdsClients
from rds_operations.aws.telemetry import logger
from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.model.progress import Progress
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.settings.deployment import Deployment
from rds_operations.settings.targets import Targets
from rds_operations.steps.late_look import late_look

deployment = Deployment.from_env()
rds_clients = RdsClients(own_session(), deployment, Targets.packaged(deployment.home))
store = OperationStore(dynamodb_client(), deployment)


@lambda_handler("Poll")
def handler(event: Document) -> Document:
    """Adds the new `progress`; `polls` is the number of this one."""
    request, since = OperationRequest.from_document(event["request"]), clock.from_text(event["since"])
    before = Progress.from_document(event["progress"])
    if event.get("machine") == "LATE_WATCH":
        progress = late_look(rds_clients, store, request, since, before)
    else:
        progress = _poll(request, since, before, event["polls"])
    logger.info("polled", extra={"poll": event["polls"], "status": progress.status, "percent": progress.percent})
    return {"progress": progress.to_document()}


def _poll(request: OperationRequest, since: datetime, before: Progress, poll: int) -> Progress:
    """While the operation runs: nobody else acts on the instance, and callers see how far it is."""
    rds = rds_clients.reading(rds_clients.targets.place_of(request))
    progress = OPERATIONS[request.operation].poll(rds, request, since, before)
    if not progress.finished:
        store.advance(request, progress, poll)
    return progress
