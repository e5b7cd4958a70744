"""Admit: the request is put on record with its lock and its Idempotency-Key, before OPERATION is started."""

from dataclasses import replace

from rds_operations.aws.clients import dynamodb_client
from rds_operations.aws.lambda_handler import lambda_handler
from rds_operations.aws.operation_store import OperationStore
from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.model.refusals import Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.rules.classification import Verdict
from rds_operations.settings.deployment import Deployment
from rds_operations.steps.admit import acceptance, admit, check_in_time

deployment = Deployment.from_env()
store = OperationStore(dynamodb_client(), deployment)


@lambda_handler("Admit")
def handler(event: Document) -> Document:
    """Adds `reply`, and `start` (the name and input of OPERATION) unless that has begun already; or `refusal`.

    Without a `verdict` Classify has found an operation that was accepted before: nothing else is answered.
    """
    check_in_time(clock.from_text(event["entered_at"]), clock.now())
    request = OperationRequest.from_document(event["request"])
    request = replace(request, execution_arn=deployment.execution_arn(request.operation_id))
    obstacle = Refusal.from_document(event["obstacle"]) if "obstacle" in event else None
    verdict = Verdict.from_document(event["verdict"]) if "verdict" in event else None
    item = admit(store, request, verdict, clock.now(), obstacle)
    if isinstance(item, Refusal):
        # An attempt before this one may still open the request: Audit must know.
        retried = {"retried": True} if event.get("retries") else {}
        return {"refusal": item.to_document(), "reply": item.reply(), **retried}
    return acceptance(item, request, deployment.home)
