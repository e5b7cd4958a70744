"""Answers of the service that a test changes in one thing."""

from __future__ import annotations

from typing import Any

from tests.cli.stub import Asked, Script, Told

Document = dict[str, Any]
ID = "dev-1-create-snapshot-0123456789abcdef"
ALLOWED: Document = {
    "accepted": True,
    "environment": "development",
    "environment_source": "tag Environment=Development",
    "warnings": [],
}
ACCEPTED: Document = {
    "operation": "create_snapshot",
    "instance_id": "dev-1",
    "operation_id": ID,
    "execution_arn": f"arn:aws:states:eu-west-1:111122223333:execution:rds-operations-operation:{ID}",
    "environment": "development",
    "status": "accepted",
}
RUNNING: Document = {
    **ACCEPTED,
    "status": "creating",
    "finished": False,
    "requested_at": "2026-11-25T10:30:00.000Z",
    "started_at": "2026-11-25T10:30:00.500Z",
    "ended_at": None,
    "requested_by": "jane.doe",
    "parameters": {"snapshot_id": "dev-1-manual-2026-11-25", "tags": []},
    "polls": 1,
    "max_polls": 10,
    "percent": 30,
    "steps": [],
}
DONE: Document = {
    **{name: value for name, value in RUNNING.items() if name != "percent"},
    "status": "available",
    "success": True,
    "finished": True,
    "ended_at": "2026-11-25T10:31:00.000Z",
    "duration_seconds": 59.5,
}
RECORD: Document = {
    "timestamp": "2026-11-25T10:30:00.000Z",
    "event": "completed",
    "operation": "reboot_instance",
    "instance_id": "test-mysql-01",
    "user_identity": {"userId": "jane.doe", "sourceIp": "192.0.2.1"},
    "principal": "arn:aws:sts::111122223333:assumed-role/dba/jane.doe",
    "result": {"success": True, "status": "available"},
    "parameters": {"force_failover": False},
    "success": True,
}
INSTANCE: Document = {
    "instance_id": "dev-1",
    "account_id": "111122223333",
    "region": "eu-west-1",
    "engine": "postgres",
    "status": "available",
    "environment": "development",
    "environment_source": "tag Environment=Development",
    "allowed": True,
    "operations": {
        "create_snapshot": {"allowed": True, "typical_seconds": 65},
        "reboot_instance": {"allowed": False, "code": "instance_not_ready", "error": "Instance dev-1 is starting."},
        "modify_backup_window": {"allowed": True},
    },
}
ME: Document = {
    "userId": "jane.doe",
    "principal": "arn:aws:sts::111122223333:assumed-role/dba/jane.doe",
    "authentication": "iam",
    "auditor": False,
    "permissions": [{"operations": ["create_snapshot"], "environments": ["test"]}],
    "places": [{"account_id": "111122223333", "region": "eu-west-1"}],
    "version": "0.1.0",
}


def service(**changed: Told) -> Script:
    """Answer as the service does where all goes well; `post`, `dry_run` and `operation` change one answer."""

    def script(asked: Asked) -> Told:
        if asked.method == "POST":
            is_dry_run = asked.body.get("dry_run")
            return (
                changed.get("dry_run", Told(200, ALLOWED)) if is_dry_run else changed.get("post", Told(202, ACCEPTED))
            )
        route = asked.path.removeprefix("/v1/").split("/")
        return {
            ("operations", 2): changed.get("operation", Told(200, DONE)),
            ("operations", 1): Told(200, {"operations": [DONE]}),
            ("records", 1): Told(200, {"records": [RECORD]}),
            ("instances", 1): Told(200, {"instances": [INSTANCE], "places": []}),
            ("instances", 2): Told(200, INSTANCE),
            ("me", 1): Told(200, ME),
        }[route[0], len(route)]

    return script
