"""What a campaign may change and what it changed, in every place: executions, instances, snapshots."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from local.cloud import ACCOUNT, REGION
from tests.fuzz.attempt import PLACES
from tests.operation_cases import CASES
from tests.workflow.service import Service

Document = dict[str, Any]
# Each operation's changes of its instance: the new window, and the state while RDS works.
_CHANGED_BY = {name: case.changes for name, case in CASES.items()}


@dataclass(frozen=True)
class Accepted:
    """Describe an accepted operation, with its body and the instance's place from the 202."""

    operation_id: str
    body: Document
    account: str = ACCOUNT
    region: str = REGION

    @property
    def instance(self) -> str:
        return in_place(self.account, self.region, str(self.body["instance_id"]).lower())

    @property
    def snapshot(self) -> str:
        name = str((self.body.get("parameters") or {}).get("snapshot_id", "")).lower()
        return in_place(self.account, self.region, name) if name else ""


def in_place(account: str, region: str, name: str) -> str:
    return f"{account}/{region}/{name}"


@dataclass(frozen=True)
class World:
    executions: set[str]
    instances: dict[str, Document]
    snapshots: dict[str, Document]

    @classmethod
    def seen(cls, service: Service) -> World:
        return cls(
            _executions(service),
            _everywhere(service, "describe_db_instances", "DBInstances", "DBInstanceIdentifier"),
            _everywhere(service, "describe_db_snapshots", "DBSnapshots", "DBSnapshotIdentifier"),
        )


def changes_without_leave(before: World, after: World, accepted: list[Accepted]) -> list[str]:
    """Return a sentence on each change that no operation allowed."""
    started = after.executions - before.executions
    allowed = {item.operation_id for item in accepted}
    return [
        *(f"an OPERATION that no 202 named: {name}" for name in sorted(started - allowed)),
        *(f"accepted, but there is no OPERATION: {name}" for name in sorted(allowed - after.executions)),
        *_instances(before, after, accepted),
        *_snapshots(before, after, {item.snapshot for item in accepted}),
    ]


def _instances(before: World, after: World, accepted: list[Accepted]) -> list[str]:
    if set(before.instances) != set(after.instances):
        return [f"instances came or went: {sorted(set(before.instances) ^ set(after.instances))}"]
    found = []
    for name, was in before.instances.items():
        may = {key for item in accepted if item.instance == name for key in _CHANGED_BY[item.body["operation"]]}
        now = after.instances[name]
        changed = {key for key in {*was, *now} if was.get(key) != now.get(key)} - may
        found += [f"{name}: {key} was {was.get(key)}, is {now.get(key)}" for key in sorted(changed)]
    return found


def _snapshots(before: World, after: World, asked_for: set[str]) -> list[str]:
    new = set(after.snapshots) - set(before.snapshots) - asked_for
    old = [name for name, was in before.snapshots.items() if after.snapshots.get(name) != was]
    return [f"a snapshot that nobody asked for: {name}" for name in sorted(new)] + [
        f"a snapshot that was there before has changed: {name}" for name in old
    ]


def _executions(service: Service) -> set[str]:
    machine = service.outputs["state_machine_arn"]
    pages = service.aws("stepfunctions").get_paginator("list_executions").paginate(stateMachineArn=machine)
    return {item["name"] for page in pages for item in page["executions"]}


def _everywhere(service: Service, operation: str, key: str, name: str) -> dict[str, Document]:
    return {
        in_place(account, region, item[name]): item
        for account, region in PLACES
        for item in _all(service.aws("rds", account, region), operation, key)
    }


def _all(client: Any, operation: str, key: str) -> list[Document]:
    return [item for page in client.get_paginator(operation).paginate() for item in page[key]]


def accepted_of(answers: list[tuple[bytes | None, Document]]) -> list[Accepted]:
    """Return the distinct operations of 202 answers; a repeated request gets the same one."""
    found = {
        answer["operation_id"]: Accepted(
            answer["operation_id"],
            json.loads(raw or b""),
            answer.get("account_id", ACCOUNT),
            answer.get("region", REGION),
        )
        for raw, answer in answers
    }
    return list(found.values())
