"""The interpreter as a second judge: it repeats an execution of another Step Functions with the same answers.

The recording of an execution is a list of steps. The interpreter runs the same definition on the same input with the
recorded answers to Tasks, and each of its steps must be the recorded one.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from dataclasses import dataclass
from typing import Any

from rds_operations.model import clock
from tests.simulation.definitions import StateError
from tests.simulation.interpreter import Interpreter
from tests.simulation.states import Execution, States
from tests.simulation.world import Process, Signal, World

Document = dict[str, Any]
Step = tuple[Any, ...]
_ENDS = {
    "ExecutionSucceeded": "SUCCEEDED",
    "ExecutionFailed": "FAILED",
    "ExecutionAborted": "ABORTED",
    "ExecutionTimedOut": "TIMED_OUT",
}
_FROM_OUTSIDE = ("ABORTED", "TIMED_OUT")


@dataclass(frozen=True)
class Recording:
    """Hold an ended execution, as DescribeExecution and GetExecutionHistory show it, and its definition."""

    definition: Document
    description: Document
    events: list[Document]

    def steps(self) -> list[Step]:
        """Return the execution's steps, and what was done to it."""
        return [step for event in self._events() if (step := _step(event))]

    def answers(self) -> list[Document | StateError | None]:
        """Return the answers to Tasks, in order. None means that the execution was stopped first."""
        found: list[Document | StateError | None] = []
        for event in self._events():
            if event["type"] == "TaskScheduled":
                found.append(None)
            elif event["type"] in ("TaskSucceeded", "TaskFailed") and found and found[-1] is None:
                found[-1] = _answer(event)
        return found

    def _events(self) -> list[Document]:
        """Leave out what comes after an end: the emulator still finishes the state in which it was stopped."""
        found, over = [], False
        for event in self.events:
            over = over and event["type"] != "ExecutionRedriven"
            if not over:
                found.append(event)
            over = over or event["type"] in _ENDS
        return found


def _step(event: Document) -> Step | None:
    kind: str = event["type"]
    if kind.endswith("StateEntered"):
        details = event["stateEnteredEventDetails"]
        return ("enters", details["name"], plain(details["input"]))
    if kind == "TaskScheduled":
        details = event["taskScheduledEventDetails"]
        return ("asks", details["resource"], plain(details["parameters"]))
    if kind == "ExecutionRedriven":
        return ("is redriven",)
    if kind in _ENDS:
        details = event.get(f"e{kind[1:]}EventDetails", {})
        return _end(_ENDS[kind], details.get("output"), details.get("error"), details.get("cause"))
    return None


def _end(status: str, output: str | None, error: str | None, cause: str | None) -> Step:
    return ("ends", status, plain(output or "null"), error or "", cause or "")


def _answer(event: Document) -> Document | StateError:
    if event["type"] == "TaskSucceeded":
        result: Document = json.loads(event["taskSucceededEventDetails"]["output"])
        return result
    details = event["taskFailedEventDetails"]
    return StateError(details["error"], details["cause"])


def plain(text: str) -> Any:
    """Parse JSON without what may differ: the moment a state was entered, and the emulator's cause of a Task's
    time-out.

    A time-out needs no cause, and the interpreter gives none.
    https://docs.aws.amazon.com/step-functions/latest/apireference/API_TaskTimedOutEventDetails.html
    """
    return json.loads(text, object_hook=_plain)


def _plain(found: Document) -> Document:
    if "entered_at" in found:
        found["entered_at"] = clock.from_text(found["entered_at"]).tzinfo is not None
    if found.get("Error") == "States.Timeout":
        found["Cause"] = ""
    return found


class Replay:
    """Judge one recording, as the interpreter's `Watch` and with the work of its Tasks."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._steps, self._answers = deque(recording.steps()), deque(recording.answers())
        self._world, self._counts = World(), Counter[str]()
        machine = recording.description["stateMachineArn"]
        definitions = {machine: recording.definition}
        self._interpreter = Interpreter(self._world, 0, definitions, self._work, self._counts, self)
        self._states = States(self._world, definitions, self._run, lambda *_: None, lambda *_: None)

    def judge(self) -> Counter[str]:
        """Raise an AssertionError at the first difference; return the counts of Retries and Catches."""
        told = self._recording.description
        execution = self._states.start(told["stateMachineArn"], told["name"], json.loads(told["input"]))
        execution.start_time = clock.to_text(told["startDate"])
        self._until_the_end(execution)
        while self._steps:
            self._made("is redriven")
            assert self._states.redrive(execution)
            self._until_the_end(execution)
        return self._counts

    def passed(self, execution: Execution, output: Any) -> None:
        self._enters(execution, execution.state, output)

    def found(self, name: str, text: str) -> None:
        raise AssertionError(f"{name}: {text}")

    def _until_the_end(self, execution: Execution) -> None:
        self._world.run(lambda: execution.status != "RUNNING")
        self._made(*_end(execution.status, execution.output, execution.error, execution.cause))

    def _run(self, execution: Execution, turn: int) -> Process:
        yield 0.0  # now the execution has its recorded start
        self._enters(execution, execution.state, execution.state_input)
        yield from self._interpreter.run(self._states, execution, turn)

    def _enters(self, execution: Execution, state: str, given: Any) -> None:
        if execution.turn == 0:  # the local cloud does not report the states that a redrive enters
            self._made("enters", state, plain(json.dumps(given)))
        self._end_from_outside(execution)

    def _work(self, state: Document, given: Document, done: Signal, _who: str) -> None:
        self._made("asks", state["Resource"], plain(json.dumps(given)))
        answer = self._answers.popleft()
        (execution,) = self._states.executions.values()
        self._end_from_outside(execution)
        if not (isinstance(answer, StateError) and answer.error == "States.Timeout"):  # it waits for time-outs itself
            self._world.after(0, lambda: done.tell(answer))

    def _end_from_outside(self, execution: Execution) -> None:
        """Stop the execution, or let it time out, where that was recorded."""
        kind, *details = self._steps[0]
        if kind == "ends" and details[0] in _FROM_OUTSIDE:
            status, _output, error, cause = details
            self._states.end(execution, status, error=error, cause=cause)

    def _made(self, *step: Any) -> None:
        recorded = self._steps.popleft() if self._steps else ("is over",)
        assert step == recorded, f"the emulator: {recorded}\nthe interpreter: {step}"
