"""One simulated deployment: all services, the clock and the faults."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any

from rds_operations.model.place import Place
from tests.simulation.calls import Call, Effect
from tests.simulation.dice import Dice
from tests.simulation.dynamodb import Tables
from tests.simulation.fates import Fate, Weather
from tests.simulation.interpreter import Interpreter
from tests.simulation.lambdas import Invocation, Lambdas
from tests.simulation.queues import Queues
from tests.simulation.rds import Rds
from tests.simulation.sessions import Session, Sessions
from tests.simulation.states import Execution, States
from tests.simulation.story import Story
from tests.simulation.watcher import Watcher
from tests.simulation.work import Work
from tests.simulation.world import Process, World

Document = dict[str, Any]
_STRUCK = "struck"
ACTING = frozenset({"CreateDBSnapshot", "RebootDBInstance", "ModifyDBInstance"})


@dataclass
class Chance:
    """Decide what goes wrong for each purpose, by `faults` or else by the history's `Weather`; nothing does when
    `calm`.

    Its dice are its own, so a history with given faults continues like the one that they come from.
    """

    seed: int
    faults: Mapping[str, str] | None = None
    calm: bool = False
    struck: dict[str, str] = field(default_factory=dict)

    @cached_property
    def _weather(self) -> Weather:
        return Weather.of(self.seed)

    def fate(self, purpose: str) -> Fate:
        return Fate(self._strike(purpose, lambda dice: self._weather.fate(purpose, dice).value) or Fate.FINE)

    def strikes(self, purpose: str) -> bool:
        return bool(self._strike(purpose, lambda dice: _STRUCK if self._weather.strikes(purpose, dice) else ""))

    def _strike(self, purpose: str, thrown: Callable[[Dice], str]) -> str:
        if self.faults is not None:
            fault = self.faults.get(purpose, "")
        else:
            fault = "" if self.calm else thrown(Dice(self.seed, f"fate of {purpose}"))
        if fault not in ("", Fate.FINE):
            self.struck[purpose] = fault
        return fault


class Cloud:
    def __init__(
        self,
        chance: Chance,
        handlers: dict[str, Callable[[Document, object], Document]],
        definitions: dict[str, Document],
    ) -> None:
        self.chance = chance
        self.world = World()
        self.story = Story(self.world)
        self.counts: Counter[str] = Counter()
        self.watcher = Watcher(self)
        self.tables = Tables(self.world, self.watcher.wrote)
        self.rds = Rds(self.world, lambda what: self.story.tell("RDS", what))
        self.queues = Queues(self.world)
        self.sessions = Sessions()
        self.lambdas = Lambdas(self.world, handlers, chance.seed, self._serve, self._fate, self.story.tell)
        work = Work(
            self.world,
            chance.seed,
            self.lambdas,
            self._integration,
            chance.strikes,
            self.counts,
            self.watcher.tell,
        )
        interpreter = Interpreter(self.world, chance.seed, definitions, work.do, self.counts, self.watcher)
        self.states = States(
            self.world,
            definitions,
            lambda execution, turn: interpreter.run(self.states, execution, turn),
            self._emit,
            self.story.tell,
        )

    def every(self, seconds: float, function: str) -> Process:
        """Run a function on a schedule, without retries."""
        number = 0
        while True:
            yield seconds
            number += 1
            answer = self.lambdas.invoke(function, {}, f"{function} {number}")
            if function == "sweep":
                answer.waiting.append(partial(self.watcher.swept, self.world.seconds, answer))

    def _fate(self, purpose: str) -> Fate:
        fate = self.chance.fate(purpose)
        if fate is not Fate.FINE:
            self.counts[f"call {fate}"] += 1
            self.story.tell(purpose, fate.value)
        return fate

    def _serve(self, invocation: Invocation, call: Call) -> Effect:
        services = {"dynamodb": self.tables.call, "stepfunctions": self.states.call, "sqs": self.queues.call}
        if call.service in services:
            return lambda dice: services[call.service](call.action, call.params, dice)
        if call.service == "sts":
            return lambda _dice: self.sessions.assume(call.params, invocation.who)
        session = self.sessions.of(call.client, invocation)
        if call.action in ACTING:
            seen = dict(invocation.looks)  # as sent: RDS may take the call after the function's next read
            return lambda dice: self._act(invocation, call, session, dice, seen)
        return lambda dice: self._look(invocation, call, session, dice)

    def _look(self, invocation: Invocation, call: Call, session: Session, dice: Dice) -> Document:
        place = Place(session.account_id, call.client.meta.region_name)
        answer = self.rds.call(call.action, call.params, dice, place)
        if call.action == "DescribeDBInstances" and (name := call.params.get("DBInstanceIdentifier")):
            invocation.looks[place, name] = answer["DBInstances"][0]
        return answer

    def _act(
        self, invocation: Invocation, call: Call, session: Session, dice: Dice, seen: dict[Any, Document | None]
    ) -> Document:
        place = Place(session.account_id, call.client.meta.region_name)
        answer = self.rds.call(call.action, call.params, dice, place, invocation.operation_id)
        self.story.tell(invocation.who, f"{call.action} on {call.params['DBInstanceIdentifier']} is taken by RDS")
        self.watcher.acted(seen, session, self.rds.acts[-1])
        return answer

    def _integration(self, resource: str, given: Document, dice: Dice) -> Document:
        if resource.endswith("startExecution"):
            call = {"stateMachineArn": given["StateMachineArn"], "name": given["Name"], "input": given["Input"]}
            answer = self.states.call("StartExecution", call, dice)
            return {"ExecutionArn": answer["executionArn"]}
        if resource.endswith("getItem"):
            return self.tables.call("GetItem", given, dice)
        return self.queues.call("SendMessage", given, dice)

    def _emit(self, execution: Execution, detail: Document) -> None:
        """Deliver an event as EventBridge does: at least once, in any order, best effort.

        https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-service-event.html
        """
        purpose = f"event of {execution.name}/{execution.turn}"
        dice = Dice(self.chance.seed, purpose)
        lost, late, twice = (self.chance.strikes(f"{purpose} {what}") for what in ("lost", "late", "twice"))
        for copy in range(1 + twice):
            delay = dice.between(60, 900) if late else dice.between(0.2, 3)
            if lost:
                self.story.tell("EventBridge", f"loses the {purpose}")
                return
            self.world.after(delay, partial(self._deliver, detail, f"{purpose} copy {copy}"))

    def _deliver(self, detail: Document, who: str) -> None:
        event = json.loads(json.dumps({"source": "aws.states", "detail": detail}))
        self.world.begin(self.lambdas.invoke_event("audit", event, who, lambda: self._given_up(who)))

    def _given_up(self, who: str) -> None:
        self.counts["documented: an event in the dead-letter queue"] += 1
        self.story.tell("Lambda", f"gives up the {who}")
