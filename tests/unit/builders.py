"""Builders, valid by default: a test overrides the one field it is about."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rds_operations.classification import Environment, Verdict
from rds_operations.order import Order

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef

ACCOUNT = "123456789012"
REGION = "ap-southeast-1"
INSTANCE_ID = "dev-postgres-01"
SNAPSHOT_ID = "dev-postgres-01-manual"
EXECUTION_PREFIX = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:rds-operations-operation:"
REQUESTED_AT = "2025-11-13T10:30:00.000Z"
MOMENT = datetime(2025, 11, 13, 10, 30, tzinfo=UTC)
DEVELOPMENT = Verdict(Environment.DEVELOPMENT, "tag Environment=dev")

GIVEN: dict[str, dict[str, Any]] = {
    "create_snapshot": {"snapshot_id": SNAPSHOT_ID},
    "reboot_instance": {},
    "modify_backup_window": {"backup_window": "03:00-04:00"},
}
"""The least that a caller must send."""

COMPLETE: dict[str, dict[str, Any]] = {
    "create_snapshot": {"snapshot_id": SNAPSHOT_ID, "tags": []},
    "reboot_instance": {"force_failover": False},
    "modify_backup_window": {"backup_window": "03:00-04:00", "apply_immediately": True},
}
"""The parameters of an order, with the defaults."""


def a_request(operation: str = "create_snapshot", /, **parameters: Any) -> dict[str, Any]:
    return {
        "operation": operation,
        "instance_id": INSTANCE_ID,
        "parameters": {**GIVEN.get(operation, {}), **parameters},
    }


def an_order(operation: str = "create_snapshot", parameters: dict[str, Any] | None = None, **fields: Any) -> Order:
    name = f"{INSTANCE_ID}-{operation.replace('_', '-')}-0123456789abcdef"
    order = Order(
        operation_id=name,
        operation=operation,
        instance_id=INSTANCE_ID,
        parameters=COMPLETE[operation] | (parameters or {}),
        caller={"userId": "john.doe", "sourceIp": "203.0.113.42"},
        requested_at=REQUESTED_AT,
        request_id="request-1",
        execution_arn=EXECUTION_PREFIX + name,
    )
    return replace(order, **fields)


def an_instance(*without: str, **fields: Any) -> DBInstanceTypeDef:
    """An instance as DescribeDBInstances shows it, that every operation is allowed on."""
    instance: Any = {
        "DBInstanceIdentifier": INSTANCE_ID,
        "DBInstanceArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{INSTANCE_ID}",
        "DBInstanceStatus": "available",
        "Engine": "postgres",
        "MultiAZ": False,
        "PreferredBackupWindow": "13:00-13:30",
        "PreferredMaintenanceWindow": "wed:06:38-wed:07:08",
        "PendingModifiedValues": {},
        "DBParameterGroups": [{"ParameterApplyStatus": "in-sync"}],
        "OptionGroupMemberships": [{"Status": "in-sync"}],
        "TagList": [{"Key": "Environment", "Value": "dev"}],
        **fields,
    }
    return {name: value for name, value in instance.items() if name not in without}  # type: ignore[return-value]


def an_envelope(request: Any = None, **fields: Any) -> dict[str, Any]:
    """What the request mapping template makes of an HTTP request, given as a document or as raw text."""
    return {
        "request": request if isinstance(request, str) else json.dumps(a_request() if request is None else request),
        "length": 100,
        "request_id": "request-1",
        "idempotency_key": "",
        "caller": {
            "sourceIp": "203.0.113.42",
            "apiKeyId": "key-id-1",
            "accountId": "",
            "userArn": "",
            "userAgent": "curl/8.5.0",
        },
        **fields,
    }


def an_execution(name: str = "by-hand", **fields: Any) -> dict[str, Any]:
    """What the machines pass on of the context object's Execution."""
    return {"Id": EXECUTION_PREFIX + name, "Name": name, "StartTime": REQUESTED_AT, **fields}
