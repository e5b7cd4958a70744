"""Runs an execution state by state. `definitions` says what is modelled, `work` does it for Tasks."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol

from rds_operations.model import clock
from tests.simulation.definitions import StateError, evaluated
from tests.simulation.dice import Dice
from tests.simulation.states import Execution, States
from tests.simulation.world import Process, Signal, World

Document = dict[str, Any]
Step = Generator[Any, Any, tuple[str, Any]]
_MOST_TRIES = 14
"""Of Execute: the first, eight after throttling, five after other errors."""


class Watch(Protocol):
    """Receive what states return, and what must not be."""

    def passed(self, execution: Execution, output: Any) -> None: ...

    def found(self, name: str, text: str) -> None: ...


@dataclass
class Interpreter:
    world: World
    seed: int
    definitions: dict[str, Document]
    work: Callable[[Document, Document, Signal, str], None]
    """Performs the Task (its state, then its arguments), and tells the result or a `StateError`."""
    counts: Counter[str]
    watch: Watch

    def run(self, states: States, execution: Execution, turn: int) -> Process:
        """Run an execution, as a process."""
        steps = 0
        while execution.turn == turn:
            steps += 1
            name, state = execution.state, self.definitions[execution.machine]["States"][execution.state]
            self.counts[f"state {execution.kind} {name}"] += 1
            # After a redrive, other things happen to the same state.
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
            if not following:  # Succeed, or End without a Catch
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
            "State": {"Name": state, "EnteredTime": clock.to_text(self.world.now()), "RetryCount": 0},
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
        while execution.turn == turn:  # a stopped execution does not try again
            number = tries.total() + 1
            states["context"]["State"]["RetryCount"] = tries.total()
            try:
                result = yield from self._work(state, states, f"{purpose} try {number}")
                output = evaluated(state["Output"], {**states, "result": result})
                following: str = state.get("Next", "")
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
        """Return the answer of the Task's resource. Raises `StateError`."""
        given = evaluated(state["Arguments"], states)
        done = Signal()
        self.world.after(state["TimeoutSeconds"], lambda: done.tell(StateError("States.Timeout")))
        self.work(state, given, done, who)
        result = yield done
        if isinstance(result, StateError):
            raise result
        return result


def _chosen(state: Document, states: Document) -> tuple[str, Any]:
    for choice in state["Choices"]:
        if evaluated(choice["Condition"], states) is True:
            output = evaluated(choice["Output"], states) if "Output" in choice else states["input"]
            return choice["Next"], output
    return state["Default"], states["input"]


def _retrier(state: Document, error: str) -> int | None:
    return next((i for i, one in enumerate(state.get("Retry", [])) if _matches(one["ErrorEquals"], error)), None)


def _matches(names: list[str], error: str) -> bool:
    """Match an error. `States.TaskFailed` is any failure of a Task except a time-out."""
    return error in names or "States.ALL" in names or ("States.TaskFailed" in names and error != "States.Timeout")


def _delay(retrier: Document, times: int, dice: Dice) -> float:
    longest = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** times
    longest = min(longest, retrier.get("MaxDelaySeconds", longest))
    return dice.between(0, longest) if retrier.get("JitterStrategy") == "FULL" else float(longest)
