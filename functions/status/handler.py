"""Status: GET /operations/{operation_id}, from the item of the operation."""

import json

from rds_operations.aws.clients import dynamodb_client
from rds_operations.aws.lambda_handler import lambda_handler
from rds_operations.aws.operation_store import OperationStore
from rds_operations.model.documents import Document
from rds_operations.model.identifiers import is_execution_name
from rds_operations.records.operation_item import caller_of
from rds_operations.rules.authorization import may_see
from rds_operations.rules.identity import proxy_identity
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.deployment import Deployment
from rds_operations.steps.status import status_document, unknown

deployment = Deployment.from_env()
store = OperationStore(dynamodb_client(), deployment)
callers = CallerSettings.packaged()


@lambda_handler("Status")
def handler(event: Document) -> Document:
    """An API Gateway proxy event in, a proxy response out. Somebody else's operation is answered as an unknown one."""
    operation_id = event["pathParameters"]["operation_id"]
    item = store.item(operation_id) if is_execution_name(operation_id) else None
    if item is None or not may_see(callers, proxy_identity(event), caller_of(item)):
        refusal = unknown(operation_id)
        return _response(refusal.status, {"error": refusal.error, "code": refusal.code})
    document = status_document(item, deployment.home)
    running = {} if "success" in document else {"Retry-After": deployment.poll_interval}
    return _response(200, document, running)


def _response(status: int, body: Document, headers: dict[str, str] | None = None) -> Document:
    fixed = {
        "Content-Type": "application/json",
        "Access-Control-Allow-Origin": deployment.allowed_origin,
        "Access-Control-Expose-Headers": "Retry-After",
    }
    return {"statusCode": status, "headers": fixed | (headers or {}), "body": json.dumps(body, ensure_ascii=False)}
