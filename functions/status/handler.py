"""Status: GET /operations/{operation_id}, and the answer to a POST that has waited for the end."""

from rds_operations.aws.clients import dynamodb_client
from rds_operations.aws.lambda_handler import lambda_handler
from rds_operations.aws.operation_store import OperationStore
from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.rules.identity import proxy_identity
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.deployment import Deployment
from rds_operations.steps.status import StatusPage

deployment = Deployment.from_env()
store = OperationStore(dynamodb_client(), deployment)
page = StatusPage(store, CallerSettings.packaged(), deployment.polling, deployment.allowed_origin)


@lambda_handler("Status", quiet=True)
def handler(event: Document) -> Document:
    """Take an API Gateway proxy event, and return a proxy response. Add `reply` to ADMISSION's state document."""
    if event.get("machine") == "ADMISSION":
        return {"reply": page.reply(event["operation_id"])}
    return page.response(event["pathParameters"]["operation_id"], proxy_identity(event), clock.now())
