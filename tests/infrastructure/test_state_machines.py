"""The ASL files as deployed."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from rds_operations.aws.operation_store import CALL_OVER
from rds_operations.model import clock
from rds_operations.model.refusals import Code
from rds_operations.records.error_replies import error_answer
from rds_operations.steps.admit import LONGEST_WAIT
from stacks.settings import Settings
from tests.builders import MOMENT
from tests.infrastructure.conftest import Template
from tests.simulation.definitions import evaluated

TRANSIENT = {
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
    "Runtime.ExitError",
    "Lambda.Unknown",
}
"""Every function may be repeated: it recognises its own writes, and Execute its own act."""


def definition(template: Template, name: str) -> dict[str, Any]:
    """Return a definition with substitutions, of which only the numbers matter here."""
    machine = template.one("AWS::StepFunctions::StateMachine", StateMachineName=f"rds-operations-{name}")
    text = machine["DefinitionString"]
    for given, value in machine["DefinitionSubstitutions"].items():
        arn = f"arn:aws:lambda:eu-west-1:123456789012:function:{given}"
        partition = "aws" if value == {"Ref": "AWS::Partition"} else ""
        text = text.replace(f"${{{given}}}", value if isinstance(value, str) else partition or arn)
    assert "${" not in text
    found: dict[str, Any] = json.loads(text)
    return found


@pytest.fixture(params=["operation", "admission", "late-watch"])
def machine(request: pytest.FixtureRequest, template: Template) -> dict[str, Any]:
    return definition(template, request.param)


def test_statelint_finds_nothing(machine: dict[str, Any], tmp_path: Path) -> None:
    file = tmp_path / "definition.asl.json"
    file.write_text(json.dumps(machine))
    command = [str(Path(sys.executable).parent / "statelint"), "--eval-jsonata", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "")


def test_every_task_has_a_timeout_a_comment_and_a_catch(machine: dict[str, Any]) -> None:
    assert machine["QueryLanguage"] == "JSONata"
    assert machine["Comment"]
    for name, state in machine["States"].items():
        if state["Type"] == "Task":
            assert state["TimeoutSeconds"] < 60, name
            assert state["Comment"], name
            assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"], name


def test_retries_name_their_errors(machine: dict[str, Any]) -> None:
    for name, state in machine["States"].items():
        names = [error for retrier in state.get("Retry", []) for error in retrier["ErrorEquals"]]
        assert "States.ALL" not in names, name
        assert len(names) == len(set(names)), name  # the first Retry that names an error is its only one
        if names and "lambda:invoke" in state["Resource"]:
            assert set(names) >= TRANSIENT, name


# Executions of 2024 and 2025 show Lambda.Unknown for a function that reached its own time-out.
def test_what_admission_has_tried_again_in_vain_the_caller_is_told_to_try_again(template: Template) -> None:
    states = definition(template, "admission")["States"].values()
    names = {name for state in states for retrier in state.get("Retry", []) for name in retrier["ErrorEquals"]}
    names -= {"States.TaskFailed", "StepFunctions.ExecutionAlreadyExistsException", "ExecutionAlreadyExists"}
    answers = {name: error_answer({"Error": name}, "request-1") for name in names | {"Sandbox.Timedout"}}
    assert {name for name, answer in answers.items() if answer.code is not Code.TRY_AGAIN} == set()


def test_admission_answers_before_api_gateway_gives_up(template: Template) -> None:
    assert definition(template, "admission")["TimeoutSeconds"] == 25
    states = definition(template, "admission")["States"]
    tasks = {name: state["TimeoutSeconds"] for name, state in states.items() if state["Type"] == "Task"}
    waiting = {name: tasks.pop(name) for name in ("Read", "Result")}
    assert sum(tasks.values()) < 25  # leaves time to write the record
    start, ready = MOMENT.isoformat(), (MOMENT + timedelta(seconds=2)).isoformat()
    given = {
        "input": {"wait": 99, "reply": {}},
        "context": {"Execution": {"StartTime": start}, "State": {"EnteredTime": ready}},
    }
    until = evaluated(states["Set deadline"]["Output"], given)["wait_until"] / 1000 - MOMENT.timestamp()
    assert until + waiting["Result"] < 25  # whatever came before, an answer of the wait is given in time
    last = clock.to_text(MOMENT + timedelta(seconds=until - states["Wait"]["Seconds"] - waiting["Read"]))
    later = clock.to_text(clock.from_text(last) + timedelta(milliseconds=1))
    condition = states["Time left?"]["Choices"][0]["Condition"]
    for entered, expected in ((last, True), (later, False)):
        context = {"State": {"EnteredTime": entered}}
        found = evaluated(
            condition, {"input": {"wait_until": round((until + MOMENT.timestamp()) * 1000)}, "context": context}
        )
        assert found is expected


def test_admit_cannot_write_after_its_task_has_given_up(template: Template) -> None:
    task = definition(template, "admission")["States"]["Admit"]
    (function,) = [f for f in template.of_type("AWS::Lambda::Function") if f["Handler"].startswith("admit.")]
    assert LONGEST_WAIT.total_seconds() + function["Timeout"] < task["TimeoutSeconds"]


def test_waiting_is_thirty_seconds_ten_times(template: Template) -> None:
    machine = definition(template, "operation")
    assert machine["States"]["Wait"]["Seconds"] == "{% 30 %}"
    assert machine["States"]["Finished?"]["Choices"][2]["Condition"] == "{% $states.input.polls >= 10 %}"
    assert machine["TimeoutSeconds"] > 300


def test_the_late_watch_polls_soon_and_ever_more_rarely_for_a_day(template: Template) -> None:
    machine, settings = definition(template, "late-watch"), Settings()
    seconds = machine["States"]["Wait"]["Seconds"]
    waits = [evaluated(seconds, {"input": {"polls": polls}}) for polls in range(settings.late_watch_max_polls)]
    assert waits == [settings.late_watch_wait_seconds(polls) for polls in range(settings.late_watch_max_polls)]
    assert waits[:2] == [30, 300]
    assert (max(waits), waits == sorted(waits)) == (3600, True)
    assert 24 * 3600 < sum(waits) < 26 * 3600
    assert machine["States"]["Finished?"]["Choices"][1]["Condition"] == "{% $states.input.polls >= 58 %}"
    assert machine["TimeoutSeconds"] > sum(waits)
    assert machine["StartAt"] == "Wait"


@pytest.mark.parametrize(
    ("name", "state"), [("operation", "Audit"), ("operation", "Audit failure"), ("late-watch", "Audit")]
)
def test_an_audit_that_does_not_answer_is_asked_again(template: Template, name: str, state: str) -> None:
    """ADMISSION has no time for it: it keeps what Audit does not answer."""
    (retry,) = definition(template, name)["States"][state]["Retry"]
    assert {"States.Timeout", "Sandbox.Timedout"} <= set(retry["ErrorEquals"])
    assert retry["MaxAttempts"] == 6


def test_the_late_watch_tells_poll_that_it_is_late(template: Template) -> None:
    """Others may have acted on the instance since the end."""
    payload = definition(template, "late-watch")["States"]["Poll"]["Arguments"]["Payload"]
    assert "'machine': 'LATE_WATCH'" in payload
    assert "machine" not in definition(template, "operation")["States"]["Poll"]["Arguments"]["Payload"]


def test_the_lock_of_what_may_still_act_outlives_the_longest_call(template: Template) -> None:
    """Execute runs on after its execution is stopped, and starting it may take ten seconds.

    https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
    """
    (function,) = [f for f in template.of_type("AWS::Lambda::Function") if f["Handler"].startswith("execute.")]
    assert function["Timeout"] + 10 < CALL_OVER.total_seconds()


def test_what_audit_cannot_record_is_kept(template: Template) -> None:
    states = definition(template, "admission")["States"]
    assert states["Audit"]["Catch"][-1]["Next"] == "Keep"
    assert states["Keep"]["Next"] == states["Keep"]["Catch"][-1]["Next"] == "Reply"
    assert states["Keep"]["Output"] == states["Keep"]["Catch"][-1]["Output"]


def test_the_graph_tells_the_story(template: Template) -> None:
    states = definition(template, "operation")["States"]
    assert states["Validate"]["Next"] == "Classify"
    assert states["Classify"]["Next"] == "Allowed?"
    assert states["Allowed?"]["Default"] == "Execute"
    assert states["Execute"]["Next"] == "Finished?"
    assert states["Finished?"]["Default"] == "Wait"
    assert states["Wait"]["Next"] == "Poll"
    assert states["Poll"]["Next"] == states["Poll"]["Catch"][-1]["Next"] == "Finished?"
    assert [choice["Next"] for choice in states["Finished?"]["Choices"]] == ["Audit", "Audit failure", "Audit failure"]
    assert states["Audit"]["End"]
    assert states["Audit failure"]["Next"] == "Failed"


def test_every_function_ends_before_the_task_that_waits_for_it(machine: dict[str, Any], template: Template) -> None:
    """Otherwise a function could act or write unseen after its Task gave up."""
    timeouts = {f["Handler"].split(".")[0]: f["Timeout"] for f in template.of_type("AWS::Lambda::Function")}
    for name, state in machine["States"].items():
        if "lambda:invoke" in state.get("Resource", ""):
            function = state["Arguments"]["FunctionName"].rpartition(":")[2].removesuffix("Function").lower()
            assert timeouts[function] < state["TimeoutSeconds"], name
