"""Alarms and dashboard watch what is deployed: a name that nothing has would never tell anything."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.workflow.service import Document, Service, reboot_of, window_of
from tests.workflow.watch import PREFIX

DASHBOARD = "rds-operations"


@pytest.fixture(scope="module")
def watched(service: Service) -> dict[str, set[tuple[str, ...]]]:
    """Return the dimensions' values by namespace."""
    found = defaultdict[str, set[tuple[str, ...]]](set)
    for alarm in _alarms(service):
        stats = [query["MetricStat"]["Metric"] for query in alarm.get("Metrics", []) if "MetricStat" in query]
        for metric in stats or [alarm]:
            values = tuple(dimension["Value"] for dimension in metric.get("Dimensions", []))
            found[metric["Namespace"]].add(values)
    return found


def _alarms(service: Service) -> list[Document]:
    found = service.aws("cloudwatch").describe_alarms(AlarmNamePrefix=PREFIX, MaxRecords=100)
    alarms: list[Document] = found["MetricAlarms"]
    return alarms


def test_every_api_with_its_stage(service: Service, watched: dict[str, set[tuple[str, ...]]]) -> None:
    gateway = service.aws("apigateway")
    apis = gateway.get_rest_apis()["items"]
    stages = {
        (api["name"], stage["stageName"]) for api in apis for stage in gateway.get_stages(restApiId=api["id"])["item"]
    }
    assert watched["AWS/ApiGateway"] == stages


def test_every_function(service: Service, watched: dict[str, set[tuple[str, ...]]]) -> None:
    functions = [function["FunctionName"] for function in service.aws("lambda").list_functions()["Functions"]]
    assert watched["AWS/Lambda"] == {(name,) for name in functions if name.startswith(PREFIX)}


def test_every_state_machine(service: Service, watched: dict[str, set[tuple[str, ...]]]) -> None:
    machines = service.aws("stepfunctions").list_state_machines()["stateMachines"]
    assert watched["AWS/States"] == {(machine["stateMachineArn"],) for machine in machines}


def test_every_queue_of_the_stack(service: Service, watched: dict[str, set[tuple[str, ...]]]) -> None:
    queues = service.aws("sqs").list_queues(QueueNamePrefix="RdsOperations-")["QueueUrls"]
    assert watched["AWS/SQS"] == {(url.rpartition("/")[2],) for url in queues}


@pytest.fixture(scope="module")
def widgets(service: Service) -> list[Document]:
    body = service.aws("cloudwatch").get_dashboard(DashboardName=DASHBOARD)["DashboardBody"]
    found: list[Document] = json.loads(body)["widgets"]
    return found


def _of_kind(widgets: list[Document], kind: str) -> list[Any]:
    return [widget["properties"] for widget in widgets if widget["type"] == kind]


def test_the_dashboard_shows_the_alarms(service: Service, widgets: list[Document]) -> None:
    (shown,) = _of_kind(widgets, "alarm")
    assert sorted(shown["alarms"]) == sorted(alarm["AlarmArn"] for alarm in _alarms(service))


def test_the_dashboards_graphs_have_points(service: Service, widgets: list[Document]) -> None:
    service.result(service.accepted(window_of(service.new_instance())))
    assert service.post(reboot_of(service.new_instance("any", {"Stage": "prod"}))).status == 403
    deadline = time.monotonic() + 20
    graphs = [metric for graph in _of_kind(widgets, "metric") for metric in graph["metrics"]]
    while empty := [metric for metric in graphs if not _points(service, metric)]:
        assert time.monotonic() < deadline, empty  # a log line comes after its record
        time.sleep(0.2)


def _points(service: Service, metric: list[Any]) -> list[Document]:
    namespace, name, dimension, value, options = metric
    percentile = options["stat"].startswith("p")
    now = datetime.now(UTC)
    found: list[Document] = service.aws("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": dimension, "Value": value}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=1),
        Period=300,
        **{"ExtendedStatistics" if percentile else "Statistics": [options["stat"]]},
    )["Datapoints"]
    return found


def test_the_dashboards_tables_are_saved_queries(service: Service, widgets: list[Document]) -> None:
    saved = service.aws("logs").describe_query_definitions(queryDefinitionNamePrefix="rds-operations/")
    texts = {f"SOURCE '{query['logGroupNames'][0]}' | {query['queryString']}" for query in saved["queryDefinitions"]}
    shown = {table["query"] for table in _of_kind(widgets, "log")}
    assert shown
    assert shown <= texts
