"""Instances: GET /instances, from the inventory, and GET /instances/{instance_id}, live."""

from rds_operations.aws.clients import dynamodb_client, own_session
from rds_operations.aws.instance_past import InstancePast
from rds_operations.aws.inventory_table import Inventory
from rds_operations.aws.lambda_handler import lambda_handler
from rds_operations.aws.operation_reader import OperationReader
from rds_operations.aws.rds_clients import RdsClients
from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.rules.identity import proxy_identity
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.deployment import Deployment
from rds_operations.settings.gate import GateSettings
from rds_operations.settings.targets import Targets
from rds_operations.steps.find_instance import InstanceFinder
from rds_operations.steps.instance_list import InstanceList
from rds_operations.steps.instance_page import InstancePage
from rds_operations.steps.instances import Instances
from rds_operations.steps.live_instances import LiveInstances

deployment = Deployment.from_env()
targets = Targets.packaged(deployment.home)
tables = dynamodb_client()
inventory = Inventory(tables, deployment.inventory_table)
rds_clients = RdsClients(own_session(), deployment, targets)
gate, callers = GateSettings.packaged(), CallerSettings.packaged()
live = LiveInstances(InstanceFinder(rds_clients, inventory), gate)
past = InstancePast(tables, deployment.audit_table)
page = InstancePage(live, OperationReader(tables, deployment), past, gate, callers)
instances = Instances(
    InstanceList(inventory, targets, gate, callers), page, callers, targets, deployment.allowed_origin
)


@lambda_handler("Instances", quiet=True)
def handler(event: Document) -> Document:
    """Take an API Gateway proxy event, and return a proxy response."""
    instance_id = (event.get("pathParameters") or {}).get("instance_id")
    parameters = event.get("multiValueQueryStringParameters") or {}
    return instances.response(instance_id, parameters, proxy_identity(event), clock.now())
