"""Execute: the one function that may change a database, and does so once."""

from rds_operations.aws.clients import dynamodb_client, own_session
from rds_operations.aws.lambda_handler import lambda_handler
from rds_operations.aws.operation_store import OperationStore
from rds_operations.aws.rds_clients import RdsClients
from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.model.request import OperationRequest
from rds_operations.rules.request_stub import as_direct_start
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.deployment import Deployment
from rds_operations.settings.gate import GateSettings
from rds_operations.settings.targets import Targets
from rds_operations.steps.execute import Executor

deployment = Deployment.from_env()
rds_clients = RdsClients(own_session(), deployment, Targets.packaged(deployment.home))
rds_clients.prepare_acting()
executor = Executor(
    rds_clients, OperationStore(dynamodb_client(), deployment), GateSettings.packaged(), CallerSettings.packaged()
)


@lambda_handler("Execute")
def handler(event: Document) -> Document:
    """Add `progress`, the `request` for the instance on record, and the `verdict` of the last read, if there was one.

    Also `since`, when it acted; or `refusal`, where the answer was no at the last moment.
    """
    request = OperationRequest.from_document(event["request"])
    own = as_direct_start(request, deployment.execution_arn(request.operation_id))
    return dict(executor.execute(own, clock.now()).to_document(own))
