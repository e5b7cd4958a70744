"""Lists: GET /operations, GET /records and GET /me."""

from rds_operations.aws.clients import dynamodb_client
from rds_operations.aws.lambda_handler import lambda_handler
from rds_operations.aws.list_reader import ListReader
from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.rules.identity import proxy_identity
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.deployment import Deployment
from rds_operations.settings.targets import Targets
from rds_operations.steps.lists import Lists

deployment = Deployment.from_env()
client = dynamodb_client()
lists = Lists(
    ListReader(client, deployment),
    CallerSettings.packaged(),
    Targets.packaged(deployment.home),
    deployment,
)


@lambda_handler("Lists", quiet=True)
def handler(event: Document) -> Document:
    """Take an API Gateway proxy event, and return a proxy response."""
    parameters = event.get("multiValueQueryStringParameters") or {}
    return lists.response(event["resource"], parameters, proxy_identity(event), clock.now())
