"""No linter knows which metrics there are: alarms are held to what is emitted, over exactly the dimensions it has."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from rds_operations.aws.metrics import METRICS, NAMESPACE
from stacks.alarm_rule import CREDENTIALS_REFUSED, MOST_METRICS, Watched
from stacks.alarm_rules import rules
from stacks.alarm_settings import AlarmSettings
from stacks.service_stack import ServiceStack
from stacks.setting_checks import SettingsError
from stacks.settings import Settings
from tests.infrastructure.conftest import Document, Template, new_app

AWS_METRICS = {
    ("AWS/ApiGateway", "5XXError"): {"ApiName", "Stage"},
    ("AWS/Lambda", "Errors"): {"FunctionName"},
    ("AWS/Lambda", "IteratorAge"): {"FunctionName"},
    ("AWS/Lambda", "Throttles"): {"FunctionName"},
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible"): {"QueueName"},
    ("AWS/States", "ExecutionThrottled"): {"StateMachineArn"},
    ("AWS/States", "ExecutionsTimedOut"): {"StateMachineArn"},
}
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html
https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html"""
ANY = Watched(
    "eu-west-1", [("api", "v1")], [f"f{n}" for n in range(12)], ["a", "b", "c"], ["a", "b"], "q", ["d", "e"], "p"
)


def alarms(template: Template) -> dict[str, Document]:
    return {
        alarm["AlarmName"].removeprefix("rds-operations-"): alarm
        for alarm in template.of_type("AWS::CloudWatch::Alarm")
    }


def measured(alarm: Document) -> list[Document]:
    """Return its metrics, as `MetricStat.Metric` has them."""
    if "Metrics" not in alarm:
        return [
            {
                "Namespace": alarm["Namespace"],
                "MetricName": alarm["MetricName"],
                "Dimensions": alarm.get("Dimensions", []),
            }
        ]
    return [query["MetricStat"]["Metric"] for query in alarm["Metrics"] if "MetricStat" in query]


def names_in(expression: str) -> set[str]:
    """Return the ids that it uses: its syntax is Python's, but for the functions."""
    tree = ast.parse(expression, mode="eval")
    functions = {
        node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    assert functions <= {"IF", "FILL"}
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - functions


def sections(template: Template) -> set[str]:
    """Return the alarms' sections: what more than ten functions need further alarms for has one."""
    return {re.sub(r"-\d+$", "", name) for name in alarms(template)}


def test_every_alarm_is_there(all_modes_template: Template) -> None:
    assert sections(all_modes_template) == {
        "api-server-errors",
        "archive-mismatch",
        "audit-failed",
        "audit-write-failures",
        "credentials-refused",
        "dead-letters",
        "digest-missing",
        "direct-start",
        "executions-throttled",
        "executions-timed-out",
        "failure-rate",
        "function-errors",
        "function-throttles",
        "inventory-missing",
        "many-refusals",
        "places-not-reached",
        "publish-late",
        "refusals-waiting",
        "sweep-missing",
        "timeout-rate",
    }


def test_every_metric_is_one_that_is_emitted_over_a_set_of_dimensions_that_it_has(all_modes_template: Template) -> None:
    for name, alarm in alarms(all_modes_template).items():
        for metric in measured(alarm):
            dimensions = [item["Name"] for item in metric.get("Dimensions", [])]
            if metric["Namespace"] != NAMESPACE:
                assert set(dimensions) == AWS_METRICS[metric["Namespace"], metric["MetricName"]], name
            elif metric["MetricName"] == CREDENTIALS_REFUSED:
                assert dimensions == []
            else:
                assert tuple(dimensions) in METRICS[metric["MetricName"]].dimensions, name


def test_every_id_of_an_expression_is_defined_and_used(all_modes_template: Template) -> None:
    for name, alarm in alarms(all_modes_template).items():
        queries = alarm.get("Metrics", [])
        ids = {query["Id"] for query in queries if "MetricStat" in query}
        expressions = [query for query in queries if "Expression" in query]
        assert not queries or [query["ReturnData"] for query in expressions] == [True], name
        assert all(query["ReturnData"] is False for query in queries if "MetricStat" in query)
        assert {used for query in expressions for used in names_in(query["Expression"])} == ids, name
        assert len(ids) <= MOST_METRICS


def test_every_resource_that_can_fail_is_watched(all_modes_template: Template) -> None:
    found = alarms(all_modes_template)

    def watched(name: str, dimension: str) -> list[Any]:
        return [
            item["Value"]
            for alarm, properties in found.items()
            if re.fullmatch(rf"{name}(-\d+)?", alarm)
            for metric in measured(properties)
            for item in metric["Dimensions"]
            if item["Name"] == dimension
        ]

    resources = all_modes_template.resources
    apis = [item["Properties"]["Name"] for item in resources.values() if item["Type"] == "AWS::ApiGateway::RestApi"]
    assert sorted(watched("api-server-errors", "ApiName")) == sorted(apis)
    assert set(watched("api-server-errors", "Stage")) == {"v1"}
    functions = [name for name, item in resources.items() if item["Type"] == "AWS::Lambda::Function"]
    machines = [name for name, item in resources.items() if item["Type"] == "AWS::StepFunctions::StateMachine"]
    for kind in ("errors", "throttles"):
        assert sorted(value["Ref"] for value in watched(f"function-{kind}", "FunctionName")) == sorted(functions)
    assert sorted(value["Ref"] for value in watched("executions-timed-out", "StateMachineArn")) == sorted(machines)
    queues = [*watched("dead-letters", "QueueName"), *watched("refusals-waiting", "QueueName")]
    all_queues = [name for name, item in resources.items() if item["Type"] == "AWS::SQS::Queue"]
    assert sorted(value["Fn::GetAtt"][0] for value in queues) == sorted(all_queues)


def test_each_tells_the_topic_when_it_rings_and_when_all_is_well(template: Template) -> None:
    (topic,) = [name for name, item in template.resources.items() if item["Type"] == "AWS::SNS::Topic"]
    for alarm in alarms(template).values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [{"Ref": topic}]


def test_a_rate_rings_above_its_percentage_and_at_three_of_however_many(template: Template) -> None:
    for name, percent in (("failure-rate", 10), ("timeout-rate", 5)):
        alarm = alarms(template)[name]
        assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (percent, "GreaterThanThreshold")
        decides = alarm["Metrics"][0]["Expression"]
        assert decides == "IF(FILL(e, 0) >= 3, 100, IF(FILL(n, 0) >= 5, 100 * e / n, 0))"
        assert alarm["TreatMissingData"] == "notBreaching"


def test_only_a_schedule_that_has_not_run_rings_for_want_of_data(template: Template) -> None:
    breaching = {name for name, alarm in alarms(template).items() if alarm["TreatMissingData"] == "breaching"}
    assert breaching == {"sweep-missing", "inventory-missing", "digest-missing"}


def test_each_says_what_to_do_and_links_its_section(template: Template) -> None:
    for name, alarm in alarms(template).items():
        section = re.sub(r"-\d+$", "", name)
        assert alarm["AlarmDescription"].endswith(f" docs/runbook.md#{section}")
        assert alarm["AlarmDescription"].count(". ") >= 2, "what happened, and what to do"
        assert len(alarm["AlarmDescription"]) <= 1024


def test_periods_are_what_cloudwatch_takes(template: Template) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html"""
    for alarm in alarms(template).values():
        for period in _periods(alarm):
            assert period % 60 == 0
            assert period * alarm["EvaluationPeriods"] <= 86_400


def _periods(alarm: Document) -> Iterator[int]:
    if "Period" in alarm:
        yield alarm["Period"]
    for query in alarm.get("Metrics", []):
        if "MetricStat" in query:
            yield query["MetricStat"]["Period"]


def test_cloudwatch_alone_may_use_topic_and_key_for_alarms_of_this_account(template: Template) -> None:
    limits = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    cloudwatch = {"Service": "cloudwatch.amazonaws.com"}
    (topic,) = template.of_type("AWS::SNS::Topic")
    key = template.resources[topic["KmsMasterKeyId"]["Fn::GetAtt"][0]]["Properties"]
    assert key["EnableKeyRotation"] is True
    root, alarms_of_account = key["KeyPolicy"]["Statement"]
    assert root["Principal"]["AWS"]["Fn::Join"][1][-1] == ":root"
    assert alarms_of_account == {
        "Sid": "Alarms",
        "Effect": "Allow",
        "Principal": cloudwatch,
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
        "Condition": limits,
    }
    (policy,) = template.of_type("AWS::SNS::TopicPolicy")
    allowed = [item for item in policy["PolicyDocument"]["Statement"] if item["Effect"] == "Allow"]
    assert [(item["Action"], item["Principal"], item["Condition"]) for item in allowed] == [
        ("sns:Publish", cloudwatch, limits)
    ]


def synthesised(folder: Path, alarms: Document) -> Template:
    app = new_app(folder)
    ServiceStack(app, "RdsOperations", Settings.from_document({"alarms": alarms}))
    app.synth()
    return Template(folder / "RdsOperations.template.json")


def test_a_given_topic_gets_the_alarms_and_needs_nothing_of_the_stacks(tmp_path: Path) -> None:
    arn = "arn:aws:sns:eu-west-1:111122223333:night-shift"
    found = synthesised(tmp_path, {"topic_arn": arn, "runbook": "https://wiki.example.com/rds"})
    assert not found.of_type("AWS::SNS::Topic")
    assert not found.of_type("AWS::KMS::Key")
    for name, alarm in alarms(found).items():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [arn]
        section = re.sub(r"-\d+$", "", name)
        assert alarm["AlarmDescription"].endswith(f" https://wiki.example.com/rds#{section}")


def test_numbers_are_settings_and_some_alarms_can_be_left_out(tmp_path: Path) -> None:
    given = {"email": "dba@example.com", "failure_rate_percent": 25, "rate_errors": 0, "rate_period_minutes": 30}
    found = synthesised(tmp_path, {**given, "direct_starts": 0, "refusals": 0, "refused_credentials": 0})
    assert found.one("AWS::SNS::Subscription", Protocol="email")["Endpoint"] == "dba@example.com"
    rate = alarms(found)["failure-rate"]
    assert (rate["Threshold"], set(_periods(rate))) == (25, {1800})
    assert rate["Metrics"][0]["Expression"] == "IF(FILL(n, 0) >= 5, 100 * e / n, 0)"
    assert not {"direct-start", "many-refusals", "credentials-refused"} & set(alarms(found))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ([], "alarms must be an object"),
        ({"failure_rate": 10}, "unknown failure_rate. Known: "),
        ({"failure_rate_percent": "10"}, "failure_rate_percent must be a whole number"),
        ({"failure_rate_percent": True}, "failure_rate_percent must be a whole number"),
        ({"failure_rate_percent": 100}, "failure_rate_percent must be 0 to 99"),
        ({"rate_period_minutes": 0}, "rate_period_minutes must be 1 to 1440"),
        ({"sweep_minutes": 5}, "sweep_minutes must be 10 to 1440"),
        ({"server_errors": 0}, "server_errors must be at least 1"),
        ({"refusals": -1}, "refusals must be at least 1, or 0 for none"),
        (
            {"topic_arn": "arn:aws:sns:eu-west-1:111122223333:x.fifo"},
            "topic_arn must be the ARN of a standard SNS topic",
        ),
        ({"email": "dba"}, "email must be an address"),
        ({"email": "a@b.c", "topic_arn": "arn:aws:sns:eu-west-1:111122223333:x"}, "subscribe to that topic yourself"),
        ({"runbook": "two words"}, "runbook must be where"),
    ],
)
def test_wrong_settings_are_refused_with_a_sentence(wrong: Any, says: str) -> None:
    with pytest.raises(SettingsError) as error:
        Settings.from_document({"alarms": wrong})
    assert says in str(error.value)


def test_more_functions_than_an_alarm_takes_get_a_further_one() -> None:
    found = {rule.name: rule for rule in rules(AlarmSettings(), ANY)}
    assert [len(found[name].metrics) for name in ("function-errors", "function-errors-2")] == [10, 2]
    assert found["function-errors-2"].section == "function-errors"


def test_the_filter_of_refused_credentials_names_fields_of_the_access_log(template: Template) -> None:
    (found,) = template.of_type("AWS::Logs::MetricFilter")
    (stage,) = template.of_type("AWS::ApiGateway::Stage")
    assert json.loads(stage["AccessLogSetting"]["Format"])["errorType"] == "$context.error.responseType"
    assert found["FilterPattern"].startswith('{ $.errorType = "ACCESS_DENIED" || ')
    (metric,) = found["MetricTransformations"]
    assert metric == {"MetricNamespace": NAMESPACE, "MetricName": CREDENTIALS_REFUSED, "MetricValue": "1"}
