"""Carries out a plan: the API's callers, Step Functions' operators, and others who work on RDS."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from rds_operations.model.identifiers import operation_id
from tests.simulation import deployment
from tests.simulation.awserror import AwsError
from tests.simulation.cloud import Cloud
from tests.simulation.deployment import HOME
from tests.simulation.dice import Dice
from tests.simulation.plan import Action
from tests.simulation.states import Execution
from tests.simulation.world import Process

Document = dict[str, Any]


@dataclass
class Attempt:
    """Describe a POST. `execution` is ADMISSION's; the answer is API Gateway's, even if it does not arrive."""

    action: Action
    execution: Execution
    status: int = 0
    body: Document = field(default_factory=dict)

    @property
    def is_accepted(self) -> bool:
        """Tell whether the answer has an operation: 202, or 200 to one who waited for its end."""
        return self.status in (200, 202)

    @property
    def name(self) -> str:
        return self.execution.name


class People:
    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self.attempts: list[Attempt] = []
        self.touched: set[Any] = set()
        """What others changed in RDS: an instance's place and name, or a snapshot's name."""

    def do(self, action: Action) -> None:
        self._cloud.story.tell("plan", str(action))
        getattr(self, f"_{action.kind}")(action)

    def _post(self, action: Action) -> None:
        self._cloud.world.begin(self._posting(action))

    def _posting(self, action: Action) -> Process:
        """Repeat, with the same key, what got no answer or "try again"."""
        for number in range(1, 4):
            name = f"request-{action.number}.{number}"
            dice = Dice(self._cloud.chance.seed, name)
            attempt = Attempt(action, self._cloud.states.start(deployment.ADMISSION, name, _envelope(action)))
            self.attempts.append(attempt)
            yield attempt.execution.ended
            attempt.status, attempt.body = _answer(attempt.execution)
            self._cloud.story.tell(name, f"is answered {attempt.status} {json.dumps(attempt.body)}")
            unheard = self._cloud.chance.strikes(f"{name} unheard")
            if not (action.given["key"] and dice.hits(0.8) and (unheard or attempt.status >= 500)):
                return
            yield dice.between(0, dice.one_of((1, 10, 120)))

    def _start(self, action: Action) -> None:
        given = {"stateMachineArn": deployment.OPERATION, "name": action.given["name"]}
        self._cloud.states.call(
            "StartExecution", {**given, "input": json.dumps(action.given["body"])}, Dice(0, "by hand")
        )

    def _stop(self, action: Action) -> None:
        if execution := self._operation(action.given["of"]):
            self._cloud.states.stop(execution)

    def _redrive(self, action: Action) -> None:
        execution = self._operation(action.given["of"])
        if execution and self._cloud.states.redrive(execution):
            self._cloud.story.tell("an operator", f"redrives {execution.name}")

    def _operation(self, number: int) -> Execution | None:
        """Return the execution that an action of the plan led to."""
        names = [f"direct-{number}"]
        for attempt in self.attempts:
            if attempt.action.number == number:
                body = attempt.action.given["body"]
                names.append(operation_id(body["operation"], body["instance_id"], attempt.name))
        found = (self._cloud.states.find(deployment.OPERATION, name) for name in names)
        return next((execution for execution in found if execution), None)

    def _retag(self, action: Action) -> None:
        self._cloud.rds.retag((HOME, action.given["instance"]), action.given["environment"])

    def _recreate(self, action: Action) -> None:
        where = (HOME, action.given["instance"])
        self.touched.add(where)
        self._cloud.rds.delete(where)
        self._cloud.world.after(action.given["gone"], lambda: self._cloud.rds.create(where, "dev"))

    def _reboot(self, action: Action) -> None:
        self._by_a_stranger("RebootDBInstance", action)

    def _modify(self, action: Action) -> None:
        self._by_a_stranger("ModifyDBInstance", action, PreferredBackupWindow=action.given["window"])

    def _snapshot(self, action: Action) -> None:
        self.touched.add(action.given["snapshot_id"])
        self._by_a_stranger("CreateDBSnapshot", action, DBSnapshotIdentifier=action.given["snapshot_id"])

    def _delete_snapshot(self, action: Action) -> None:
        snapshot = self._cloud.rds.snapshots.get((HOME, action.given["snapshot_id"]))
        if snapshot and snapshot.now and snapshot.now["Status"] == "available":
            self.touched.add(action.given["snapshot_id"])
            snapshot.set(self._cloud.world.seconds, None)

    def _by_a_stranger(self, call: str, action: Action, **more: Any) -> None:
        where = (HOME, action.given["instance"])
        self.touched.add(where)
        dice = Dice(self._cloud.chance.seed, f"stranger {action.number}")
        try:
            self._cloud.rds.call(call, {"DBInstanceIdentifier": where[1], **more}, dice, HOME)
        except AwsError as error:
            self._cloud.story.tell("a stranger", f"is refused: {error}")


def _envelope(action: Action) -> Document:
    """Return what the request mapping template in `stacks/mapping_templates` makes."""
    body = json.dumps(action.given["body"])
    context = {
        "authentication": "api_key",
        "sourceIp": "203.0.113.42",
        "apiKeyId": action.given["caller"].removeprefix("apikey:"),
        "userAgent": "curl",
        "requestId": "any",
    }
    key = {"idempotency_key": action.given["key"]} if action.given["key"] else {}
    prefer = {"prefer": action.given["prefer"]} if "prefer" in action.given else {}
    return {"envelope": {"body": body, "length": len(body), **key, **prefer, "caller": context}}


def _answer(execution: Execution) -> tuple[int, Document]:
    """Return what the response mapping template makes."""
    if execution.status == "SUCCEEDED":
        reply = json.loads(execution.output)
        return int(reply["statusCode"]), json.loads(reply["body"])
    return (504, {"code": "timed_out"}) if execution.status == "TIMED_OUT" else (500, {"code": "internal_error"})
