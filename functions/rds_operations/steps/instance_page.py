"""GET /instances/{instance_id}: one instance as it is now, and what its caller may do with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rds_operations.aws.instance_past import InstancePast
from rds_operations.aws.operation_reader import OperationReader
from rds_operations.model import clock
from rds_operations.model.documents import Document
from rds_operations.model.refusals import Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.operations.modify_backup_window import pending_changes
from rds_operations.records.running_operation import in_progress
from rds_operations.records.stored_operation import StoredOperation
from rds_operations.records.typical_seconds import typical_seconds
from rds_operations.rules.authorization import may_see
from rds_operations.rules.instance_answers import answer_document, answers
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.gate import GateSettings
from rds_operations.steps.live_instances import LiveInstances, Look

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBSnapshotTypeDef

_MOST_SNAPSHOTS = 10


@dataclass(frozen=True)
class InstancePage:
    live: LiveInstances
    operations: OperationReader
    past: InstancePast
    gate: GateSettings
    callers: CallerSettings

    def document(self, asked: OperationRequest, now: datetime) -> Document | Refusal:
        """Describe the instance that `asked` names, to its caller. Raises what reading RDS and the tables raises."""
        look = self.live.look(asked, now)
        if isinstance(look, Refusal):
            return look
        running = self._running(asked, look, now)
        against = in_progress(self.callers, asked, running) if running else None
        said = answers(asked, look.found, self.gate, self.callers, against)
        typical = typical_seconds(self.past.records(asked.instance_id, look.place))
        return {
            **_described(look),
            "allowed": any(refusal is None for refusal in said.values()),
            "operations": {
                name: {**answer_document(refusal), **_typical(typical, name)} for name, refusal in said.items()
            },
            "running": self._told(running, asked.caller) if running else None,
        }

    def _running(self, asked: OperationRequest, look: Look, now: datetime) -> StoredOperation | None:
        holder = self.operations.lock_holder(look.placed(asked), now)
        return self.operations.operation(holder) if holder else None

    def _told(self, running: StoredOperation, caller: Mapping[str, Any]) -> Document:
        """Say what runs and since when; its id only to those who may read it."""
        own = may_see(self.callers, caller, running.request.caller)
        told = {"operation": running.request.operation, "since": running.acting_at or running.started_at}
        return {**told, "operation_id": running.operation_id} if own else told


def _described(look: Look) -> Document:
    instance, verdict = look.found.instance, look.found.verdict
    return {
        "instance_id": instance["DBInstanceIdentifier"],
        "account_id": look.place.account_id,
        "region": look.place.region,
        "engine": instance.get("Engine", ""),
        "engine_version": instance.get("EngineVersion", ""),
        "instance_class": instance.get("DBInstanceClass", ""),
        "status": instance.get("DBInstanceStatus", ""),
        "multi_az": instance.get("MultiAZ", False),
        "environment": verdict.environment.value,
        "environment_source": verdict.source,
        "backup_window": instance.get("PreferredBackupWindow", ""),
        "maintenance_window": instance.get("PreferredMaintenanceWindow", ""),
        "pending_changes": pending_changes(instance),
        "snapshots": _latest(look.snapshots),
        "seen_at": clock.to_text(look.at),
    }


def _latest(snapshots: Sequence[DBSnapshotTypeDef]) -> list[Document]:
    """List the newest ones. One that is being made has no time yet, and comes first."""
    made = sorted(snapshots, key=_age, reverse=True)[:_MOST_SNAPSHOTS]
    return [
        {
            "snapshot_id": snapshot["DBSnapshotIdentifier"],
            "status": snapshot.get("Status", ""),
            "created_at": clock.to_text(snapshot["SnapshotCreateTime"]) if "SnapshotCreateTime" in snapshot else None,
        }
        for snapshot in made
    ]


def _age(snapshot: DBSnapshotTypeDef) -> tuple[bool, str]:
    created = snapshot.get("SnapshotCreateTime")
    return created is None, clock.to_text(created) if created else ""


def _typical(typical: Mapping[str, float], operation: str) -> Document:
    return {"typical_seconds": typical[operation]} if operation in typical else {}
