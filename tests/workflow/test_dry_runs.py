"""A dry run over HTTP: it is answered as the request would be, and nothing follows from it."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.workflow.service import Service, reboot_of, snapshot_of, window_of

DRY = {"dry_run": True}


def executions(service: Service) -> int:
    machine = service.outputs["state_machine_arn"]
    return len(service.aws("stepfunctions").list_executions(stateMachineArn=machine, maxResults=1000)["executions"])


@pytest.mark.parametrize("request_of", [snapshot_of, reboot_of, window_of])
def test_one_that_nothing_is_against(service: Service, request_of: Callable[[str], dict[str, Any]]) -> None:
    instance = service.new_instance()
    before = executions(service)
    answer = service.post(request_of(instance) | DRY, Idempotency_Key=f"dry-{instance}")
    decided = {"environment": "development", "environment_source": "tag Environment=Development"}
    assert (answer.status, answer.body) == (200, {"accepted": True, **decided, "warnings": []})
    assert "Location" not in answer.headers
    assert (executions(service), service.records(instance), service.snapshots(instance)) == (before, [], [])
    assert service.rebooted(instance) is False
    assert service.post(request_of(instance), Idempotency_Key=f"dry-{instance}").status == 202  # neither lock nor key


def test_one_that_is_refused_is_on_record(service: Service) -> None:
    instance = service.new_instance(tags={"Environment": "production"})
    dry, real = service.post(snapshot_of(instance) | DRY), service.post(snapshot_of(instance))
    assert (dry.status, dry.body) == (real.status, real.body)
    assert dry.status == 403
    first, second = service.records(instance)
    assert (first["event"], first["dry_run"], json.loads(first["result"])["code"]) == (
        "refused",
        True,
        "production_instance",
    )
    assert "dry_run" not in second


def test_a_snapshot_whose_name_is_taken(service: Service) -> None:
    instance = service.new_instance()
    request = snapshot_of(instance)
    service.result(service.accepted(request))
    answer = service.post(request | DRY)
    assert answer.status == 200
    assert answer.body["warnings"] == [
        f"Snapshot {request['parameters']['snapshot_id']} already exists. Choose another snapshot_id."
    ]


def test_a_direct_start_that_asks_for_one(service: Service) -> None:
    instance = service.new_instance()
    started = service.aws("stepfunctions").start_execution(
        stateMachineArn=service.outputs["state_machine_arn"], input=json.dumps(reboot_of(instance) | DRY)
    )
    assert service.ended(started["executionArn"])["status"] == "FAILED"
    (record,) = service.records(instance)
    assert (record["event"], json.loads(record["result"])["code"]) == ("refused", "invalid_request")
    assert service.rebooted(instance) is False
