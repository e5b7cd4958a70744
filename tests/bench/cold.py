"""One cold start in its own process: `cold.py <folder> <function> <event>`. It imports as little as it can."""

import json
import sys

folder, function, event = sys.argv[1:]
sys.path.insert(0, folder)


class Context:
    """Stand in for what the functions get and do not use."""

    aws_request_id = "1"
    function_name = "bench"
    memory_limit_in_mb = "256"


def floor() -> None:
    """Make one call with a bare botocore client, to which the budgets are relative."""
    from botocore.session import get_session  # noqa: PLC0415 - only for the floor

    client = get_session().create_client("rds")
    client.describe_db_instances(DBInstanceIdentifier="dev-1")  # type: ignore[attr-defined]


if function == "floor":
    floor()
else:
    handler = __import__(f"{function}.handler", fromlist=["handler"]).handler
    handler(json.loads(event), Context())
