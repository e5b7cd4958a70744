"""Poll: one look at RDS, written down. When to look again, and when to stop, the state machine knows."""

from rds_operations import clock
from rds_operations.aws import dynamodb_client, looking_client
from rds_operations.environment import Deployment
from rds_operations.ledger import Ledger
from rds_operations.operations import OPERATIONS
from rds_operations.order import Order
from rds_operations.progress import Progress
from rds_operations.rds import Rds
from rds_operations.step import Document, step
from rds_operations.telemetry import logger

rds = Rds(looking_client())
ledger = Ledger(dynamodb_client(), Deployment.from_env())


@step("Poll")
def handler(event: Document) -> Document:
    """Adds the new `progress`; `polls` is the number of this one."""
    order = Order.from_document(event["order"])
    before = Progress.from_document(event["progress"])
    progress = OPERATIONS[order.operation].look(rds, order, clock.from_text(event["since"]), before)
    logger.info("polled", extra={"poll": event["polls"], "status": progress.status, "percent": progress.percent})
    if not progress.finished:
        ledger.advance(order, progress, event["polls"])
    return {"progress": progress.to_document()}
