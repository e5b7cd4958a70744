"""Audit: the record of what was refused, of how an operation ended, and of what became of it later."""

from datetime import datetime

from rds_operations.aws.clients import dynamodb_client, states_client
from rds_operations.aws.lambda_handler import lambda_handler, operation_id_of
from rds_operations.aws.metrics import counting_write_failures
from rds_operations.aws.operation_store import OperationStore
from rds_operations.aws.step_functions import Executions
from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.model.errors import ClosedOtherwise
from rds_operations.records.refused_admission import RefusedAdmission
from rds_operations.records.state_document import as_state_document
from rds_operations.settings.deployment import Deployment
from rds_operations.steps.audit_admission import audit_admission
from rds_operations.steps.audit_late_watch import audit_late_watch
from rds_operations.steps.audit_operation import Closer

deployment = Deployment.from_env()
# One attempt, for the states repeat: a table that does not answer must be counted within the function's three seconds.
store = OperationStore(dynamodb_client(attempts=1), deployment)
closer = Closer(store, Executions(states_client, deployment))


@lambda_handler("Audit")
def handler(event: Document) -> Document:
    """Return the HTTP response to ADMISSION, the outcome to OPERATION or for the event of its end, and the completed
    result document to LATE_WATCH.

    Raise `ClosedOtherwise` to the state that lets OPERATION succeed (`succeeds`) where the record says otherwise.
    """
    with counting_write_failures(operation_id_of(event)):
        return _audit(event, clock.now())


def _audit(event: Document, now: datetime) -> Document:
    if event.get("source") == "aws.states":
        return closer.close_ended(event["detail"], now).to_document()
    work = as_state_document(event["work"])
    if event["machine"] == "ADMISSION":
        refused = RefusedAdmission(work, event["envelope"], event["execution"])
        return {"reply": audit_admission(store, refused, now)}
    if event["machine"] == "LATE_WATCH":
        return audit_late_watch(store, work, now)
    outcome = closer.close(work, event["execution"], now, event.get("body", ""))
    if event.get("succeeds") and outcome.error:
        raise ClosedOtherwise(f"It was closed as {outcome.error} before it was seen to succeed")
    return outcome.to_document()
