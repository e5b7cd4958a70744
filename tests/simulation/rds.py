"""Instances, snapshots and events of every account and Region, in memory.

Models states that take time or never end; reads up to 20 seconds behind, so that of two reads a poll apart one is
right; events that come late or never; unique names of snapshots; calls that RDS refuses in the wrong state; and IAM,
which sees a tag minutes after it was set.
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RebootDBInstance.html
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from rds_operations.model.place import Place
from tests.simulation.awserror import AwsError
from tests.simulation.dice import Dice
from tests.simulation.rds_past import NEVER, Act, Versions, Where, is_production, lag
from tests.simulation.world import World

Document = dict[str, Any]
_IAM_LAG = 180.0
_EVENTS_BACK = timedelta(minutes=60)
READY = frozenset({"available", "storage-optimization"})


class Rds:
    """Simulate RDS. `told` gets every event in words."""

    def __init__(self, world: World, told: Callable[[str], None]) -> None:
        self._world = world
        self._told = told
        self.instances: dict[Where, Versions] = {}
        self.snapshots: dict[Where, Versions] = {}
        self.events: list[tuple[float, Place, Document]] = []
        self.acts: list[Act] = []
        self._made = 0

    # People's actions.

    def create(self, where: Where, environment: str, **more: Any) -> None:
        place, name = where
        self._made += 1
        shown = {
            "DBInstanceIdentifier": name,
            "DBInstanceArn": f"arn:aws:rds:{place.region}:{place.account_id}:db:{name}",
            "DbiResourceId": f"db-{self._made}",
            "DBInstanceStatus": "available",
            "Engine": "postgres",
            "MultiAZ": False,
            "PreferredBackupWindow": "13:00-13:30",
            "PreferredMaintenanceWindow": "wed:06:38-wed:07:08",
            "PendingModifiedValues": {},
            "DBParameterGroups": [{"ParameterApplyStatus": "in-sync"}],
            "OptionGroupMemberships": [{"Status": "in-sync"}],
            "InstanceCreateTime": self._world.now(),
            "TagList": [{"Key": "Environment", "Value": environment}],
            **more,
        }
        self.instances.setdefault(where, Versions()).set(self._world.seconds, shown)

    def change(self, where: Where, **fields: Any) -> None:
        if (versions := self.instances.get(where)) and versions.now:
            versions.set(self._world.seconds, {**versions.now, **fields})

    def retag(self, where: Where, environment: str) -> None:
        self.change(where, TagList=[{"Key": "Environment", "Value": environment}])

    def delete(self, where: Where) -> None:
        if where in self.instances:
            self.instances[where].set(self._world.seconds, None)

    # Clients' calls.

    def call(self, action: str, call: Document, dice: Dice, place: Place, by: str = "") -> Document:
        answer: Document = getattr(self, f"_{action}")(call, dice, place, by)
        return answer

    def _DescribeDBInstances(self, call: Document, dice: Dice, place: Place, _by: str) -> Document:
        moment = self._world.seconds - lag(dice)
        if name := call.get("DBInstanceIdentifier"):
            versions = self.instances.get((place, name))
            shown = versions.as_of(moment) if versions else None
            if shown is None:
                raise AwsError("DBInstanceNotFound", f"DBInstance {name} not found.", 404)
            return {"DBInstances": [shown]}
        found = [versions.as_of(moment) for (there, _), versions in self.instances.items() if there == place]
        return {"DBInstances": [shown for shown in found if shown]}

    def _DescribeDBSnapshots(self, call: Document, dice: Dice, place: Place, _by: str) -> Document:
        versions = self.snapshots.get((place, call["DBSnapshotIdentifier"]))
        shown = versions.as_of(self._world.seconds - lag(dice)) if versions else None
        if shown is None:
            raise AwsError("DBSnapshotNotFound", "DBSnapshot not found.", 404)
        return {"DBSnapshots": [shown]}

    def _DescribeEvents(self, call: Document, _dice: Dice, place: Place, _by: str) -> Document:
        since = call.get("StartTime", self._world.now() - _EVENTS_BACK)
        found = [
            event
            for visible, there, event in self.events
            if visible <= self._world.seconds
            and there == place
            and event["SourceIdentifier"] == call["SourceIdentifier"]
            and event["SourceType"] == call["SourceType"]
            and event["Date"] >= since
        ]
        return {"Events": found}

    def _CreateDBSnapshot(self, call: Document, dice: Dice, place: Place, by: str) -> Document:
        instance, act = self._taken("CreateDBSnapshot", call, place, by, READY)
        name = (place, call["DBSnapshotIdentifier"])
        versions = self.snapshots.setdefault(name, Versions())
        if versions.now:
            raise AwsError("DBSnapshotAlreadyExists", f"Cannot create the snapshot {name[1]}: it exists already.")
        if dice.hits(0.02):
            raise AwsError("SnapshotQuotaExceeded", "The quota of manual snapshots is used up.")
        self.acts.append(act)
        shown = {
            "DBSnapshotIdentifier": name[1],
            "DBSnapshotArn": f"arn:aws:rds:{place.region}:{place.account_id}:snapshot:{name[1]}",
            "DBInstanceIdentifier": act.where[1],
            "DbiResourceId": act.resource_id,
            "Status": "creating",
            "PercentProgress": 0,
            "TagList": call.get("Tags", []),
        }
        self._show(versions, shown, dice)
        if instance["DBInstanceStatus"] == "available":
            begins, ends = dice.one_of((0.0, 2.0, 10.0)), dice.between(5, 90)
            self._world.after(begins, lambda: self._back_up(act, ends))
        kind = dice.chance()
        seconds = dice.between(5, 240) if kind < 0.8 else dice.between(240, 1800)
        status = "failed" if 0.5 < kind < 0.56 else "available"

        def end() -> None:
            created = {"SnapshotCreateTime": self._world.now()} if status == "available" else {}
            versions.set(self._world.seconds, {**shown, "Status": status, "PercentProgress": 100, **created})
            self._done(act, status == "available")

        if kind < 0.97:
            self._world.after(seconds, end)
        return {"DBSnapshot": shown}

    def _back_up(self, act: Act, seconds: float) -> None:
        """Show the instance's state a moment after the call."""
        now = self.instances[act.where].now
        if now and self._is_it(act) and now["DBInstanceStatus"] == "available":
            self._status(act, "backing-up")
            self._world.after(seconds, lambda: self._back(act, "backing-up"))

    def _show(self, versions: Versions, shown: Document, dice: Dice) -> None:
        """Show a snapshot, maybe before its tags."""
        if not dice.hits(0.4):
            versions.set(self._world.seconds, shown)
            return
        versions.set(self._world.seconds, {**shown, "TagList": []})

        def tagged() -> None:
            if (now := versions.now) and not now["TagList"]:
                versions.set(self._world.seconds, {**now, "TagList": shown["TagList"]})

        self._world.after(dice.between(1, 25), tagged)

    def _RebootDBInstance(self, call: Document, dice: Dice, place: Place, by: str) -> Document:
        instance, act = self._taken("RebootDBInstance", call, place, by, frozenset({"available"}))
        self.acts.append(act)
        self._status(act, "rebooting")
        kind, seconds = dice.chance(), dice.between(15, 120)
        if kind < 0.2:
            seconds = dice.between(1, 12)
        elif kind < 0.3:
            seconds = dice.between(240, 1500)
        status = "incompatible-parameters" if 0.3 < kind < 0.35 else "available"
        event = dice.chance()
        delay = dice.between(0, 20) if event < 0.85 else dice.between(20, 600)

        def end() -> None:
            if self._is_it(act) and self._back(act, "rebooting", status):
                self._done(act, status == "available")
                if status == "available" and event < 0.95:
                    self._tell(act.where, "DB instance restarted", delay)

        act.told_after = delay if event < 0.95 else NEVER
        if kind < 0.97:
            self._world.after(seconds, end)
        return {"DBInstance": {**instance, "DBInstanceStatus": "rebooting"}}

    def _ModifyDBInstance(self, call: Document, dice: Dice, place: Place, by: str) -> Document:
        instance, act = self._taken("ModifyDBInstance", call, place, by, READY)
        self.acts.append(act)
        kind = dice.chance()
        seconds = dice.between(0, 3) if kind < 0.6 else dice.between(3, 80) if kind < 0.92 else dice.between(240, 900)

        def apply() -> None:
            if self._is_it(act):
                self.change(act.where, PreferredBackupWindow=call["PreferredBackupWindow"])
                self._done(act, succeeded=True)

        self._world.after(seconds, apply)
        return {"DBInstance": instance}

    def _taken(
        self, action: str, call: Document, place: Place, by: str, states: frozenset[str]
    ) -> tuple[Document, Act]:
        """Return the instance if RDS takes the call."""
        where = (place, call["DBInstanceIdentifier"])
        versions = self.instances.get(where)
        shown = versions.now if versions else None
        if shown is None or versions is None:
            raise AwsError("DBInstanceNotFound", f"DBInstance {where[1]} not found.", 404)
        if by and is_production(versions.as_of(self._world.seconds - _IAM_LAG) or shown):
            raise AwsError("AccessDenied", "not authorized: a tag says production", 403)
        if shown["DBInstanceStatus"] not in states:
            raise AwsError("InvalidDBInstanceState", f"Instance {where[1]} is {shown['DBInstanceStatus']}.")
        return shown, Act(action, where, by, self._world.seconds, shown["DbiResourceId"], call)

    def _is_it(self, act: Act) -> bool:
        now = self.instances[act.where].now
        return bool(now and now["DbiResourceId"] == act.resource_id)

    def _status(self, act: Act, status: str) -> None:
        self.change(act.where, DBInstanceStatus=status)

    def _back(self, act: Act, before: str, status: str = "available") -> bool:
        now = self.instances[act.where].now
        if not self._is_it(act) or not now or now["DBInstanceStatus"] != before:
            return False
        self._status(act, status)
        return True

    def _done(self, act: Act, succeeded: bool) -> None:
        act.done_at, act.succeeded = self._world.seconds, succeeded
        self._told(
            f"RDS has {'done' if succeeded else 'failed'} {act.action} on {act.where[1]}, {act.by or 'a stranger'}"
        )

    def _tell(self, where: Where, message: str, delay: float) -> None:
        place, name = where
        event = {
            "SourceIdentifier": name,
            "SourceType": "db-instance",
            "Message": message,
            "EventCategories": ["availability"],
            "Date": self._world.now(),
            "SourceArn": f"arn:aws:rds:{place.region}:{place.account_id}:db:{name}",
        }
        self.events.append((self._world.seconds + delay, place, event))
