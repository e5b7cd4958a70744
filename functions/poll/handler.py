"""Poll: read RDS once, and write down what it shows. The state machine knows when to read again, and when to stop."""

from rds_operations.aws.clients import dynamodb_client, own_session
from rds_operations.aws.lambda_handler import lambda_handler
from rds_operations.aws.operation_store import OperationStore
from rds_operations.aws.rds_clients import RdsClients
from rds_operations.aws.telemetry import logger
from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.model.progress import Progress
from rds_operations.model.request import OperationRequest
from rds_operations.settings.deployment import Deployment
from rds_operations.settings.targets import Targets
from rds_operations.steps.poll import poll_after_end, poll_running

deployment = Deployment.from_env()
rds_clients = RdsClients(own_session(), deployment, Targets.packaged(deployment.home))
store = OperationStore(dynamodb_client(), deployment)


@lambda_handler("Poll")
def handler(event: Document) -> Document:
    """Add the new `progress`. `polls` is the number of this poll, from 1."""
    request, since = OperationRequest.from_document(event["request"]), clock.from_text(event["since"])
    previous, number = Progress.from_document(event["progress"]), event["polls"]
    if event.get("machine") == "LATE_WATCH":
        progress = poll_after_end(rds_clients, store, request, since, previous)
    else:
        progress = poll_running(rds_clients, store, request, since, previous, number, clock.now())
    logger.info("polled", extra={"poll": number, "status": progress.status, "percent": progress.percent})
    return {"progress": progress.to_document()}
