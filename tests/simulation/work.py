"""Performs a Task's work, and what can happen to it.

The invocation can be refused, run late, run twice as long as the Task waits, or lose its answer.
https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tests.simulation.awserror import AwsError
from tests.simulation.definitions import StateError
from tests.simulation.deployment import TIMEOUTS
from tests.simulation.dice import Dice
from tests.simulation.lambdas import Failure, Lambdas
from tests.simulation.states import as_state_error
from tests.simulation.world import Signal, World

Document = dict[str, Any]


class Task(StrEnum):
    FINE = "fine"
    REFUSED = "refused, not run"
    BROKEN_BEFORE = "broken, not run"
    BROKEN_AFTER = "broken, run"
    CRASHED = "killed at once"
    HUNG = "hangs at once"
    UNANSWERED_BEFORE = "time-out, never run"
    UNANSWERED_AFTER = "time-out, run"
    LATE = "run late"


_ALL = [task for task in Task if task is not Task.FINE]
# https://docs.aws.amazon.com/step-functions/latest/dg/connect-lambda.html
_BROKEN = (
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.Unknown",
)
_LATEST = 9.0
"""The most seconds that an awaited function is late, as after a cold start.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""
_SERVICES = {"startExecution": "StepFunctions", "sendMessage": "Sqs", "getItem": "DynamoDB"}
_NOT_RUN = {Task.REFUSED: "Lambda.TooManyRequestsException", Task.CRASHED: "Runtime.ExitError"}


@dataclass
class Work:
    world: World
    seed: int
    lambdas: Lambdas
    integrations: Callable[[str, Document, Dice], Document]
    """Performs what a Task asks of services other than Lambda."""
    strikes: Callable[[str], bool]
    """Returns whether something happens to a Task, for this purpose."""
    counts: Counter[str]
    tell: Callable[[str, str], None]
    """Gets what happens to a Task."""

    def do(self, state: Document, given: Document, done: Signal, who: str) -> None:
        dice = Dice(self.seed, who)
        befalls = dice.one_of(_ALL) if self.strikes(who) else Task.FINE
        if befalls is not Task.FINE:
            self.counts[f"task {befalls}"] += 1
            self.tell(who, befalls.value)
        if state["Resource"].endswith(":lambda:invoke"):
            self._invoke(given, befalls, dice, done, state["TimeoutSeconds"], who)
        else:
            self._integrate(state["Resource"], given, befalls, dice, done, who)

    def _invoke(self, given: Document, befalls: Task, dice: Dice, done: Signal, patience: float, who: str) -> None:
        broken = StateError(_NOT_RUN.get(befalls, dice.one_of(_BROKEN)), "simulated")
        if befalls in (Task.REFUSED, Task.BROKEN_BEFORE, Task.CRASHED):
            self.world.after(0.1, lambda: done.tell(broken))
            return
        if befalls is Task.HUNG:
            self.world.after(TIMEOUTS[given["FunctionName"]], lambda: done.tell(StateError("Sandbox.Timedout")))
            return
        if befalls is Task.UNANSWERED_BEFORE:
            return
        delay = dice.between(0.5, min(patience * 1.2, _LATEST)) if befalls is Task.LATE else 0.0
        answer = self.lambdas.invoke(given["FunctionName"], given["Payload"], who, delay)

        def tell() -> None:
            if befalls is Task.BROKEN_AFTER:
                done.tell(broken)
            elif isinstance(answer.value, Failure):
                done.tell(StateError(answer.value.error, answer.value.cause))
            elif befalls is not Task.UNANSWERED_AFTER:
                done.tell({"Payload": answer.value, "StatusCode": 200})

        answer.waiting.append(tell)

    def _integrate(self, resource: str, given: Document, befalls: Task, dice: Dice, done: Signal, who: str) -> None:
        service = _SERVICES[resource.rpartition(":")[2]]

        def do() -> None:
            try:
                answer: Any = self.integrations(resource, given, dice)
            except AwsError as error:
                answer = as_state_error(error)
            if befalls is Task.BROKEN_AFTER:
                answer = StateError(f"{service}.InternalServerException", "simulated")
            if befalls is not Task.UNANSWERED_AFTER:
                self.world.after(0.01, lambda: done.tell(answer))

        if befalls in (Task.REFUSED, Task.BROKEN_BEFORE, Task.CRASHED, Task.HUNG):
            self.world.after(0.05, lambda: done.tell(StateError(f"{service}.ThrottlingException", "simulated")))
        elif befalls is not Task.UNANSWERED_BEFORE:
            self.world.after(dice.between(1, 4) if befalls is Task.LATE else dice.between(0.01, 0.06), do)
