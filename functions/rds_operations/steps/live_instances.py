"""Looks at an instance for a page, and keeps the look for a few seconds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rds_operations.aws.live_instance import verdict_with_replication
from rds_operations.aws.rds_clients import RdsClients
from rds_operations.model.place import Place
from rds_operations.model.refusals import Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.rules.decision import LiveInstance
from rds_operations.settings.gate import GateSettings
from rds_operations.steps.find_instance import InstanceFinder

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBSnapshotTypeDef

_REUSED_FOR = timedelta(seconds=5)
"""A page that asks again must not take the polls' share of RDS's rate."""

_Key = tuple[str, str, str]


@dataclass(frozen=True)
class Look:
    """What was seen `at` a moment. `snapshots` are the manual ones."""

    place: Place
    found: LiveInstance
    snapshots: list[DBSnapshotTypeDef]
    at: datetime

    def placed(self, asked: OperationRequest) -> OperationRequest:
        return replace(asked, account_id=self.place.account_id, region=self.place.region)


@dataclass(frozen=True)
class LiveInstances:
    finder: InstanceFinder
    gate: GateSettings
    _looks: dict[_Key, Look | Refusal] = field(default_factory=dict)
    _looked_at: dict[_Key, datetime] = field(default_factory=dict)

    def look(self, asked: OperationRequest, now: datetime) -> Look | Refusal:
        """Read the instance, or take a read of the last seconds, whoever asked for it. Raises what reading raises."""
        key = (asked.instance_id, asked.account_id, asked.region)
        for old in [known for known, at in self._looked_at.items() if now - at > _REUSED_FOR]:
            del self._looks[old], self._looked_at[old]
        if key not in self._looks:
            self._looks[key], self._looked_at[key] = self._look(asked, now), now
        return self._looks[key]

    def _look(self, asked: OperationRequest, now: datetime) -> Look | Refusal:
        found = self.finder.find(asked)
        if isinstance(found, Refusal):
            return found
        place, instance = found
        verdict = verdict_with_replication(self._rds_clients, instance, self.gate)
        snapshots = self._rds_clients.reading(place).manual_snapshots(instance["DBInstanceIdentifier"])
        return Look(place, LiveInstance(instance, verdict), snapshots, now)

    @property
    def _rds_clients(self) -> RdsClients:
        return self.finder.rds_clients
