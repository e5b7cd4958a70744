"""The execution is stopped, times out or fails with an error that no Catch sees; some are redriven."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from local.deployment import STACK
from tests.workflow.faults.case import Case, Row
from tests.workflow.faults.checks import assert_as_expected, assert_promises_kept, parametrized
from tests.workflow.faults.conftest import Seen
from tests.workflow.faults.expected import CLOSED_BEHIND, RECORDS, SETTLED, OneOf
from tests.workflow.service import Document, reboot_of, snapshot_of, window_of
from tests.workflow.test_permissions import update

WHERE = "Execution"
ABORTED, TIMED_OUT, BROKEN = "ABORTED", "TIMED_OUT", "FAILED States.Runtime"
CLOSED = {"answer": 202, "records": CLOSED_BEHIND}
WATCHED = {"answer": 202, "acted": 1, "records": (*CLOSED_BEHIND, "final by late_watch")}
Request = Callable[..., Document]


def at(state: str, effect: str = "stop") -> tuple[Document, ...]:
    return ({"point": f"operation:{state}", "effect": effect, "times": 1, "message": "broken"},)


def stopped(state: str, request: Request, **expected: Any) -> Row:
    return Row(WHERE, f"stopped in {state}", request, at(state), expected)


def then_driven_again(row: Row) -> Row:
    """Expect that a redrive after the operation was closed changes neither the database nor the records.

    If the end is still open, the execution or its late watch, whichever is first, writes the final record.
    """
    ended = {name: value for name, value in row.expected.items() if name != "execution"}
    if row.expected.get("records") == WATCHED["records"]:
        ended["records"] = OneOf(WATCHED["records"], (*CLOSED_BEHIND, "final by operation"))
    return replace(row, fault=f"{row.fault}, then redriven", expected=ended, after=lambda case: case.redrive())


def both_ways(rows: list[Row]) -> list[Row]:
    return [*rows, *map(then_driven_again, rows)]


BROKEN_OFF = [
    stopped("Validate", snapshot_of, **CLOSED, execution=ABORTED, outcome="failed", acted=0),
    stopped("Classify", snapshot_of, **CLOSED, execution=ABORTED, outcome="failed", acted=0),
    # Execute runs on for a moment after its execution is stopped: it either acts before the backstop closes the
    # request, or finds it closed.
    stopped("Execute", snapshot_of, answer=202, execution=ABORTED),
    stopped("Execute", reboot_of, answer=202, execution=ABORTED),
    stopped("Execute", window_of, answer=202, execution=ABORTED),
    stopped("Wait", snapshot_of, **WATCHED, execution=ABORTED, outcome="failed, available later"),
    stopped("Wait", reboot_of, **WATCHED, execution=ABORTED, outcome="failed, available later"),
    stopped("Poll", snapshot_of, **WATCHED, execution=ABORTED, outcome="failed, available later"),
    stopped("Poll", reboot_of, **WATCHED, execution=ABORTED, outcome="failed, available later"),
    stopped("Audit", window_of, answer=202, execution=ABORTED, acted=1),
    Row(
        WHERE,
        "its own time-out",
        snapshot_of,
        at("Wait", "time_out"),
        {**WATCHED, "execution": TIMED_OUT, "outcome": "timeout, available later"},
    ),
    Row(
        WHERE,
        "its own time-out",
        reboot_of,
        at("Poll", "time_out"),
        {**WATCHED, "execution": TIMED_OUT, "outcome": "timeout, available later"},
    ),
    Row(
        WHERE,
        "its own time-out before it acted",
        window_of,
        at("Classify", "time_out"),
        {**CLOSED, "execution": TIMED_OUT, "acted": 0, "outcome": "timeout"},
    ),
    Row(
        WHERE,
        "an error that no Catch sees",
        reboot_of,
        at("Finished?", "break"),
        {**WATCHED, "execution": BROKEN, "outcome": "failed, available later"},
    ),
    Row(
        WHERE,
        "an error that no Catch sees, before it acted",
        reboot_of,
        at("Allowed?", "break"),
        {**CLOSED, "execution": BROKEN, "outcome": "failed", "acted": 0},
    ),
]
ROWS = [
    *both_ways(BROKEN_OFF),
    then_driven_again(
        Row(
            WHERE,
            "a snapshot that fails",
            snapshot_of,
            expected={"outcome": "failed", "acted": 1, "records": RECORDS},
            tags={"Environment": "dev", "local:snapshot": "fails"},
        )
    ),
    then_driven_again(
        Row(
            WHERE,
            "a reboot that times out",
            reboot_of,
            expected={"outcome": "timeout, timeout later", "acted": 1, "records": (*RECORDS, "final by late_watch")},
            tags={"Environment": "dev", "local:reboot": "never"},
        )
    ),
]


@parametrized(ROWS)
def test_execution(row: Row, seen: Seen) -> None:
    assert_as_expected(row, seen(row))


def no_event(case: Case) -> None:
    """Sweep instead, as if EventBridge, which is best effort, had lost the end's event."""
    case.execution()
    if case.row.tags.get("local:reboot") != "never":
        case.eventually(lambda: case.service.instance(case.instance)["DBInstanceStatus"] == "available", "the reboot")
    case.sweep()


def unknown_end(fault: str, state: str, reboot: str, outcome: str, acted: int, *later: str) -> Row:
    return Row(
        WHERE,
        f"{fault}, and its event never comes",
        reboot_of,
        (*at(state), {"point": "event:audit", "effect": "drop"}),
        {
            "answer": 202,
            "execution": ABORTED,
            "acted": acted,
            "outcome": outcome,
            "records": ("accepted by admission", "completed by sweep", *later),
        },
        tags={"Environment": "dev", "local:reboot": reboot},
        during=no_event,
    )


UNTOLD = [
    unknown_end("stopped in Classify", "Classify", "65", "failed", 0),
    unknown_end("stopped in Wait", "Wait", "65", "available", 1),
    unknown_end("stopped in Wait, RDS never ends", "Wait", "never", "timeout, timeout later", 1, "final by late_watch"),
]


@parametrized(UNTOLD)
def test_the_sweep_closes_what_nobody_told_of(row: Row, seen: Seen) -> None:
    assert_as_expected(row, seen(row))


def deploy_a_new_version(case: Case) -> None:
    """Deploy other functions and another definition while RDS is asked, then restore them, maybe before the end."""
    case.wait_for_faults()
    whole = (Path(case.service.cloud.folder) / "cdk.out" / f"{STACK}.template.json").read_text()
    template = json.loads(whole)
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Lambda::Function":
            resource["Properties"]["Description"] += " (new)"
            resource["Properties"]["Environment"]["Variables"]["LONGEST_SECONDS"] = "9999"
        if resource["Type"] == "AWS::StepFunctions::StateMachine":
            resource["Properties"]["DefinitionSubstitutions"]["MaxPolls"] = "12"
    update(case.service, json.dumps(template))
    update(case.service, whole)


DEPLOYED = [
    Row(
        WHERE,
        "a new version is deployed while it runs",
        request,
        ({"point": f"rds:{action}", "caller": "Execute", "effect": "hang", "seconds": 3},),
        {"answer": 202, "execution": "SUCCEEDED", "outcome": "available", "acted": 1, "records": RECORDS},
        during=deploy_a_new_version,
        alone=True,
    )
    for request, action in {
        snapshot_of: "CreateDBSnapshot",
        reboot_of: "RebootDBInstance",
        window_of: "ModifyDBInstance",
    }.items()
]


@parametrized(DEPLOYED)
def test_a_deploy_in_mid_operation(row: Row, seen: Seen) -> None:
    """Where the machine has much else to do, a deploy can keep the local cloud from answering for longer than a client
    waits. The operation then fails, says so, and its late end is recorded: that is as true an end.
    """
    observation = seen(row)
    if "Read timeout" not in observation.told:
        assert_as_expected(row, observation)
        return
    assert_promises_kept(observation)
    assert (observation.outcome, observation.acted) == ("failed, available later", 1), observation
    assert observation.records == SETTLED, observation
