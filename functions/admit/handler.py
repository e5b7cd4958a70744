"""Admit: the request is put on record with its lock and its Idempotency-Key, before OPERATION is started."""

from rds_operations.aws.clients import dynamodb_client
from rds_operations.aws.lambda_handler import lambda_handler
from rds_operations.aws.operation_store import OperationStore
from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.deployment import Deployment
from rds_operations.steps.admit import Candidate, admit_in_time

deployment = Deployment.from_env()
store = OperationStore(dynamodb_client(), deployment)
callers = CallerSettings.packaged()


@lambda_handler("Admit")
def handler(event: Document) -> Document:
    """Add `reply`, and `start` unless OPERATION has begun already; or `refusal`."""
    candidate = Candidate.from_document(event, deployment.execution_prefix)
    return dict(admit_in_time(store, callers, candidate, clock.from_text(event["entered_at"]), clock.now()))
