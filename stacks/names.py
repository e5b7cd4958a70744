"""The physical names, where an operator meets them in the console."""

AUDIT_TABLE = "rds_audit_log"
OPERATIONS_TABLE = "rds_operations"
FUNCTION_PREFIX = "rds-operations"
FUNCTIONS_LOG_GROUP = "/aws/lambda/rds-operations-service"
# Step Functions adds one line per log group to a resource policy of limited length, except under this prefix.
# https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
WORKFLOW_LOG_GROUPS = "/aws/vendedlogs/states"
ACCESS_LOG_GROUP = "/aws/apigateway/rds-operations"
ADMISSION_MACHINE = "rds-operations-admission"
OPERATION_MACHINE = "rds-operations-operation"
LATE_WATCH_MACHINE = "rds-operations-late-watch"
INVENTORY_TABLE = "rds_inventory"


def function(name: str) -> str:
    return f"{FUNCTION_PREFIX}-{name}"


def function_role(function: str, region: str) -> str:
    """A name of its own, so that other accounts can trust it. Roles are the account's, hence the Region."""
    return f"{FUNCTION_PREFIX}-{function}-{region}"
