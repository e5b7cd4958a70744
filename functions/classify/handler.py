"""Classify: whose environment is this instance, and can the operation run on it? Reads RDS, changes nothing."""

from rds_operations.admissibility import gate, impossible, not_found, obstacle, verdict_on
from rds_operations.aws import looking_client
from rds_operations.gate_settings import GateSettings
from rds_operations.order import Order
from rds_operations.rds import Rds
from rds_operations.refusals import Refusal
from rds_operations.step import Document, step
from rds_operations.telemetry import logger

rds = Rds(looking_client())
settings = GateSettings.shipped()


@step("Classify")
def handler(event: Document) -> Document:
    """Adds `verdict`, and `refusal` where the answer is no for good, `obstacle` where it is no for now."""
    order = Order.from_document(event["order"])
    instance = rds.instance(order.instance_id)
    if instance is None:
        return _refused(not_found(order.instance_id))
    verdict = verdict_on(instance, settings)
    logger.info("classified", extra={"environment": verdict.environment, "source": verdict.source})
    if verdict.disagreement:
        logger.warning("environment disputed", extra={"disagreement": verdict.disagreement})
    result: Document = {"verdict": verdict.to_document()}
    if refusal := gate(order.instance_id, verdict) or impossible(order, instance):
        return result | _refused(refusal)
    in_the_way = obstacle(order, instance)
    return result | ({"obstacle": in_the_way.to_document()} if in_the_way else {})


def _refused(refusal: Refusal) -> Document:
    return {"refusal": refusal.to_document(), "reply": refusal.reply()}
