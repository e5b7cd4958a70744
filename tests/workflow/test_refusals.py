"""Refusals: the answer and its record, with nothing started or done to RDS."""

import json
from typing import Any

import pytest

from tests.operation_cases import CASES
from tests.workflow.service import Service, reboot_of, snapshot_of, window_of

ALLOWED = ", ".join(CASES)
PRODUCTION = "Operations not allowed on production instances. Please create a CloudOps request."


def assert_refused(service: Service, body: Any, status: int, error: str, instance_id: str) -> dict[str, Any]:
    """Return the record."""
    executions = service.operation_executions()
    answer = service.post(body)
    assert (answer.status, answer.body["error"]) == (status, error)
    assert {"error", "code"} <= set(answer.body) <= {"error", "code", "environment_source", "hint"}
    assert service.operation_executions() == executions
    assert not service.is_locked(instance_id)
    record = service.records(instance_id)[-1]
    assert record["event"] == "refused"
    assert record["success"] is False
    assert json.loads(record["result"]) == {"success": False, "status": status, **answer.body}
    assert json.loads(record["user_identity"])["sourceIp"] == "127.0.0.1"
    return record


BAD_REQUESTS = {
    "operation missing": ({}, "operation is required"),
    "operation not allowed": (
        {"operation": "delete_instance"},
        f"Operation 'delete_instance' not allowed. Allowed: {ALLOWED}",
    ),
    "instance_id missing": ({"operation": "reboot_instance"}, "instance_id is required"),
    "snapshot_id missing": ({"operation": "create_snapshot", "instance_id": "some-1"}, "snapshot_id is required"),
    "backup_window missing": (
        {"operation": "modify_backup_window", "instance_id": "some-1", "parameters": None},
        "backup_window is required",
    ),
    "backup_window format": (window_of("some-1", "3:00-4:00"), "Invalid backup_window format. Use HH:MM-HH:MM"),
    "typo in a parameter": (
        reboot_of("some-1", force_failovr=True),
        "Unknown key 'force_failovr' in parameters of reboot_instance. Allowed: force_failover",
    ),
    "text for a boolean": (reboot_of("some-1", force_failover="true"), "force_failover must be true or false"),
}


@pytest.mark.parametrize(("body", "error"), BAD_REQUESTS.values(), ids=BAD_REQUESTS.keys())
def test_refused_400(service: Service, body: dict[str, Any], error: str) -> None:
    assert_refused(service, body, 400, error, body.get("instance_id", "-"))


@pytest.mark.parametrize(
    "tags", [{"Environment": "Production"}, {"ENV": "PRD"}, {"Env": "dev", "stage": "live"}], ids=str
)
def test_refused_403_production(service: Service, tags: dict[str, str]) -> None:
    instance = service.new_instance("any", tags)
    record = assert_refused(service, reboot_of(instance), 403, PRODUCTION, instance)
    assert record["environment"] == "production"
    assert record["environment_source"].startswith("tag ")
    assert json.loads(record["result"])["environment_source"] == record["environment_source"]
    assert service.instance(instance)["DBInstanceStatus"] == "available"


def test_refused_403_unknown_environment(service: Service) -> None:
    instance = service.new_instance("any", {})
    error = (
        f"Operations not allowed on {instance}: its environment is unknown (no environment tag, instance mapping, "
        "account mapping or naming pattern fits it). Tag it with Environment set to development, test, staging, poc or "
        "sandbox, or have it mapped in the settings."
    )
    assert_refused(service, snapshot_of(instance), 403, error, instance)
    assert service.snapshots(instance) == []


def test_refused_403_environment_outside_the_table(service: Service) -> None:
    instance = service.new_instance("sandbox", {"Environment": "whatever"})
    answer = service.post(reboot_of(instance))
    assert answer.status == 403
    assert "tag Environment=whatever names no environment that is known" in answer.body["error"]


def test_refused_404(service: Service) -> None:
    assert_refused(
        service, snapshot_of("no-such-instance"), 404, "Instance no-such-instance not found", "no-such-instance"
    )


def test_refused_400_cluster_member(service: Service) -> None:
    service.aws("rds").create_db_cluster(
        DBClusterIdentifier="a-cluster", Engine="aurora-mysql", MasterUsername="dba", ManageMasterUserPassword=True
    )
    instance = service.new_instance(DBClusterIdentifier="a-cluster")
    error = (
        f"Instance {instance} is a member of the cluster a-cluster (aurora-mysql). "
        "Take a cluster snapshot (CreateDBClusterSnapshot) instead."
    )
    assert_refused(service, snapshot_of(instance), 400, error, instance)


def test_refused_400_failover_on_single_az(service: Service) -> None:
    instance = service.new_instance()
    error = (
        f"Instance {instance} is not Multi-AZ, so it has no standby to fail over to. "
        "Send force_failover: false, or leave it out."
    )
    assert_refused(service, reboot_of(instance, force_failover=True), 400, error, instance)


def test_refused_400_window_overlaps_the_maintenance_window(service: Service) -> None:
    instance = service.new_instance()
    maintenance = service.instance(instance)["PreferredMaintenanceWindow"]
    error = (
        f"The backup window 05:30-06:30 overlaps the maintenance window {maintenance} of {instance}. "
        "Choose a window outside it."
    )
    assert_refused(service, window_of(instance, "05:30-06:30"), 400, error, instance)


def test_refused_409_stopped_instance(service: Service) -> None:
    instance = service.new_instance()
    service.aws("rds").stop_db_instance(DBInstanceIdentifier=instance)
    error = f"Instance {instance} is stopped; reboot_instance needs it to be available. Start it first."
    assert_refused(service, reboot_of(instance), 409, error, instance)


def test_refused_409_pending_changes_that_would_be_applied_too(service: Service) -> None:
    instance = service.new_instance()
    service.aws("rds").modify_db_instance(DBInstanceIdentifier=instance, DBInstanceClass="db.r6g.large")
    error = (
        f"Instance {instance} has other changes pending (DBInstanceClass) that apply_immediately would apply too. "
        "Send apply_immediately: false, or wait until they are applied."
    )
    assert_refused(service, window_of(instance), 409, error, instance)


def test_unknown_operation_id_is_404(service: Service) -> None:
    for unknown in ("no-such-operation", "lock%23dev-instance-1", "a%20b", "%00", "x" * 300):
        answer = service.get(unknown)
        assert answer.status == 404
        assert answer.body["code"] == "operation_not_found"
