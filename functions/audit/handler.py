"""Audit: the record of what was refused, and of how an operation ended."""

from rds_operations import clock
from rds_operations.aws import dynamodb_client
from rds_operations.environment import Deployment
from rds_operations.faults import RecordNotWritten
from rds_operations.ledger import Ledger
from rds_operations.settlement import close, close_ended, refuse
from rds_operations.step import Document, step
from rds_operations.telemetry import audit_write_failure

ledger = Ledger(dynamodb_client(), Deployment.from_env())


@step("Audit")
def handler(event: Document) -> Document:
    """From ADMISSION the reply to give; from OPERATION, or the event of its end, the outcome."""
    try:
        return _settle(event)
    except RecordNotWritten:
        audit_write_failure()
        raise


def _settle(event: Document) -> Document:
    if event.get("source") == "aws.states":
        return close_ended(ledger, event["detail"], clock.now()).to_document()
    if event["machine"] == "ADMISSION":
        return {"reply": refuse(ledger, event["work"], event["envelope"], event["execution"], clock.now())}
    return close(ledger, event["work"], event["execution"], clock.now()).to_document()
