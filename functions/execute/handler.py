"""Execute: the one function that may change a database, and does so once."""

from rds_operations import clock
from rds_operations.aws import acting_client, dynamodb_client
from rds_operations.classification import Verdict
from rds_operations.environment import Deployment
from rds_operations.execution import execute
from rds_operations.ledger import Ledger
from rds_operations.order import Order
from rds_operations.progress import failed
from rds_operations.rds import Rds
from rds_operations.refusals import Refusal
from rds_operations.step import Document, step

rds = Rds(acting_client())
ledger = Ledger(dynamodb_client(), Deployment.from_env())


@step("Execute")
def handler(event: Document) -> Document:
    """Adds `progress`, and `since`: when it acted; `refusal` where a direct start found something in the way."""
    order = Order.from_document(event["order"])
    verdict = Verdict.from_document(event["verdict"])
    result = execute(rds, ledger, order, verdict, clock.now())
    if isinstance(result, Refusal):
        return {"refusal": result.to_document(), "progress": failed(result.error).to_document()}
    progress, since = result
    return {"progress": progress.to_document(), "since": clock.to_text(since)}
