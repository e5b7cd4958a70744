"""Runs an execution, state by state. See `definitions` for what of the language is modelled.

A Task that waits for a function can be told too much, too late or nothing: the invocation is refused, run late, run
twice as long as anybody waits, or its answer is lost.
https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from rds_operations import clock
from tests.simulation.awserror import AwsError
from tests.simulation.definitions import StateError, evaluated
from tests.simulation.deployment import TIMEOUTS
from tests.simulation.dice import Dice
from tests.simulation.lambdas import Failure, Lambdas
from tests.simulation.states import Execution, States, as_state_error
from tests.simulation.world import Process, Signal, World

Document = dict[str, Any]
Step = Generator[Any, Any, tuple[str, Any]]


class Task(StrEnum):
    """What befalls the work of one Task."""

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
_MOST_TRIES = 9
_LATEST = 9.0
"""Seconds that a function that somebody waits for is run late: what a cold start may take.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""
_NOT_RUN = {Task.REFUSED: "Lambda.TooManyRequestsException", Task.CRASHED: "Runtime.ExitError"}


class Watch(Protocol):
    """Who is told of what befalls a Task, of what a state has left, and of what must not be."""

    def tell(self, who: str, what: str) -> None: ...

    def passed(self, execution: Execution, output: Any) -> None: ...

    def found(self, name: str, text: str) -> None: ...


@dataclass
class Interpreter:
    world: World
    seed: int
    definitions: dict[str, Document]
    lambdas: Lambdas
    integrations: Callable[[str, Document, Dice], Document]
    """Does what a Task asks of another service than Lambda."""
    strikes: Callable[[str, Dice], bool]
    """Whether something befalls a Task, for the purpose that is named."""
    counts: Counter[str]
    watch: Watch

    def run(self, states: States, execution: Execution, turn: int) -> Process:
        """The process of an execution."""
        steps = 0
        while execution.turn == turn:
            steps += 1
            name, state = execution.state, self.definitions[execution.machine]["States"][execution.state]
            self.counts[f"state {execution.kind} {name}"] += 1
            # Of an execution that goes on after a redrive, other things befall the same state.
            purpose = f"{execution.kind} {execution.name}/{turn}.{steps} {name}"
            yield Dice(self.seed, purpose).between(0.005, 0.04)
            if execution.turn != turn:
                return
            context = self._context(execution, name)
            try:
                following, output = yield from self._step(execution, state, name, context, purpose)
            except StateError as error:
                if execution.turn == turn:
                    states.end(execution, "FAILED", error=error.error, cause=error.cause)
                return
            if execution.turn != turn:
                return
            if state["Type"] == "Succeed" or state.get("End"):
                states.end(execution, "SUCCEEDED", output=json.dumps(output))
                return
            execution.state, execution.state_input = following, output
            self.watch.passed(execution, output)

    def _context(self, execution: Execution, state: str) -> Document:
        return {
            "Execution": {
                "Id": execution.arn,
                "Name": execution.name,
                "StartTime": execution.start_time,
                "Input": execution.input,
            },
            "State": {"Name": state, "EnteredTime": clock.to_text(self.world.now())},
        }

    def _step(self, execution: Execution, state: Document, name: str, context: Document, purpose: str) -> Step:
        given = execution.state_input
        states = {"input": given, "context": context}
        if state["Type"] == "Task":
            return (yield from self._task(execution, state, name, states, purpose))
        if state["Type"] == "Choice":
            return _chosen(state, states)
        if state["Type"] == "Wait":
            yield float(evaluated(state["Seconds"], states))
        if state["Type"] == "Fail":
            raise StateError(evaluated(state["Error"], states), evaluated(state["Cause"], states))
        return state.get("Next", ""), evaluated(state["Output"], states) if "Output" in state else given

    def _task(self, execution: Execution, state: Document, name: str, states: Document, purpose: str) -> Step:
        tries: Counter[int] = Counter()
        turn = execution.turn
        while execution.turn == turn:  # one that was stopped does not try again
            number = tries.total() + 1
            try:
                result = yield from self._work(state, states, f"{purpose} try {number}")
                output = evaluated(state["Output"], {**states, "result": result})
                following: str = state["Next"]
                return following, output
            except StateError as error:
                which = _retrier(state, error.error)
                if which is None or tries[which] >= state["Retry"][which].get("MaxAttempts", 3):
                    return self._caught(execution, state, name, states, error)
                if number == _MOST_TRIES:
                    self.watch.found("a Task is tried without end", f"{execution.name} {name}")
                delay = _delay(state["Retry"][which], tries[which], Dice(self.seed, f"{purpose} delay {number}"))
                tries[which] += 1
                self.counts[f"Retry {execution.kind} {name} {error.error}"] += 1
                yield delay
        return "", None

    def _caught(
        self, execution: Execution, state: Document, name: str, states: Document, error: StateError
    ) -> tuple[str, Any]:
        for catcher in state.get("Catch", []):
            if _matches(catcher["ErrorEquals"], error.error):
                execution.caught.add(name)
                self.counts[f"Catch {execution.kind} {name} {catcher['ErrorEquals'][0]}"] += 1
                told = {"Error": error.error, "Cause": error.cause}
                output = evaluated(catcher["Output"], {**states, "errorOutput": told})
                following: str = catcher["Next"]
                return following, output
        raise error

    def _work(self, state: Document, states: Document, who: str) -> Generator[Any, Any, Any]:
        """What the Task's resource answers. Raises `StateError`."""
        given = evaluated(state["Arguments"], states)
        dice = Dice(self.seed, who)
        befalls = dice.one_of(_ALL) if self.strikes(who, dice) else Task.FINE
        if befalls is not Task.FINE:
            self.counts[f"task {befalls}"] += 1
            self.watch.tell(who, befalls.value)
        done = Signal()
        self.world.after(state["TimeoutSeconds"], lambda: done.tell(StateError("States.Timeout")))
        if state["Resource"].endswith(":lambda:invoke"):
            self._invoke(given, befalls, dice, done, state["TimeoutSeconds"], who)
        else:
            self._integrate(state["Resource"], given, befalls, dice, done, who)
        result = yield done
        if isinstance(result, StateError):
            raise result
        return result

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
        service = "StepFunctions" if resource.endswith("startExecution") else "Sqs"

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


def _chosen(state: Document, states: Document) -> tuple[str, Any]:
    for choice in state["Choices"]:
        if evaluated(choice["Condition"], states) is True:
            output = evaluated(choice["Output"], states) if "Output" in choice else states["input"]
            return choice["Next"], output
    return state["Default"], states["input"]


def _retrier(state: Document, error: str) -> int | None:
    return next((i for i, one in enumerate(state.get("Retry", [])) if _matches(one["ErrorEquals"], error)), None)


def _matches(names: list[str], error: str) -> bool:
    """`States.TaskFailed` is any failure of a Task but a time-out."""
    return error in names or "States.ALL" in names or ("States.TaskFailed" in names and error != "States.Timeout")


def _delay(retrier: Document, times: int, dice: Dice) -> float:
    longest = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** times
    longest = min(longest, retrier.get("MaxDelaySeconds", longest))
    return dice.between(0, longest) if retrier.get("JitterStrategy") == "FULL" else float(longest)
