"""Audit: the record of what was refused, of how an operation ended, and of what became of it later."""

from rds_operations.aws.clients import dynamodb_client, states_client
from rds_operations.aws.lambda_handler import lambda_handler, operation_id_of
from rds_operations.aws.operation_store import OperationStore
from rds_operations.aws.step_functions import Executions
from rds_operations.aws.telemetry import audit_write_failure
from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.model.faults import RecordNotWritten
from rds_operations.settings.deployment import Deployment
from rds_operations.steps.audit_admission import refuse
from rds_operations.steps.audit_late_watch import audit_late_watch
from rds_operations.steps.audit_operation import Books, close, close_ended

deployment = Deployment.from_env()
# One attempt, for the states repeat: a table that does not answer must be counted within the function's three seconds.
store = OperationStore(dynamodb_client(attempts=1), deployment)
books = Books(store, Executions(states_client, deployment))


@lambda_handler("Audit")
def handler(event: Document) -> Document:
    """From ADMISSION the reply to give; from OPERATION, or the event of its end, the outcome; from LATE_WATCH the
    completed result document.
    """
    try:
        return _settle(event)
    except RecordNotWritten:
        audit_write_failure(operation_id_of(event))
        raise


def _settle(event: Document) -> Document:
    now = clock.now()
    if event.get("source") == "aws.states":
        return close_ended(books, event["detail"], now).to_document()
    if event["machine"] == "ADMISSION":
        return {"reply": refuse(store, event["work"], event["envelope"], event["execution"], now)}
    if event["machine"] == "LATE_WATCH":
        return audit_late_watch(store, event["work"], now)
    return close(books, event["work"], event["execution"], now, event.get("body", "")).to_document()
