"""Validate: the request becomes an order, or a refusal. Imports no AWS SDK."""

from rds_operations.intake import from_api, from_execution
from rds_operations.order import Order
from rds_operations.step import Document, step


@step("Validate")
def handler(event: Document) -> Document:
    """`execution` is the context object's; `input` the machine's: the API's envelope, or the bare request."""
    given, execution = event["input"], event["execution"]
    is_api = event["machine"] == "ADMISSION"
    result = from_api(given["envelope"], execution) if is_api else from_execution(given, execution)
    if isinstance(result, Order):
        return {"order": result.to_document()}
    known, refusal = result
    return {"order": known.to_document(), "refusal": refusal.to_document(), "reply": refusal.reply()}
