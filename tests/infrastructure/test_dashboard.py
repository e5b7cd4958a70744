"""CloudWatch takes any text for a dashboard: its body is held to the metrics and the queries that there are."""

import json
import re
from typing import Any

from rds_operations.aws.metrics import METRICS, NAMESPACE
from stacks import names
from stacks.log_queries import QUERIES
from tests.infrastructure.conftest import Document, Template

QUESTIONS = [
    "Is it well?",
    "How much?",
    "How fast?",
    "What was refused, and why?",
    "What is running, and since when?",
    "What is stuck?",
]
STATISTICS = {"Sum", "Maximum", "p50", "p90"}


def body(template: Template) -> Document:
    """Return the body as CloudFormation would make it, with a name for each reference."""
    (dashboard,) = template.of_type("AWS::CloudWatch::Dashboard")
    parts = dashboard["DashboardBody"]["Fn::Join"][1]
    found: Document = json.loads("".join(part if isinstance(part, str) else _name(part) for part in parts))
    return found


def _name(reference: Document) -> str:
    return str(reference.get("Ref") or reference["Fn::GetAtt"][0])


def test_six_questions_and_one_widget_each(template: Template) -> None:
    widgets = body(template)["widgets"]
    assert [widget["properties"]["title"] for widget in widgets] == QUESTIONS
    places = [(widget["x"], widget["y"], widget["width"], widget["height"]) for widget in widgets]
    assert all(x + width <= 24 for x, _y, width, _height in places)
    assert len({(x, y) for x, y, _width, _height in places}) == len(places)


def test_it_shows_every_alarm(template: Template) -> None:
    (widget,) = [widget for widget in body(template)["widgets"] if widget["type"] == "alarm"]
    resources = template.resources.items()
    assert sorted(widget["properties"]["alarms"]) == sorted(
        name for name, item in resources if item["Type"] == "AWS::CloudWatch::Alarm"
    )


def test_every_metric_is_one_that_is_emitted(template: Template) -> None:
    graphs = [widget["properties"] for widget in body(template)["widgets"] if widget["type"] == "metric"]
    shown: list[list[Any]] = [metric for graph in graphs for metric in graph["metrics"]]
    assert shown
    for namespace, name, dimension, value, options in shown:
        assert (namespace, value) == (NAMESPACE, "AWS::Region")
        assert (dimension,) in METRICS[name].dimensions
        assert options["stat"] in STATISTICS


def test_every_query_is_a_saved_one(template: Template) -> None:
    tables = [widget["properties"]["query"] for widget in body(template)["widgets"] if widget["type"] == "log"]
    saved = {f"SOURCE '{query.log_group}' | {query.text}" for query in QUERIES.values()}
    assert len(tables) == 3
    assert set(tables) <= saved


def test_every_query_is_saved_for_its_log_group(template: Template) -> None:
    found = {item["Name"]: item for item in template.of_type("AWS::Logs::QueryDefinition")}
    assert found == {
        f"rds-operations/{name}": {
            "Name": f"rds-operations/{name}",
            "QueryString": query.text,
            "LogGroupNames": [query.log_group],
        }
        for name, query in QUERIES.items()
    }
    groups = {group["LogGroupName"] for group in template.of_type("AWS::Logs::LogGroup")}
    assert {query.log_group for query in QUERIES.values()} <= groups


def test_queries_of_the_access_log_ask_for_its_fields(template: Template) -> None:
    (stage,) = template.of_type("AWS::ApiGateway::Stage")
    logged = set(json.loads(stage["AccessLogSetting"]["Format"]))
    for query in QUERIES.values():
        if query.log_group == names.ACCESS_LOG_GROUP:
            asked = set(re.findall(r"\b[a-z]+[A-Z]\w*\b|\bstatus\b", query.text))
            assert asked
            assert asked <= logged


def test_its_address_is_an_output_in_every_partition(template: Template) -> None:
    parts = template.section("Outputs")["DashboardUrl"]["Value"]["Fn::Join"][1]
    assert parts[-1] == "#dashboards/dashboard/rds-operations"
    assert set(template.section("Mappings")["Consoles"]) == {"aws", "aws-cn", "aws-us-gov"}
