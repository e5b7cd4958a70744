"""Inventory: on a schedule, what databases there are in every account and Region of the deployment."""

from rds_operations.aws.clients import dynamodb_client, own_session
from rds_operations.aws.inventory_table import Inventory
from rds_operations.aws.lambda_handler import lambda_handler
from rds_operations.aws.rds_clients import RdsClients
from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.settings.deployment import Deployment
from rds_operations.settings.gate import GateSettings
from rds_operations.settings.targets import Targets
from rds_operations.steps.inventory import take_inventory

deployment = Deployment.from_env()
rds_clients = RdsClients(own_session(), deployment, Targets.packaged(deployment.home))
inventory = Inventory(dynamodb_client(), deployment.inventory_table)
settings = GateSettings.packaged()


@lambda_handler("Inventory")
def handler(_event: Document) -> Document:
    """Return what was found, counted: see `steps.inventory`."""
    return dict(take_inventory(rds_clients, inventory, settings, clock.now()))
