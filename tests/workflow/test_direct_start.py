"""OPERATION started by hand or by a scheduler is as safe as through the API."""

import json
import time
from typing import Any

from tests.workflow.service import Service, reboot_of, snapshot_of, window_of


def start(service: Service, body: Any, name: str) -> str:
    return start_with(service, json.dumps(body), name)


def start_with(service: Service, text: str, name: str) -> str:
    arn = service.outputs["state_machine_arn"]
    started = service.aws("stepfunctions").start_execution(stateMachineArn=arn, name=name, input=text)
    return str(started["executionArn"])


def test_direct_start_makes_its_own_item_and_records(service: Service) -> None:
    instance = service.new_instance()
    execution = service.ended(start(service, window_of(instance), f"by-hand-{instance}"))
    assert execution["status"] == "SUCCEEDED"
    document = service.stored_result(f"by-hand-{instance}")
    assert document["success"] is True
    opening, closing = service.records(instance)
    assert (opening["event"], closing["event"]) == ("accepted", "completed")
    identity = json.loads(opening["user_identity"])
    starter = "states:StartExecution"
    assert identity == {"userId": starter, "principal": starter, "executionArn": execution["executionArn"]}
    assert service.get(f"by-hand-{instance}").status == 404  # another caller's
    assert not service.is_locked(instance)


def test_step_functions_reads_the_input_first(service: Service) -> None:
    """It parses a request in a JSON string, and keeps one value of a repeated key."""
    one, other = service.new_instance(), service.new_instance()
    text = json.dumps(window_of(one))
    assert service.ended(start_with(service, json.dumps(text), f"as-text-{one}"))["status"] == "SUCCEEDED"
    twice = text.replace('"instance_id"', f'"instance_id": "{other}", "instance_id"')
    assert service.ended(start_with(service, twice, f"twice-{one}"))["status"] == "SUCCEEDED"
    begun = [record["operation_id"] for name in (one, other) for record in service.records(name)]
    assert begun.count(f"twice-{one}") == 2


def test_direct_start_on_production_is_refused_and_recorded(service: Service) -> None:
    instance = service.new_instance("any", {"Stage": "prod"})
    execution = service.ended(start(service, {**reboot_of(instance)}, f"by-hand-{instance}"))
    assert (execution["status"], execution["error"]) == ("FAILED", "OperationRefused")
    (record,) = service.records(instance)
    assert record["event"] == "refused"
    assert record["environment"] == "production"
    assert service.instance(instance)["DBInstanceStatus"] == "available"


def test_direct_start_with_a_forged_caller_or_nonsense_is_refused_and_recorded(service: Service) -> None:
    instance = service.new_instance()
    forged = {**reboot_of(instance), "caller": {"userArn": "evil"}, "request": {"operation_id": "x"}}
    execution = service.ended(start(service, forged, f"forged-{instance}"))
    assert execution["error"] == "OperationRefused"
    (record,) = service.records(instance)
    assert json.loads(record["user_identity"])["userId"] == "states:StartExecution"
    deep: Any = []
    for _ in range(400):
        deep = [deep]
    inputs: list[Any] = [[], 3, "x", None, {"envelope": 1}, {"operation": deep}]
    for number, nonsense in enumerate(inputs):
        execution = service.ended(start(service, nonsense, f"nonsense-{number}"))
        assert execution["error"] == "OperationRefused"
    assert len([record for record in service.records("-") if "nonsense-" in record["operation_id"]]) == 6


def test_direct_start_under_a_formula_is_refused_and_recorded_without_it(service: Service) -> None:
    instance = service.new_instance()
    execution = service.ended(start(service, reboot_of(instance), f"=1+1-{instance}"))
    assert execution["error"] == "OperationRefused"
    (record,) = service.records(instance)
    assert record["event"] == "refused"
    assert not any(str(value).startswith("=") for value in record.values())
    assert not service.rebooted(instance)


def test_direct_start_on_a_busy_instance_does_nothing(service: Service) -> None:
    instance = service.new_instance()
    running = service.accepted(snapshot_of(instance))
    execution = service.ended(start(service, reboot_of(instance), f"by-hand-{instance}"))
    assert execution["status"] == "FAILED"
    assert service.result(running)["success"] is True
    events = [record["event"] for record in service.records(instance)]
    assert sorted(events) == ["accepted", "completed", "refused"]


def test_a_tag_that_turns_to_production_stops_the_operation_with_a_record(service: Service) -> None:
    instance = service.new_instance()
    operation_id = service.accepted(window_of(instance), Idempotency_Key="turns")
    service.result(operation_id)
    service.aws("rds").add_tags_to_resource(
        ResourceName=service.instance(instance)["DBInstanceArn"], Tags=[{"Key": "ENV", "Value": "prod"}]
    )
    execution = service.ended(start(service, reboot_of(instance), f"late-{instance}"))
    assert execution["error"] == "OperationRefused"
    assert service.records(instance)[-1]["environment"] == "production"


def test_stopped_execution_is_closed_by_the_backstop(service: Service) -> None:
    instance = service.new_instance(tags={"Environment": "dev", "local:snapshot": "never"})
    answer = service.post(snapshot_of(instance))
    operation_id = answer.body["operation_id"]
    while service.get(operation_id).body["status"] != "creating":
        time.sleep(0.05)
    service.aws("stepfunctions").stop_execution(executionArn=answer.body["execution_arn"])
    document = service.result(operation_id)
    assert document["success"] is False
    assert document["error"].startswith("ExecutionAborted: The execution was stopped. RDS may already have received")
    assert service.execution(operation_id)["status"] == "ABORTED"
    assert [record["event"] for record in service.records(instance)] == ["accepted", "completed"]
    assert not service.is_locked(instance)


def stopped_in(service: Service, state: str, instance: str, name: str) -> str:
    """Start directly, and stop at a state. Return the ARN."""
    service.fault(point=f"operation:{state}", effect="stop", times=1, matching=name)
    arn = start(service, reboot_of(instance), name)
    assert service.ended(arn)["status"] == "ABORTED"
    return arn


def recorded(service: Service, instance: str) -> list[str]:
    """Return an instance's records, as soon as there are any."""
    deadline = time.monotonic() + 60
    while not (records := service.records(instance)):
        assert time.monotonic() < deadline, "nothing was recorded"
        time.sleep(0.1)
    return [f"{record['event']} by {record['recorded_by']}" for record in records]


def test_a_stopped_direct_start_stays_refused_when_it_is_driven_again(service: Service) -> None:
    instance = service.new_instance()
    arn = stopped_in(service, "Classify", instance, f"stopped-{instance}")
    assert recorded(service, instance) == ["refused by backstop"]
    service.aws("stepfunctions").redrive_execution(executionArn=arn)
    assert service.ended(arn)["error"] == "OperationRefused"
    assert recorded(service, instance) == ["refused by backstop"]
    assert not service.rebooted(instance)
    assert not service.is_locked(instance)


def test_a_stopped_direct_start_of_which_no_event_tells_is_recorded_by_the_sweep(service: Service) -> None:
    instance = service.new_instance()
    name = f"untold-{instance}"
    service.fault(point="event:audit", effect="drop", matching=name)
    stopped_in(service, "Classify", instance, name)
    service.sweep()
    assert recorded(service, instance) == ["refused by sweep"]
