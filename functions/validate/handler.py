"""Validate: the body becomes a request, or a refusal. Imports no AWS SDK."""

from rds_operations.aws.lambda_handler import lambda_handler
from rds_operations.model.documents import Document
from rds_operations.model.request import OperationRequest
from rds_operations.rules.request_stub import from_api, from_execution
from rds_operations.settings.deployment import Deployment
from rds_operations.settings.targets import Targets

targets = Targets.packaged(Deployment.from_env().home)


@lambda_handler("Validate")
def handler(event: Document) -> Document:
    """From ADMISSION the API's `envelope`, from OPERATION the `request` alone; a request is JSON text, as it came."""
    execution = event["execution"]
    if event["machine"] == "ADMISSION":
        result = from_api(event["envelope"], execution, targets)
    else:
        result = from_execution(event["body"], execution, targets)
    if isinstance(result, OperationRequest):
        return {"request": result.to_document()}
    known, refusal = result
    return {"request": known.to_document(), "refusal": refusal.to_document(), "reply": refusal.reply()}
