"""Poll: one look at RDS, written down. When to look again, and when to stop, the state machine knows."""

from rds_operations import clock
from rds_operations.access import Access
from rds_operations.aws import dynamodb_client, own_session
from rds_operations.environment import Deployment
from rds_operations.ledger import Ledger
from rds_operations.operations import OPERATIONS
from rds_operations.order import Order
from rds_operations.progress import Progress
from rds_operations.step import Document, step
from rds_operations.targets import Targets
from rds_operations.telemetry import logger

deployment = Deployment.from_env()
access = Access(own_session(), deployment, Targets.shipped(deployment.home))
ledger = Ledger(dynamodb_client(), deployment)


@step("Poll")
def handler(event: Document) -> Document:
    """Adds the new `progress`; `polls` is the number of this one."""
    order = Order.from_document(event["order"])
    before = Progress.from_document(event["progress"])
    rds = access.reading(access.targets.place_of(order))
    progress = OPERATIONS[order.operation].look(rds, order, clock.from_text(event["since"]), before)
    logger.info("polled", extra={"poll": event["polls"], "status": progress.status, "percent": progress.percent})
    if not progress.finished:
        ledger.advance(order, progress, event["polls"])
    return {"progress": progress.to_document()}
