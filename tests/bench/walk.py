"""Walks the definitions of `statemachine/` state by state, with their own conditions and waits, and counts what is
entered: Step Functions bills each state of a Standard execution.

https://aws.amazon.com/step-functions/pricing/
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from stacks.definitions import DEFINITIONS
from stacks.settings import Settings
from tests.simulation.definitions import evaluated, load

Document = dict[str, Any]
Answer = Callable[[str, float], Document]
"""What a Task's function returns, by the state's name and the seconds that have passed in Wait states."""
_MOST_STATES = 10_000
_CONTEXT = {
    "Execution": {"Id": "arn", "Name": "name", "StartTime": "2025-11-13T10:30:00.000Z", "Input": {"envelope": {}}},
    "State": {"EnteredTime": "2025-11-13T10:30:00.000Z", "RetryCount": 0},
}
_EVENTS = {"Task": 5, "Choice": 2, "Pass": 2, "Wait": 2, "Succeed": 2, "Fail": 1}
"""History events of a state that succeeds: entered, scheduled, started, succeeded, exited for a Task."""


@dataclass
class Path:
    """The states entered, in their order, with `waited` seconds; how often each function is invoked."""

    states: list[str] = field(default_factory=list)
    invoked: Counter[str] = field(default_factory=Counter)
    waited: float = 0.0
    events: int = 2

    @property
    def transitions(self) -> int:
        return len(self.states)


def walk(name: str, settings: Settings, answer: Answer) -> Path:
    """Walk the definition `name` to its end; no Task fails."""
    definition = load(DEFINITIONS, name, _numbers(settings))
    state_input: Document = {"envelope": {}}
    path, at = Path(), definition["StartAt"]
    while at:
        state = definition["States"][at]
        path.states.append(at)
        path.events += _EVENTS[state["Type"]]
        if len(path.states) > _MOST_STATES:
            raise RuntimeError(f"{name} does not end")
        states: Document = {"input": state_input, "context": _CONTEXT}
        if state["Type"] == "Task":
            path.invoked[_function(state)] += 1
            states["result"] = {"Payload": answer(at, path.waited)}
        if state["Type"] == "Wait":
            path.waited += float(evaluated(state["Seconds"], states))
        at, state_input = _chosen(state, states) if state["Type"] == "Choice" else _left(state, states)
    return path


def operation(settings: Settings, takes_seconds: float) -> Path:
    """Walk an operation that RDS completes so many seconds after it was begun."""

    def answer(state: str, waited: float) -> Document:
        is_over = state == "Poll" and waited >= takes_seconds
        progress = {"finished": is_over, "success": is_over}
        answers: Document = {
            "Execute": {"progress": progress},
            "Poll": {"progress": progress},
            "Audit": {"document": {}},
        }
        return answers.get(state) or {}

    return walk("operation", settings, answer)


def admission(settings: Settings, refused_by: str = "") -> Path:
    """Walk a request that is accepted, or that a state refuses."""

    def answer(state: str, _waited: float) -> Document:
        said = {"reply": {"statusCode": 202}} if state == "Audit" else {}
        if state == "Admit" and refused_by != "Admit":
            return {"reply": {}, "start": {"name": "name", "input": {}}}
        return {**said, **({"refusal": {"status": 400}, "reply": {}} if state == refused_by else {})}

    return walk("admission", settings, answer)


def _left(state: Document, states: Document) -> tuple[str, Any]:
    if state["Type"] == "Fail":
        return "", None
    return state.get("Next", ""), evaluated(state["Output"], states) if "Output" in state else states["input"]


def _chosen(state: Document, states: Document) -> tuple[str, Any]:
    for choice in state["Choices"]:
        if evaluated(choice["Condition"], states) is True:
            return choice["Next"], states["input"]
    return state["Default"], states["input"]


def _function(state: Document) -> str:
    """Return the function of a Lambda Task; for another Task, the action of its resource."""
    named = re.fullmatch(r"\$\{(\w+)Function}", state["Arguments"].get("FunctionName", ""))
    return named[1].lower() if named else state["Resource"].rpartition(":::")[2]


def _numbers(settings: Settings) -> dict[str, str]:
    return {
        "PollIntervalSeconds": str(settings.poll_interval_seconds),
        "MaxPolls": str(settings.max_polls),
        "LateWatchIntervalSeconds": str(settings.late_watch_interval_seconds),
        "LateWatchMaxPolls": str(settings.late_watch_max_polls),
    }
