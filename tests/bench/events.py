"""The measured functions' inputs, and DynamoDB's only item."""

from __future__ import annotations

import json
from typing import Any

from rds_operations.model.request import OperationRequest

Document = dict[str, Any]
INSTANCE_ID = "dev-1"
SNAPSHOT_ID = "dev-1-manual"
OPERATION_ID = "dev-1-create-snapshot-0123456789abcdef"
EXECUTION_ARN = f"arn:aws:states:eu-west-1:123456789012:execution:rds-operations-operation:{OPERATION_ID}"
_PARAMETERS = {"snapshot_id": SNAPSHOT_ID, "tags": []}
_BODY = {"operation": "create_snapshot", "instance_id": INSTANCE_ID, "parameters": {"snapshot_id": SNAPSHOT_ID}}
REQUEST: Document = {
    "operation_id": OPERATION_ID,
    "operation": "create_snapshot",
    "instance_id": INSTANCE_ID,
    "parameters": _PARAMETERS,
    "account_id": "123456789012",
    "region": "eu-west-1",
    "caller": {"userId": "jane", "principal": "arn:aws:sts::123456789012:assumed-role/Dba/jane"},
    "requested_at": "2025-11-13T10:30:00.000Z",
    "request_id": "request-1",
    "execution_arn": EXECUTION_ARN,
    "idempotency_key": "",
    "resource_id": "db-1",
}
VALIDATE: Document = {
    "machine": "ADMISSION",
    "envelope": {
        "body": json.dumps(_BODY),
        "length": len(json.dumps(_BODY)),
        "caller": {
            "authentication": "iam",
            "userArn": "arn:aws:sts::123456789012:assumed-role/Dba/jane",
            "accountId": "123456789012",
            "sourceIp": "203.0.113.1",
        },
    },
    "execution": {
        "Id": "arn:aws:states:eu-west-1:123456789012:express:rds-operations-admission:request-1:1",
        "Name": "request-1",
        "StartTime": "2025-11-13T10:30:00.000Z",
    },
}
WORK: Document = {"request": REQUEST, "verdict": {"environment": "development", "source": "tag Environment=dev"}}
POLL: Document = {
    **WORK,
    "since": "2025-11-13T10:30:01.000Z",
    "polls": 1,
    "progress": {"status": "creating", "finished": False, "success": False},
}
EVENTS = {"validate": VALIDATE, "execute": WORK, "poll": POLL}
ITEM: Document = {
    name: {"S": value if isinstance(value, str) else json.dumps(value)}
    for name, value in {
        **{key: value for key, value in REQUEST.items() if key != "caller"},
        "user_identity": REQUEST["caller"],
        "fingerprint": OperationRequest.from_document(REQUEST).fingerprint,
        "environment": "development",
        "environment_source": "tag Environment=dev",
        "status": "accepted",
        "started_at": "2025-11-13T10:30:00.000Z",
    }.items()
}
