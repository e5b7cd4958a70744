"""One cold start in a process of its own: `cold.py <folder> <function> <event>`. Imports as little as it can."""

import json
import sys

folder, function, event = sys.argv[1:]
sys.path.insert(0, folder)


class Context:
    """What the functions are given and do not use."""

    aws_request_id = "1"
    function_name = "bench"
    memory_limit_in_mb = "256"


def floor() -> None:
    """A bare botocore client that makes one call: what the budgets are relative to."""
    from botocore.session import get_session  # noqa: PLC0415 - only for the floor

    client = get_session().create_client("rds")
    client.describe_db_instances(DBInstanceIdentifier="dev-1")  # type: ignore[attr-defined]


if function == "floor":
    floor()
else:
    handler = __import__(f"{function}.handler", fromlist=["handler"]).handler
    handler(json.loads(event), Context())
