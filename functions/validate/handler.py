"""Validate: the body becomes a request, or a refusal. Imports no AWS SDK."""

from rds_operations.aws.lambda_handler import lambda_handler
from rds_operations.model.documents import Document
from rds_operations.settings.deployment import Deployment
from rds_operations.settings.targets import Targets
from rds_operations.steps.validate import validate_api, validate_execution, validated_document

targets = Targets.packaged(Deployment.from_env().home)


@lambda_handler("Validate")
def handler(event: Document) -> Document:
    """Take ADMISSION's `envelope`, or OPERATION's `body` as JSON text. Add `request`, and `refusal` where it is no."""
    if event["machine"] == "ADMISSION":
        envelope = event["envelope"]
        validated = validate_api(envelope, event["execution"], targets)
        return dict(validated_document(validated, envelope.get("prefer", "")))
    return dict(validated_document(validate_execution(event["body"], event["execution"], targets)))
