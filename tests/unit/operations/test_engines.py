"""What RDS refuses or does differently for an engine, or if something else manages the instance."""

from typing import Any

import pytest

from rds_operations.model.refusals import Code, Refusal
from rds_operations.rules.eligibility import not_ready, unsupported
from tests.builders import INSTANCE_ID, a_request, an_instance

POINT = "arn:aws:backup:eu-west-1:111122223333:recovery-point:continuous:db-x"


def refused(operation: str, **instance: Any) -> Refusal | None:
    request, shown = a_request(operation), an_instance(**instance)
    return unsupported(request, shown) or not_ready(request, shown)


# cloud-custodian#178 and #210, ScoutSuite#14, aws-cdk#17356.
@pytest.mark.parametrize("engine", ["sqlserver-ee", "sqlserver-se", "custom-sqlserver-ee"])
def test_no_snapshot_is_taken_of_a_sql_server_read_replica(engine: str) -> None:
    refusal = refused("create_snapshot", Engine=engine, ReadReplicaSourceDBInstanceIdentifier="src")
    assert refusal
    assert refusal.code is Code.NOT_SUPPORTED
    assert "Take one of its source src instead." in refusal.error


@pytest.mark.parametrize("engine", ["postgres", "mysql", "mariadb", "oracle-ee"])
def test_of_other_engines_replicas_it_is(engine: str) -> None:
    assert refused("create_snapshot", Engine=engine, ReadReplicaSourceDBInstanceIdentifier="src") is None
    assert refused("create_snapshot", Engine="sqlserver-ee") is None
    assert refused("reboot_instance", Engine="sqlserver-ee", ReadReplicaSourceDBInstanceIdentifier="src") is None


# RDS API Reference, RebootDBInstance: "doesn't apply to RDS Custom"; a page on RDS Custom for SQL Server reboots it.
@pytest.mark.parametrize("engine", ["custom-oracle-ee", "custom-oracle-se2-cdb", "CUSTOM-ORACLE-EE"])
def test_rds_custom_for_oracle_is_not_rebooted(engine: str) -> None:
    refusal = refused("reboot_instance", Engine=engine)
    assert refusal
    assert (refusal.status, refusal.code) == (400, Code.NOT_SUPPORTED)
    assert refused("create_snapshot", Engine=engine) is None


def test_rds_custom_for_sql_server_is() -> None:
    assert refused("reboot_instance", Engine="custom-sqlserver-se") is None


# RDS User Guide, Pausing and resuming RDS Custom automation.
@pytest.mark.parametrize("engine", ["custom-sqlserver-se", "custom-oracle-ee"])
def test_a_window_waits_for_the_automation_of_rds_custom(engine: str) -> None:
    refusal = refused("modify_backup_window", Engine=engine, AutomationMode="all-paused")
    assert refusal
    assert (refusal.status, refusal.code) == (409, Code.INSTANCE_NOT_READY)
    assert refused("modify_backup_window", Engine=engine, AutomationMode="full") is None
    assert refused("modify_backup_window", Engine="postgres", AutomationMode="all-paused") is None


# crossplane-contrib/provider-aws#1406 and #1356, aws-controllers-k8s/community#2216,
# aws-cloudformation/cloudformation-coverage-roadmap#2167, hashicorp/terraform-provider-aws#33465.
def test_the_window_of_what_aws_backup_manages_is_aws_backups() -> None:
    refusal = refused("modify_backup_window", AwsBackupRecoveryPointArn=POINT)
    assert refusal == Refusal(
        400,
        Code.NOT_SUPPORTED,
        f"AWS Backup manages the backup window of {INSTANCE_ID} ({POINT}). Change it in the backup plan instead.",
    )
    assert refused("create_snapshot", AwsBackupRecoveryPointArn=POINT) is None
    assert refused("modify_backup_window", AwsBackupRecoveryPointArn="") is None


# cloudsploit's recorded answers have an empty ProcessorFeatures, which AWS's CloudFormation handler treats as no
# change.
@pytest.mark.parametrize(
    ("pending", "named"),
    [
        ({"ProcessorFeatures": []}, ""),
        ({"PendingCloudwatchLogsExports": {}}, ""),
        ({"ProcessorFeatures": [], "PendingCloudwatchLogsExports": {"LogTypesToEnable": []}}, ""),
        ({"PendingCloudwatchLogsExports": {"LogTypesToEnable": ["audit"]}}, "PendingCloudwatchLogsExports"),
        ({"ProcessorFeatures": [{}]}, ""),
        ({"ProcessorFeatures": [{"Name": "coreCount", "Value": "2"}]}, "ProcessorFeatures"),
        ({"MultiAZ": False}, "MultiAZ"),
        ({"BackupRetentionPeriod": 0, "ProcessorFeatures": []}, "BackupRetentionPeriod"),
    ],
)
def test_a_pending_change_that_holds_nothing_is_none(pending: dict[str, Any], named: str) -> None:
    refusal = refused("modify_backup_window", PendingModifiedValues=pending)
    assert bool(refusal) is bool(named)
    assert refusal is None or f"({named})" in refusal.error


# AWS Support on incompatible-parameters (only a reboot or a deletion), and RDS-EVENT-0035.
@pytest.mark.parametrize("more", [{}, {"MultiAZ": True, "Engine": "mysql"}])
def test_what_a_wrong_parameter_has_stopped_can_be_rebooted(more: dict[str, Any]) -> None:
    state = "incompatible-parameters"
    assert refused("reboot_instance", DBInstanceStatus=state, **more) is None
    for operation in ("create_snapshot", "modify_backup_window"):
        refusal = refused(operation, DBInstanceStatus=state, **more)
        assert refusal
        assert refusal.code is Code.INSTANCE_NOT_READY
