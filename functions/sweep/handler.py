"""Sweep: on a schedule, closes what everything else left open."""

from rds_operations.aws.clients import dynamodb_client, own_session, queue_client, states_client
from rds_operations.aws.lambda_handler import lambda_handler
from rds_operations.aws.operation_store import OperationStore
from rds_operations.aws.rds_clients import RdsClients
from rds_operations.aws.refusal_queue import RefusalQueue
from rds_operations.aws.step_functions import Executions
from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.settings.deployment import Deployment
from rds_operations.settings.targets import Targets
from rds_operations.steps.audit_operation import Closer
from rds_operations.steps.sweep import Sweep

deployment = Deployment.from_env()
closer = Closer(OperationStore(dynamodb_client(), deployment), Executions(states_client, deployment))
rds_clients = RdsClients(own_session(), deployment, Targets.packaged(deployment.home))
refusal_queue = RefusalQueue(queue_client(), deployment.refusal_queue, deployment.refusal_dead_letters)


@lambda_handler("Sweep")
def handler(_event: Document) -> Document:
    """Return what was done, counted: see `Sweep.run`."""
    return dict(Sweep(closer, rds_clients, refusal_queue, deployment.admission_machine, clock.now()).run())
