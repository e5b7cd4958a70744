"""Limits of RDS that depend on the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rds_operations.model.refusals import Code, Refusal, conflict, not_supported

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef


def snapshot_of_replica(instance: DBInstanceTypeDef) -> Refusal | None:
    """Refuse a snapshot of a SQL Server read replica: RDS takes none.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/SQLServer.ReadReplicas.html
    """
    source = instance.get("ReadReplicaSourceDBInstanceIdentifier")
    if not source or not is_sql_server(instance):
        return None
    return not_supported(
        f"Instance {instance['DBInstanceIdentifier']} is a SQL Server read replica: RDS takes no snapshots of it. "
        f"Take one of its source {source} instead."
    )


def reboot_of_custom_oracle(instance: DBInstanceTypeDef) -> Refusal | None:
    """Refuse a reboot of RDS Custom for Oracle. RebootDBInstance "doesn't apply to RDS Custom", but a guide reboots RDS
    Custom for SQL Server with failover.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RebootDBInstance.html
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/custom-sqlserver-multiaz.html
    """
    if not _engine(instance).startswith("custom-oracle"):
        return None
    return not_supported(
        f"Instance {instance['DBInstanceIdentifier']} is RDS Custom for Oracle, which RDS does not reboot. "
        "Restart the database on its host instead."
    )


def paused_automation(instance: DBInstanceTypeDef) -> Refusal | None:
    """Refuse a modification of RDS Custom while its automation is paused.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/custom-managing.html
    """
    if not _engine(instance).startswith("custom-") or instance.get("AutomationMode") != "all-paused":
        return None
    return conflict(
        f"The RDS Custom automation of {instance['DBInstanceIdentifier']} is paused. "
        "Resume it (AutomationMode full), or wait until it resumes by itself.",
        Code.INSTANCE_NOT_READY,
    )


def is_sql_server(instance: DBInstanceTypeDef) -> bool:
    return _engine(instance).startswith(("sqlserver", "custom-sqlserver"))


def _engine(instance: DBInstanceTypeDef) -> str:
    return instance.get("Engine", "").lower()
