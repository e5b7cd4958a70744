"""Inventory: on a schedule, what databases there are in every account and Region of the deployment."""

from rds_operations.access import Access
from rds_operations.aws import dynamodb_client, own_session
from rds_operations.environment import Deployment
from rds_operations.gate_settings import GateSettings
from rds_operations.inventory import Inventory
from rds_operations.model import clock
from rds_operations.step import Document, step
from rds_operations.stocktaking import take_stock
from rds_operations.targets import Targets

deployment = Deployment.from_env()
access = Access(own_session(), deployment, Targets.shipped(deployment.home))
inventory = Inventory(dynamodb_client(), deployment.inventory_table)
settings = GateSettings.shipped()


@step("Inventory")
def handler(_event: Document) -> Document:
    """What was found, counted: see `rds_operations.stocktaking`."""
    return dict(take_stock(access, inventory, settings, clock.now()))
