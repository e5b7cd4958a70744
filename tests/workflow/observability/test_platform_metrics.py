"""What AWS itself counts of the service, on the local cloud."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from local.instance_tags import FAILS, SNAPSHOT_TAG
from tests.workflow.service import Service, snapshot_of, window_of

_PATIENCE_SECONDS = 10


def total(service: Service, namespace: str, metric: str, dimensions: dict[str, str]) -> float:
    now = datetime.now(UTC)
    points = service.aws("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=1),
        Period=7200,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in points))


@contextmanager
def counting(read: Callable[[str], float], **expected: int) -> Iterator[None]:
    """Expect each metric to grow by so much within the block."""
    before = {name: read(name) for name in expected}
    yield
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while (grown := {name: read(name) - before[name] for name in expected}) != expected:
        assert time.monotonic() < deadline, grown
        time.sleep(0.1)


def metrics_of(service: Service, namespace: str, **dimensions: str) -> Callable[[str], float]:
    """Return a reader. A metric's name may begin with _, so that it can be a keyword."""
    return lambda name: total(service, namespace, name.lstrip("_"), dimensions)


def test_answers_of_an_api_and_of_its_stage(service: Service) -> None:
    api = {"ApiName": "rds-operations-api-key"}
    for dimensions in (api, {**api, "Stage": "local"}):
        with counting(metrics_of(service, "AWS/ApiGateway", **dimensions), Count=2, _4XXError=1, _5XXError=0):
            assert service.get("no-such-operation").status == 404
            assert service.send("OPTIONS", "/operations").status in (200, 204)


def test_executions(service: Service) -> None:
    machine = metrics_of(service, "AWS/States", StateMachineArn=service.outputs["state_machine_arn"])
    good, bad = service.new_instance(), service.new_instance(tags={"Environment": "dev", SNAPSHOT_TAG: FAILS})
    with counting(machine, ExecutionsStarted=2, ExecutionsSucceeded=1, ExecutionsFailed=1, ExecutionsAborted=0):
        service.execution(service.accepted(window_of(good)))
        service.execution(service.accepted(snapshot_of(bad)))
    with counting(machine, ExecutionsStarted=1, ExecutionsAborted=1, ExecutionsSucceeded=0):
        operation_id = service.accepted(snapshot_of(service.new_instance()))
        arn = service.outputs["state_machine_arn"].replace(":stateMachine:", ":execution:") + f":{operation_id}"
        service.aws("stepfunctions").stop_execution(executionArn=arn)
        service.ended(arn)


def test_synchronous_executions(service: Service) -> None:
    machine = metrics_of(service, "AWS/States", StateMachineArn=service.outputs["admission_arn"])
    with counting(machine, ExecutionsStarted=1, ExecutionsSucceeded=1, ExecutionsFailed=0):
        assert service.post({"operation": "no such"}).status == 400


def test_invocations(service: Service) -> None:
    status = metrics_of(service, "AWS/Lambda", FunctionName="rds-operations-status")
    execute = metrics_of(service, "AWS/Lambda", FunctionName="rds-operations-execute")
    with counting(status, Invocations=1, Errors=0, Throttles=0), counting(execute, Invocations=0):
        assert service.get("no-such-operation").status == 404
