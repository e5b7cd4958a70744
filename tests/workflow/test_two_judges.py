"""The emulator and the simulation's interpreter run the state machines alike.

The interpreter repeats each execution with the same Task results. States, Task inputs, Retry, Catch and the end must be
the same. Where they differ, AWS's documentation says which one is wrong.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from local.instance_tags import FAILS, NEVER
from tests.simulation.replay import Recording, Replay
from tests.workflow.service import Answer, Document, Service, reboot_of, snapshot_of, window_of
from tests.workflow.test_direct_start import start

_PATIENCE_SECONDS = 120
_AT_ONCE = 3
_MACHINES = ("ADMISSION", "OPERATION", "LATE WATCH")
_NAME = "judged"
_ODD = "Grüße \ufffe"
"""Not ASCII, with a character that SQS refuses."""
_BY_THE_CLOCK = ("Set deadline", "Time left?", "Wait", "Read", "Ended?", "Result")
"""ADMISSION's states for a caller who waits. The two have clocks of their own, so how often they wait differs."""


def new_instance(service: Service, **tags: str) -> str:
    return service.new_instance(_NAME, {"Environment": "dev", **{f"local:{key}": tags[key] for key in tags}})


def fault(service: Service, instance: str, point: str, **more: Any) -> None:
    """Strike this instance's requests, only those of the state machine `machine` if given."""
    named = f'(?=.*"{more.pop("machine")}")' if "machine" in more else ""
    service.fault(point=point, matching=f"{named}.*{instance}(?![0-9])", **{"effect": "refuse", **more})


def post(service: Service, body: Document, status: int, **headers: str) -> Answer:
    answer = service.post(body, **headers)
    assert answer.status == status, answer
    return answer


def repeated(service: Service) -> None:
    """Succeed, with repetitions of the request meanwhile and afterwards."""
    instance = new_instance(service)
    body = snapshot_of(instance, tags=[{"Key": "Purpose", "Value": "Grüße"}])
    operation_id = service.accepted(body, Idempotency_Key=instance)
    post(service, body, 202, Idempotency_Key=instance)
    assert service.result(operation_id)["success"] is True
    post(service, body, 202, Idempotency_Key=instance)


def refused(service: Service) -> None:
    production = service.new_instance(_NAME, {"Environment": "production"})
    post(service, reboot_of(production), 403)
    post(service, snapshot_of(production, tags=[{"Key": "Purpose", "Value": _ODD}]), 400)


def refused_without_a_record(service: Service) -> None:
    """Reach Keep: Audit always fails."""
    production = service.new_instance(_NAME, {"Environment": "production"})
    fault(service, production, "function:audit", code="Broken")
    post(service, snapshot_of(production, tags=[{"Key": "Purpose", "Value": _ODD}]), 400)


def failed(service: Service) -> None:
    assert service.result(service.accepted(snapshot_of(new_instance(service, snapshot=FAILS))))["success"] is False


def not_seen_for_a_while(service: Service) -> None:
    """Use up the first Poll's Retry, fail the next without one, and let the third see the end."""
    instance = new_instance(service)
    fault(service, instance, "function:poll", code="RdsThrottled", times=3)
    fault(service, instance, "function:poll", code="RdsRejected", times=1)
    fault(service, instance, "function:audit", code="States.Timeout", times=1)
    assert service.result(service.accepted(snapshot_of(instance)))["success"] is True


def timed_out(service: Service) -> None:
    instance = new_instance(service, reboot=NEVER)
    assert service.result(service.accepted(reboot_of(instance)))["status"] == "timeout"


def timed_out_without_a_last_record(service: Service) -> None:
    instance = new_instance(service, snapshot=NEVER)
    fault(service, instance, "function:poll", machine="LATE_WATCH", code="RdsThrottled", times=4)
    fault(service, instance, "function:audit", machine="LATE_WATCH", code="Broken")
    assert service.result(service.accepted(snapshot_of(instance)))["status"] == "timeout"


def admitted_with_trouble(service: Service) -> None:
    """Try Admit and the start of OPERATION twice; the second start finds the first."""
    instance = new_instance(service)
    fault(service, instance, "function:admit", code="TableUnavailable", times=1)
    fault(service, instance, "states:start", effect="lose", code="States.Timeout", times=1)
    assert service.result(service.accepted(window_of(instance)))["success"] is True


def started_before(service: Service) -> None:
    """Fail with an error whose own Retry makes no attempt, although a later Retry names all errors."""
    instance = new_instance(service)
    code = "StepFunctions.ExecutionAlreadyExistsException"
    fault(service, instance, "states:start", effect="lose", code=code, times=1)
    assert service.result(service.accepted(window_of(instance)))["success"] is True


def not_started(service: Service) -> None:
    instance = new_instance(service)
    fault(service, instance, "states:start", code="StepFunctions.ThrottlingException")
    post(service, window_of(instance), 503)


def broken_before_it_acted(service: Service) -> None:
    """Skip ADMISSION's Classify."""
    instance = new_instance(service)
    fault(service, instance, "function:classify", code="States.Timeout", skip=1)
    assert service.result(service.accepted(window_of(instance)))["success"] is False


def not_recorded(service: Service) -> None:
    instance = new_instance(service)
    fault(service, instance, "function:audit", machine="OPERATION", code="Broken")
    body = window_of(instance)
    assert service.execution(service.accepted(body))["error"] == "AuditFailed"


def stopped(service: Service) -> None:
    instance = new_instance(service, snapshot=NEVER)
    arn = post(service, snapshot_of(instance), 202).body["execution_arn"]
    until("the Wait", lambda: "Wait" in service.states(arn))
    service.aws("stepfunctions").stop_execution(executionArn=arn, error="Stopped", cause="by hand")


def out_of_time(service: Service) -> None:
    instance = new_instance(service)
    fault(service, instance, "operation:Poll", effect="time_out", times=1)
    assert service.result(service.accepted(reboot_of(instance)))["status"] == "timeout"


def driven_again(service: Service) -> None:
    instance = new_instance(service)
    fault(service, instance, "operation:Wait", effect="stop", times=1)
    arn = start(service, reboot_of(instance), f"again-{instance}")
    assert service.ended(arn)["status"] == "ABORTED"
    # The local cloud must finish this state before the execution runs again.
    until("the end of the Wait", lambda: history(service, arn)[-1]["type"] == "WaitStateExited")
    service.aws("stepfunctions").redrive_execution(executionArn=arn)


CASES = (
    timed_out,
    timed_out_without_a_last_record,
    repeated,
    refused,
    refused_without_a_record,
    failed,
    not_seen_for_a_while,
    admitted_with_trouble,
    started_before,
    not_started,
    broken_before_it_acted,
    not_recorded,
    stopped,
    out_of_time,
    driven_again,
)


def until(what: str, condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come about"
        time.sleep(0.1)


def history(service: Service, arn: str) -> list[Document]:
    pages = service.aws("stepfunctions").get_paginator("get_execution_history").paginate(executionArn=arn)
    return [event for page in pages for event in page["events"]]


def executions(service: Service, **status: str) -> list[Document]:
    """Return the three machines' executions, as ListExecutions shows them."""
    client = service.aws("stepfunctions")
    machines = client.list_state_machines()["stateMachines"]
    pages = client.get_paginator("list_executions")
    found = [page for one in machines for page in pages.paginate(stateMachineArn=one["stateMachineArn"], **status)]
    return [execution for page in found for execution in page["executions"]]


def recording(service: Service, arn: str) -> Recording:
    client = service.aws("stepfunctions")
    definition = json.loads(client.describe_state_machine_for_execution(executionArn=arn)["definition"])
    return Recording(definition, client.describe_execution(executionArn=arn), history(service, arn))


@pytest.fixture(scope="module")
def recordings(service: Service) -> list[Recording]:
    """Return all ended executions, including those of the cases."""
    service.warm_up()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for done in [pool.submit(case, service) for case in CASES]:
            done.result()
    until("the last end", lambda: not any(_NAME in one["name"] for one in executions(service, statusFilter="RUNNING")))
    return [recording(service, one["executionArn"]) for one in executions(service) if one["status"] != "RUNNING"]


def can_be_repeated(recording: Recording) -> bool:
    """Leave out what waits by the clock, and what was stopped before its first state."""
    entered = {step[1] for step in recording.steps() if step[0] == "enters"}
    return bool(entered) and _BY_THE_CLOCK[0] not in entered


def of_cases(recording: Recording) -> bool:
    return f"{_NAME}-instance-" in recording.description["input"]


def test_the_interpreter_judges_as_the_emulator(recordings: list[Recording]) -> None:
    counts: Counter[str] = Counter()
    for recording in filter(of_cases, recordings):
        counts += Replay(recording).judge()
    assert_all_was_shown([one for one in recordings if of_cases(one)], counts)


def assert_all_was_shown(recordings: list[Recording], counts: Counter[str]) -> None:
    """Check that each state, each machine's Retry and Catch, and each kind of end occurred."""
    for recording in recordings:
        machine = recording.description["stateMachineArn"].rpartition(":rds-operations-")[2].replace("-", " ").upper()
        left_out = _BY_THE_CLOCK if machine == "ADMISSION" else ()
        states = [name for name in recording.definition["States"] if name not in left_out]
        missing = [name for name in states if not counts[f"state {machine} {name}"]]
        assert not missing, f"{machine}: {missing}"
    for what in ("Retry", "Catch"):
        shown = {machine for machine in _MACHINES for one in counts if one.startswith(f"{what} {machine} ")}
        assert shown == set(_MACHINES), what
    steps = [step for recording in recordings for step in recording.steps()]
    ends = {step[1] for step in steps if step[0] == "ends"}
    assert ends == {"SUCCEEDED", "FAILED", "ABORTED", "TIMED_OUT"}
    assert ("is redriven",) in steps


def test_the_interpreter_judges_what_other_tests_have_left(recordings: list[Recording]) -> None:
    """Redriven ones are left out: the local cloud may not have finished the state in which they stopped."""
    others = [one for one in recordings if not of_cases(one) and ("is redriven",) not in one.steps()]
    for recording in filter(can_be_repeated, others):
        Replay(recording).judge()
