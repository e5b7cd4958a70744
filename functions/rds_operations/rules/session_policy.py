"""The session policy under which Execute acts: one operation's actions, and nothing else."""

from __future__ import annotations

import json

from rds_operations.model.place import Place
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.operations.base import ANY_RESOURCE


def session_policy(request: OperationRequest, place: Place, partition: str) -> str:
    """Allow the operation's actions on its own instance (and snapshot). At most 2,048 characters.

    What the session may do is the intersection of this and of its role's policies.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies.html#policies_session
    """
    operation = OPERATIONS[request.operation]
    names = operation.resources(request)
    prefix = f"arn:{partition}:rds:{place.region}:{place.account_id}"
    statements = [
        {
            "Effect": "Allow",
            "Action": permission.action,
            "Resource": [
                ANY_RESOURCE if kind == ANY_RESOURCE else f"{prefix}:{kind}:{names[kind]}"
                for kind in permission.resources
            ],
        }
        for permission in operation.execute_permissions
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements}, separators=(",", ":"))
