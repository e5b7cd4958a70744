"""Step Functions: executions of the three definitions, and what can be done to them.

Models names that stay taken, repeated starts of what runs, descriptions that lag, a stop that does not stop a running
function, executions' time-outs, and redrive from the state that did not succeed.
https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html
https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from rds_operations.model import clock
from tests.simulation import deployment
from tests.simulation.awserror import AwsError
from tests.simulation.definitions import StateError
from tests.simulation.dice import Dice
from tests.simulation.world import Process, Signal, World

Document = dict[str, Any]
BAD_ENDS = ("FAILED", "TIMED_OUT", "ABORTED")
_LONGEST_LAG = 2.0
_LISTED = frozenset({"executionArn", "stateMachineArn", "name", "status", "startDate", "stopDate"})


@dataclass
class Execution:
    """Hold an execution. `text` is the input as given.

    `turn` counts its runs: what belongs to an earlier one no longer counts.
    """

    machine: str
    name: str
    arn: str
    input: Document
    text: str
    started_at: float
    start_time: str
    status: str = "RUNNING"
    output: Any = None
    error: str = ""
    cause: str = ""
    state: str = ""
    state_input: Any = None
    turn: int = 0
    stopped_at: datetime | None = None
    ended: Signal = field(default_factory=Signal)
    seen: list[tuple[float, Document]] = field(default_factory=list)
    ends: list[Document] = field(default_factory=list)
    caught: set[str] = field(default_factory=set)

    @property
    def kind(self) -> str:
        return self.machine.rpartition(":rds-operations-")[2].replace("-", " ").upper()

    def describe(self) -> Document:
        found: Document = {"executionArn": self.arn, "stateMachineArn": self.machine, "name": self.name}
        found |= {"status": self.status, "startDate": clock.from_text(self.start_time), "input": self.text}
        found |= {"stopDate": self.stopped_at} if self.status != "RUNNING" and self.stopped_at else {}
        if self.status == "SUCCEEDED":
            return found | {"output": self.output}
        return found | ({"error": self.error, "cause": self.cause} if self.error else {})


class States:
    """Run executions. `run` makes an execution's process from its state on; `emit` gets the event of a bad end."""

    def __init__(
        self,
        world: World,
        definitions: dict[str, Document],
        run: Callable[[Execution, int], Process],
        emit: Callable[[Execution, Document], None],
        tell: Callable[[str, str], None],
    ) -> None:
        self._world, self._definitions, self._run, self._emit, self._tell = world, definitions, run, emit, tell
        self.executions: dict[str, Execution] = {}

    def find(self, machine: str, name: str) -> Execution | None:
        return self.executions.get(machine.replace(":stateMachine:", ":execution:") + f":{name}")

    def call(self, action: str, call: Document, dice: Dice) -> Document:
        answer: Document = getattr(self, f"_{action}")(call, dice)
        return answer

    def start(self, machine: str, name: str, given: Document, text: str = "") -> Execution:
        arn = machine.replace(":stateMachine:", ":execution:") + f":{name}"
        shown = arn.replace(":execution:", ":express:") + ":1" if machine == deployment.ADMISSION else arn
        start_time = clock.to_text(self._world.now())
        execution = Execution(machine, name, shown, given, text or json.dumps(given), self._world.seconds, start_time)
        execution.state, execution.state_input = self._definitions[machine]["StartAt"], given
        self.executions[arn] = execution
        self._begin(execution)
        return execution

    def end(self, execution: Execution, status: str, **how: Any) -> None:
        if execution.status != "RUNNING":
            return
        execution.status = status
        execution.output, execution.error = how.get("output"), how.get("error", "")
        execution.cause = how.get("cause", "")
        execution.stopped_at = self._world.now()
        execution.turn += 1
        self._saw(execution)
        execution.ends.append(execution.describe())
        self._tell(f"{execution.kind} {execution.name}", f"{status} {execution.error} {execution.cause[:200]}")
        execution.ended.tell()
        if execution.machine == deployment.OPERATION and status in BAD_ENDS:
            self._emit(execution, self._detail(execution))

    def stop(self, execution: Execution) -> None:
        self.end(execution, "ABORTED", error="Stopped", cause="by hand")

    def redrive(self, execution: Execution) -> bool:
        if execution.status not in BAD_ENDS:
            return False
        execution.status, execution.error, execution.cause = "RUNNING", "", ""
        execution.ended = Signal()
        self._begin(execution)
        return True

    def _begin(self, execution: Execution) -> None:
        turn = execution.turn
        self._saw(execution)
        longest = self._definitions[execution.machine]["TimeoutSeconds"]

        def time_out() -> None:
            if execution.turn == turn:
                self.end(execution, "TIMED_OUT")

        self._world.after(longest, time_out)
        self._world.begin(self._run(execution, turn))

    def _saw(self, execution: Execution) -> None:
        execution.seen.append((self._world.seconds, execution.describe()))

    def _StartExecution(self, call: Document, _dice: Dice) -> Document:
        """Start it, or repeat the answer while it runs. Only the same text is the same input."""
        known = self.find(call["stateMachineArn"], call["name"])
        if known and (known.status != "RUNNING" or known.text != call["input"]):
            raise AwsError("ExecutionAlreadyExists", f"Execution Already Exists: {call['name']}")
        given = json.loads(call["input"])
        execution = known or self.start(call["stateMachineArn"], call["name"], given, call["input"])
        return {"executionArn": execution.arn, "startDate": clock.from_text(execution.start_time)}

    def _DescribeExecution(self, call: Document, dice: Dice) -> Document:
        execution = self.executions.get(call["executionArn"])
        moment = self._world.seconds - (dice.between(0, _LONGEST_LAG) if dice.hits(0.2) else 0)
        seen = [shown for seconds, shown in execution.seen if seconds <= moment] if execution else []
        if not seen:
            raise AwsError("ExecutionDoesNotExist", "Execution Does Not Exist")
        return seen[-1]

    def _ListExecutions(self, call: Document, dice: Dice) -> Document:
        """List by status, newest first, with a lag.

        https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html
        """
        moment = self._world.seconds - (dice.between(0, _LONGEST_LAG) if dice.hits(0.2) else 0)
        of_machine = [item for item in self.executions.values() if item.machine == call["stateMachineArn"]]
        shown = [seen[-1] for item in of_machine if (seen := [doc for at, doc in item.seen if at <= moment])]
        fitting = [
            {name: value for name, value in doc.items() if name in _LISTED}
            for doc in shown
            if doc["status"] == call["statusFilter"]
        ]
        return {"executions": sorted(fitting, key=lambda doc: doc["startDate"], reverse=True)}

    def _detail(self, execution: Execution) -> Document:
        """https://docs.aws.amazon.com/eventbridge/latest/ref/events-ref-states.html"""
        return {
            "executionArn": execution.arn,
            "stateMachineArn": execution.machine,
            "name": execution.name,
            "status": execution.status,
            "startDate": int(clock.from_text(execution.start_time).timestamp() * 1000),
            "stopDate": int(self._world.now().timestamp() * 1000),
            "input": execution.text,
            "output": None,
            "error": execution.error or None,
            "cause": execution.cause or None,
        }


def as_state_error(error: AwsError) -> StateError:
    """Return the error with the name that an integration with Step Functions itself gives it."""
    name = error.code if error.code.endswith("Exception") else f"{error.code}Exception"
    return StateError(f"StepFunctions.{name}", error.message)
