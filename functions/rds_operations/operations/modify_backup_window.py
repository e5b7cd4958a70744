"""modify_backup_window: a new preferred backup window, read back at once; polled only where RDS is slow to show it."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rds_operations.model.backup_window import DAY, SHORTEST_BACKUP_WINDOW, BackupWindow, MaintenanceWindow
from rds_operations.model.errors import RdsUnavailable, ServiceError
from rds_operations.model.progress import Progress, done, not_found
from rds_operations.model.refusals import Code, Refusal, conflict, invalid_parameter, not_supported
from rds_operations.model.request import OperationRequest
from rds_operations.operations.base import (
    INSTANCE,
    Operation,
    Parameter,
    Parameters,
    Permission,
    Rds,
    cluster_member,
    flag,
)
from rds_operations.operations.engines import paused_automation

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef


_MODIFYING = Progress("modifying")
_NO_BACKUPS = "Automated backups are off (BackupRetentionPeriod is 0), so none will run in this window"


def parse_backup_window(value: Any) -> str | Refusal:
    window = BackupWindow.parse(value) if isinstance(value, str) else None
    if window is None:
        return invalid_parameter("Invalid backup_window format. Use HH:MM-HH:MM")
    if not window.long_enough:
        return invalid_parameter(
            f"Invalid backup_window. It must be at least {SHORTEST_BACKUP_WINDOW} minutes long; "
            f"{value} has {window.length}"
        )
    return str(value)


class ModifyBackupWindow(Operation):
    name = "modify_backup_window"
    summary = "Change the preferred backup window of an instance (UTC)"
    parameters = (
        Parameter("backup_window", parse_backup_window, "`HH:MM-HH:MM` in UTC, at least 30 minutes", required=True),
        Parameter(
            "apply_immediately",
            flag("apply_immediately"),
            "refused while other changes of the instance are pending, which it would apply too",
            default=True,
        ),
    )
    working_status = "modifying"
    ready_states = frozenset({"available", "storage-optimization"})
    execute_permissions = (
        Permission("rds:ModifyDBInstance", (INSTANCE,)),
        Permission("rds:DescribeDBInstances", (INSTANCE,)),
    )
    poll_permissions = (Permission("rds:DescribeDBInstances", (INSTANCE,)),)

    def least_parameters(self, instance: DBInstanceTypeDef) -> Parameters:
        """Take the half hour after the maintenance window: where that is not free, none is."""
        maintenance = MaintenanceWindow.parse(instance.get("PreferredMaintenanceWindow", ""))
        end = (maintenance.start + maintenance.length) % DAY if maintenance else 0
        until = (end + SHORTEST_BACKUP_WINDOW) % DAY
        window = f"{end // 60:02}:{end % 60:02}-{until // 60:02}:{until % 60:02}"
        return {"backup_window": window, "apply_immediately": False}

    def unsupported(self, instance: DBInstanceTypeDef, parameters: Parameters) -> Refusal | None:
        if refusal := cluster_member(instance, "Change the backup window of the cluster (ModifyDBCluster) instead."):
            return refusal
        if instance.get("AwsBackupRecoveryPointArn"):
            return _owned_by_aws_backup(instance)
        if _overlaps(instance, parameters["backup_window"]):
            return not_supported(
                f"The backup window {parameters['backup_window']} overlaps the maintenance window "
                f"{instance['PreferredMaintenanceWindow']} of {instance['DBInstanceIdentifier']}. "
                "Choose a window outside it."
            )
        return None

    def not_ready(self, instance: DBInstanceTypeDef, parameters: Parameters) -> Refusal | None:
        """Refuse while RDS Custom is paused, or other changes wait: ApplyImmediately would apply all of them.

        https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
        """
        if refusal := paused_automation(instance):
            return refusal
        pending = pending_changes(instance)
        if not parameters["apply_immediately"] or not pending:
            return None
        return conflict(
            f"Instance {instance['DBInstanceIdentifier']} has other changes pending ({', '.join(pending)}) that "
            "apply_immediately would apply too. Send apply_immediately: false, or wait until they are applied.",
            Code.PENDING_CHANGES,
        )

    def start(self, rds: Rds, request: OperationRequest, instance: DBInstanceTypeDef) -> Progress:
        with suppress(RdsUnavailable):  # reading the window back tells whether RDS took the call
            rds.call(
                rds.client.modify_db_instance,
                DBInstanceIdentifier=request.instance_id,
                PreferredBackupWindow=request.parameters["backup_window"],
                ApplyImmediately=request.parameters["apply_immediately"],
            )
        return self._read_back_or_wait(rds, request)

    def resume(self, rds: Rds, request: OperationRequest, since: datetime, instance: DBInstanceTypeDef) -> Progress:
        return self._read_back_or_wait(rds, request)

    def poll(self, rds: Rds, request: OperationRequest, since: datetime, previous: Progress) -> Progress:
        """Read the window back, where RDS did not show it at once: it applies one "as soon as possible"."""
        return self._read_back(rds, request, previous)

    def document(self, request: OperationRequest, progress: Progress) -> dict[str, Any]:
        own = {
            "instance_id": request.instance_id,
            "backup_window": request.parameters["backup_window"],
            "apply_immediately": request.parameters["apply_immediately"],
        }
        # RDS has no pending value for the backup window: it applies a new one as soon as possible, always.
        return {**own, **progress.details, "pending_backup_window": None}

    def _read_back(self, rds: Rds, request: OperationRequest, previous: Progress) -> Progress:
        instance = rds.instance(request.instance_id, request.resource_id)
        if instance is None:
            return not_found(previous, f"Instance {request.instance_id} is gone")
        shown = instance.get("PreferredBackupWindow", "")
        if shown != request.parameters["backup_window"]:
            return _MODIFYING
        note = {"note": _NO_BACKUPS} if instance.get("BackupRetentionPeriod") == 0 else {}
        return done(self.end_status, backup_window=shown, **note)

    def _read_back_or_wait(self, rds: Rds, request: OperationRequest) -> Progress:
        """After the change no fault may look as if there had been none: the polls will read it back."""
        try:
            return self._read_back(rds, request, _MODIFYING)
        except ServiceError:
            return _MODIFYING


def pending_changes(instance: DBInstanceTypeDef) -> list[str]:
    """Name what RDS is still to change of it."""
    return sorted(name for name, value in (instance.get("PendingModifiedValues") or {}).items() if _says(value))


def _overlaps(instance: DBInstanceTypeDef, backup_window: str) -> bool:
    asked = BackupWindow.parse(backup_window)
    maintenance = MaintenanceWindow.parse(instance.get("PreferredMaintenanceWindow", ""))
    return bool(asked and maintenance and asked.overlaps(maintenance))


def _owned_by_aws_backup(instance: DBInstanceTypeDef) -> Refusal:
    """While there is a continuous recovery point, AWS Backup has the window.

    https://docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery.html
    """
    return not_supported(
        f"AWS Backup manages the backup window of {instance['DBInstanceIdentifier']} "
        f"({instance['AwsBackupRecoveryPointArn']}). Change it in the backup plan instead."
    )


def _says(value: Any) -> bool:
    """Tell whether it holds anything: RDS also shows empty lists and structures."""
    if isinstance(value, dict):
        return any(map(_says, value.values()))
    if isinstance(value, list):
        return any(map(_says, value))
    return value not in (None, "")
