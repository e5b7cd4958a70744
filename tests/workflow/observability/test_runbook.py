"""The runbook's commands, run as they stand there; `test_saved_queries` runs its queries."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from local.cloud import ROOT
from local.demo_instances import DEVELOPMENT
from local.instance_tags import NEVER, SNAPSHOT_TAG
from tests.infrastructure.test_runbook import SECTIONS, blocks
from tests.workflow.observability import incidents
from tests.workflow.queues import refusal_queue
from tests.workflow.service import Service
from tests.workflow.watch import Watch

Document = dict[str, Any]
EXECUTE = "rds-operations-execute"
ELSEWHERE = {"direct-start": "the local cloud has no LookupEvents of CloudTrail"}
"""Commands that cannot be run here, and why."""
STOPS, NEEDS_A_MESSAGE = {"stop-all-operations-now", "start-again", "it-is-stuck"}, "event.json"
PUTS_BACK = "put-role-policy"
READS = [
    (section, command)
    for section, text in sorted(SECTIONS.items())
    for language, command in blocks(text)
    if language and section not in STOPS | set(ELSEWHERE) and not re.search(f"{NEEDS_A_MESSAGE}|{PUTS_BACK}", command)
]


@pytest.fixture(scope="module")
def shell(service: Service, tmp_path_factory: pytest.TempPathFactory) -> Shell:
    return Shell(service, tmp_path_factory.mktemp("shell"))


class Shell:
    """A person's shell: bash with the credentials that `make up` prints."""

    def __init__(self, service: Service, folder: Path) -> None:
        self._service, self.folder = service, folder
        aws = folder / "aws"
        aws.write_text(f'#!/bin/sh\nexec "{sys.executable}" -W ignore -m tests.workflow.aws_command "$@"\n')
        aws.chmod(0o755)

    def run(self, command: str, **variables: str) -> str:
        """Return what it prints. It must succeed."""
        done = self.tried(command, **variables)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def tried(self, command: str, **variables: str) -> subprocess.CompletedProcess[str]:
        environment = {
            **os.environ,
            **self._service.cloud.environment(),
            "PATH": os.pathsep.join([str(self.folder), os.environ["PATH"]]),
            "PYTHONPATH": str(ROOT),
            "STAGE": "local",
            "STATE_MACHINE_ARN": self._service.outputs["state_machine_arn"],
            **variables,
        }
        script = ["bash", "-eu", "-o", "pipefail", "-c", command]
        return subprocess.run(
            script, cwd=self.folder, env=environment, capture_output=True, text=True, check=False, timeout=120
        )


def command(section: str, number: int = 0) -> str:
    return [text for language, text in blocks(SECTIONS[section]) if language][number]


@pytest.mark.parametrize(("section", "text"), READS, ids=[section for section, _text in READS])
def test_a_command_that_looks(shell: Shell, section: str, text: str) -> None:
    shell.run(text)


def test_what_looks_at_dead_letters_shows_and_keeps_them(shell: Shell, service: Service) -> None:
    sqs = service.aws("sqs")
    (queue,) = [url for url in sqs.list_queues()["QueueUrls"] if "RefusalDeadLetters" in url]
    sqs.send_message(QueueUrl=queue, MessageBody="a-dead-letter")
    assert "a-dead-letter" in shell.run(command("dead-letters"))
    deadline = time.monotonic() + 30
    while "a-dead-letter" not in shell.run(command("dead-letters")):
        assert time.monotonic() < deadline, "it was removed, or is hidden for long"
    sqs.purge_queue(QueueUrl=queue)


def throttles(service: Service) -> set[tuple[float, int]]:
    """Return rate and burst of POST, of each API."""
    client = service.aws("apigateway")
    found = set()
    for api in client.get_rest_apis()["items"]:
        if api["name"].startswith("rds-operations-"):
            settings = client.get_stage(restApiId=api["id"], stageName="local")["methodSettings"]
            # The emulator keeps what CloudFormation says apart from what UpdateStage says, and prefers the latter.
            method = settings.get("/operations/POST") or settings["/~1operations/POST"]
            found.add((float(method["throttlingRateLimit"]), int(method["throttlingBurstLimit"])))
    return found


def test_all_operations_stop_and_start_again(shell: Shell, service: Service) -> None:
    functions = service.aws("lambda")
    before = throttles(service)
    assert len(before) == 1
    instance = service.new_instance()
    shell.run(command("stop-all-operations-now"))
    try:
        assert throttles(service) == {(0, 0)}
        assert service.post({"operation": "reboot_instance", "instance_id": instance}).status == 429
        assert service.get("no-such-operation").status == 404, "reading goes on"
        stopped = functions.get_function_concurrency(FunctionName=EXECUTE)
        assert stopped["ReservedConcurrentExecutions"] == 0
        # What is started all the same does not act.
        started = service.aws("stepfunctions").start_execution(
            stateMachineArn=service.outputs["state_machine_arn"],
            name=f"{instance}-while-stopped",
            input=json.dumps({"operation": "reboot_instance", "instance_id": instance}),
        )
        assert _ended(service, started["executionArn"])["status"] == "FAILED"
        assert not service.rebooted(instance)
    finally:
        rate, burst = next(iter(before))
        again = command("start-again")
        assert "value=5 " in again
        assert "value=10\n" in again
        own = again.replace("value=5 ", f"value={rate:.0f} ").replace("value=10\n", f"value={burst}\n")
        shell.run(own)
    assert throttles(service) == before
    assert "ReservedConcurrentExecutions" not in functions.get_function_concurrency(FunctionName=EXECUTE)
    operation_id = service.accepted({"operation": "reboot_instance", "instance_id": instance})
    assert service.result(operation_id)["success"] is True


def _ended(service: Service, arn: str) -> Document:
    deadline = time.monotonic() + 180
    while True:
        found: Document = service.aws("stepfunctions").describe_execution(executionArn=arn)
        if found["status"] != "RUNNING":
            return found
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_an_operation_that_hangs_is_ended(shell: Shell, service: Service) -> None:
    """It may have timed out before the command comes, on a busy machine: then another is tried."""
    for _attempt in range(5):
        instance = service.new_instance(tags={**DEVELOPMENT, SNAPSHOT_TAG: NEVER})
        body = {"operation": "create_snapshot", "instance_id": instance, "parameters": {"snapshot_id": f"{instance}-s"}}
        operation_id = service.accepted(body)
        if shell.tried(command("it-is-stuck"), OPERATION_ID=operation_id).returncode == 0:
            break
    assert service.result(operation_id)["code"] == "stopped"


def test_an_event_from_the_dead_letters_closes_its_operation_and_closing_twice_does_nothing(
    shell: Shell, service: Service
) -> None:
    instance = service.new_instance()
    operation_id = service.accepted(
        {"operation": "create_snapshot", "instance_id": instance, "parameters": {"snapshot_id": f"{instance}-s"}}
    )
    result = service.result(operation_id)
    execution = service.aws("stepfunctions").describe_execution(executionArn=result["execution_arn"])
    detail = {
        "executionArn": execution["executionArn"],
        "name": operation_id,
        "status": "ABORTED",
        "startDate": int(execution["startDate"].timestamp() * 1000),
        "input": execution["input"],
    }
    (shell.folder / NEEDS_A_MESSAGE).write_text(json.dumps({"source": "aws.states", "detail": detail}))
    shell.run(command("dead-letters", 1))
    assert service.result(operation_id)["success"] is True


def test_a_removed_policy_of_the_acting_role_is_seen_and_put_back(shell: Shell, service: Service) -> None:
    iam = service.aws("iam")
    arn, inline, attached = shell.run(command("access_denied")).splitlines()
    assert "ActingRoleAllows" in inline
    assert "Denies" in attached
    policy = {"RoleName": arn.split("/")[-1], "PolicyName": inline}
    before = iam.get_role_policy(**policy)["PolicyDocument"]
    iam.delete_role_policy(**policy)
    try:
        assert "ActingRoleAllows" not in shell.run(command("access_denied"))
        shell.run(command("access_denied", 1))
        assert iam.get_role_policy(**policy)["PolicyDocument"] == before
    finally:
        iam.put_role_policy(**policy, PolicyDocument=json.dumps(before))


def test_a_refusal_that_waits_is_counted_until_the_sweep_has_recorded_it(shell: Shell, watch: Watch) -> None:
    def waiting() -> int:
        lines = shell.run(command("audit-write-failures")).splitlines()
        shown, read = lines[lines.index(f"{refusal_queue(watch.service)}: waiting, being read") + 1].split()
        return int(shown) + int(read)

    incidents.refuse_record_of_refusal(watch)
    assert waiting() >= 1
    incidents.record_refusals(watch)
    watch.eventually(lambda: waiting() == 0, "the queue is not empty")


def test_what_rds_is_still_at_is_listed(shell: Shell, service: Service) -> None:
    instance = service.new_instance(tags={**DEVELOPMENT, SNAPSHOT_TAG: NEVER})
    body = {"operation": "create_snapshot", "instance_id": instance, "parameters": {"snapshot_id": f"{instance}-s"}}
    assert service.result(service.accepted(body))["code"] == "timed_out"
    assert f"{instance}-s" in shell.run(command("it-timed-out"))
