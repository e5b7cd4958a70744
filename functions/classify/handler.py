"""Classify: whose environment is this instance, and can the operation run on it? Reads RDS, changes nothing."""

from rds_operations.access import Access
from rds_operations.assessment import Assessor
from rds_operations.aws import dynamodb_client, own_session
from rds_operations.callers import CallerSettings
from rds_operations.environment import Deployment
from rds_operations.gate_settings import GateSettings
from rds_operations.inventory import Inventory
from rds_operations.order import Order
from rds_operations.step import Document, step
from rds_operations.targets import Targets
from rds_operations.telemetry import told_verdict

deployment = Deployment.from_env()
access = Access(own_session(), deployment, Targets.shipped(deployment.home))
inventory = Inventory(dynamodb_client(), deployment.inventory_table)
assessor = Assessor(access, inventory, GateSettings.shipped(), CallerSettings.shipped())


@step("Classify")
def handler(event: Document) -> Document:
    """Adds `verdict` and the place in `order`; `refusal` where the answer is no for good, `obstacle` where it is no for
    now.
    """
    assessment = assessor.assess(Order.from_document(event["order"]))
    if assessment.verdict:
        told_verdict(assessment.verdict)
    return assessment.to_document()
