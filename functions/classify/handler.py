"""Classify: was it accepted before? Which environment is the instance? Can the operation run on it? Reads only."""

from rds_operations.aws.clients import dynamodb_client, own_session
from rds_operations.aws.inventory_table import Inventory
from rds_operations.aws.lambda_handler import lambda_handler
from rds_operations.aws.operation_store import OperationStore
from rds_operations.aws.rds_clients import RdsClients
from rds_operations.aws.telemetry import log_verdict
from rds_operations.model.documents import Document
from rds_operations.model.request import OperationRequest
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.deployment import Deployment
from rds_operations.settings.gate import GateSettings
from rds_operations.settings.targets import Targets
from rds_operations.steps.classify import Classifier

deployment = Deployment.from_env()
rds_clients = RdsClients(own_session(), deployment, Targets.packaged(deployment.home))
tables = dynamodb_client()
inventory = Inventory(tables, deployment.inventory_table)
store = OperationStore(tables, deployment)
classifier = Classifier(rds_clients, inventory, store, GateSettings.packaged(), CallerSettings.packaged())


@lambda_handler("Classify")
def handler(event: Document) -> Document:
    """Add `verdict` and the place in `request`; and `refusal` where the answer is no for good, `not_ready` where it is
    no for now. To a request that was accepted before under its key, add its answer, or leave that to Admit.
    """
    if "refusal" in event:  # Validate's, in OPERATION, which has no Choice before this
        return {}
    classified = classifier.classify_request(OperationRequest.from_document(event["request"]))
    if classified.verdict:
        log_verdict(classified.verdict)
    return dict(classified.to_document())
