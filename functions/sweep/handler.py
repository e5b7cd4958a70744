"""Sweep: on a schedule, closes what everything else left open."""

from rds_operations.aws.clients import dynamodb_client, own_session, queue_client, states_client
from rds_operations.aws.lambda_handler import step
from rds_operations.aws.operation_store import Ledger
from rds_operations.aws.rds_clients import Access
from rds_operations.aws.refusal_queue import Unrecorded
from rds_operations.aws.step_functions import Executions
from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.settings.deployment import Deployment
from rds_operations.settings.targets import Targets
from rds_operations.steps.audit_operation import Books
from rds_operations.steps.sweep import sweep

deployment = Deployment.from_env()
books = Books(Ledger(dynamodb_client(), deployment), Executions(states_client, deployment))
access = Access(own_session(), deployment, Targets.packaged(deployment.home))
unrecorded = Unrecorded(queue_client(), deployment.unrecorded_queue, deployment.unrecorded_dead_letters)


@step("Sweep")
def handler(_event: Document) -> Document:
    """What was done, counted: see `rds_operations.steps.sweep`."""
    return dict(sweep(books, access, unrecorded, deployment.admission_machine, clock.now()))
