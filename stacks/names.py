"""The physical names that operators see in the console."""

AUDIT_TABLE = "rds_audit_log"
OPERATIONS_TABLE = "rds_operations"
FUNCTION_PREFIX = "rds-operations"
FUNCTIONS_LOG_GROUP = "/aws/lambda/rds-operations-service"
# For a log group without this prefix, Step Functions adds a line to a resource policy of limited length.
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
    """Return a fixed name, which other accounts can trust. It has the Region, because role names belong to the
    account.
    """
    return f"{FUNCTION_PREFIX}-{function}-{region}"
