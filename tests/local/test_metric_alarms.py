"""Alarms on the local cloud, deployed by CloudFormation, fed through logs, and moved in time."""

from __future__ import annotations

from typing import Any

import pytest

from tests.local.account import Caller, new_name
from tests.local.monitoring import Alarm, deploy, embedded, log, moved

MINUTE = 60
BY_OPERATION = {"Operation": "reboot_instance", "Region": "eu-west-1"}
SETS = [["Operation", "Region"], ["Region"]]


def on(namespace: str, **more: Any) -> dict[str, Any]:
    region = [{"Name": "Region", "Value": "eu-west-1"}]
    metric = {"Namespace": namespace, "MetricName": "Errors", "Dimensions": region, "Statistic": "Sum"}
    return {**metric, "Period": MINUTE, "TreatMissingData": "notBreaching", **more}


def errors(hub: Caller, namespace: str, *values: float) -> None:
    log(hub, f"/{namespace}", *(embedded(namespace, BY_OPERATION, SETS, Errors=value) for value in values))


def test_it_fires_and_clears_and_tells_each_change_once(hub: Caller) -> None:
    namespace = new_name("Own")
    alarm = Alarm(hub, on(namespace))
    assert alarm.state() == "OK"
    errors(hub, namespace, 1)
    assert (alarm.state(), alarm.state()) == ("ALARM", "ALARM")
    assert alarm.state(after=3 * MINUTE) == "OK"
    assert alarm.told() == [("INSUFFICIENT_DATA", "OK"), ("OK", "ALARM"), ("ALARM", "OK")]


def test_periods_slide(hub: Caller) -> None:
    """Two errors 40 s apart are within a minute, wherever the minute began."""
    namespace = new_name("Own")
    alarm = Alarm(hub, on(namespace, Threshold=2))
    for _time in range(2):
        errors(hub, namespace, 1)
        state = alarm.state(after=40)
    assert state == "OK"  # 40 and 80 s ago
    errors(hub, namespace, 1)
    assert alarm.state() == "ALARM"  # now and 40 s ago


def test_each_set_of_dimensions_is_a_metric_of_its_own(hub: Caller) -> None:
    namespace = new_name("Own")
    both = [{"Name": name, "Value": value} for name, value in BY_OPERATION.items()]
    exact = Alarm(hub, on(namespace, Dimensions=both))
    other = Alarm(hub, on(namespace, Dimensions=[both[0]]))
    none = Alarm(hub, on(namespace, Dimensions=[]))
    region = Alarm(hub, on(namespace))
    errors(hub, namespace, 1)
    assert [alarm.state() for alarm in (exact, region, other, none)] == ["ALARM", "ALARM", "OK", "OK"]
    listed = hub.client("cloudwatch").list_metrics(Namespace=namespace)["Metrics"]
    assert sorted(len(metric["Dimensions"]) for metric in listed) == [1, 2]


def test_a_line_may_have_many_values_and_lacking_dimensions_drop_their_set(hub: Caller) -> None:
    namespace = new_name("Own")
    alarm = Alarm(hub, on(namespace, Threshold=6))
    plain = {"message": 'a text with "CloudWatchMetrics" in it', "_aws": None}
    log(hub, f"/{namespace}", embedded(namespace, BY_OPERATION, [*SETS, ["Region", "Stage"]], Errors=[1, 2, 3]), plain)
    assert alarm.state() == "ALARM"
    listed = hub.client("cloudwatch").list_metrics(Namespace=namespace)["Metrics"]
    assert {dimension["Name"] for metric in listed for dimension in metric["Dimensions"]} == {"Operation", "Region"}


def test_two_of_three_datapoints(hub: Caller) -> None:
    namespace = new_name("Own")
    alarm = Alarm(hub, on(namespace, EvaluationPeriods=3, DatapointsToAlarm=2))
    states = []
    for value in (1, 0, 1):
        errors(hub, namespace, value)
        states.append(alarm.state())
        alarm.state(after=MINUTE)
    assert states == ["OK", "OK", "ALARM"]


@pytest.mark.parametrize(
    ("treatment", "first", "after_an_error", "long_after"),
    [
        ("missing", "INSUFFICIENT_DATA", "ALARM", "INSUFFICIENT_DATA"),
        ("ignore", "INSUFFICIENT_DATA", "ALARM", "ALARM"),
        ("breaching", "ALARM", "ALARM", "ALARM"),
        ("notBreaching", "OK", "ALARM", "OK"),
    ],
)
def test_missing_data(hub: Caller, treatment: str, first: str, after_an_error: str, long_after: str) -> None:
    namespace = new_name("Own")
    alarm = Alarm(hub, on(namespace, TreatMissingData=treatment))
    assert alarm.state() == first
    errors(hub, namespace, 1)
    assert alarm.state() == after_an_error
    assert alarm.state(after=10 * MINUTE) == long_after


@pytest.mark.parametrize(
    ("statistic", "value"),
    [
        ({"Statistic": "Sum"}, 6.0),
        ({"Statistic": "Average"}, 2.0),
        ({"Statistic": "Maximum"}, 3.0),
        ({"Statistic": "Minimum"}, 1.0),
        ({"Statistic": "SampleCount"}, 3.0),
        ({"Statistic": None, "ExtendedStatistic": "p50"}, 2.0),
    ],
)
def test_statistics(hub: Caller, statistic: dict[str, Any], value: float) -> None:
    namespace = new_name("Own")
    given = {name: text for name, text in on(namespace, **statistic).items() if text is not None}
    at, above = Alarm(hub, {**given, "Threshold": value}), Alarm(hub, {**given, "Threshold": value + 0.1})
    errors(hub, namespace, 1, 2, 3)
    assert (at.state(), above.state()) == ("ALARM", "OK")


def rate(namespace: str, expression: str, **more: Any) -> dict[str, Any]:
    region = [{"Name": "Region", "Value": "eu-west-1"}]
    metrics = [
        {
            "Id": key,
            "ReturnData": False,
            "MetricStat": {
                "Metric": {"Namespace": namespace, "MetricName": name, "Dimensions": region},
                "Period": 60 * MINUTE,
                "Stat": "Sum",
            },
        }
        for key, name in {"n": "Executed", "e": "Errors"}.items()
    ]
    decides = {"Id": "rate", "Expression": expression, "ReturnData": True}
    return {"Metrics": [decides, *metrics], "Threshold": 10, "TreatMissingData": "notBreaching", **more}


def test_metric_math(hub: Caller) -> None:
    """Over 10 %, but not of fewer than five operations."""
    namespace = new_name("Own")
    alarm = Alarm(hub, rate(namespace, "IF(n >= 5, 100 * e / n, 0)", ComparisonOperator="GreaterThanThreshold"))
    operation = [embedded(namespace, BY_OPERATION, SETS, Executed=1, Errors=failed) for failed in (1, 0, 0, 0)]
    log(hub, f"/{namespace}", *operation)
    assert alarm.state() == "OK"
    log(hub, f"/{namespace}", operation[1])
    assert alarm.state() == "ALARM"
    log(hub, f"/{namespace}", *[operation[1]] * 5)
    assert alarm.state() == "OK"
    assert alarm.told() == [("INSUFFICIENT_DATA", "OK"), ("OK", "ALARM"), ("ALARM", "OK")]
    described = hub.client("cloudwatch").describe_alarms(AlarmNames=[alarm.name])["MetricAlarms"][0]
    assert {query["Id"] for query in described["Metrics"]} == {"rate", "n", "e"}


@pytest.mark.parametrize("expression", ["100 * errors / n", "rate + n", "SEARCH('{Own,Region}', 'Sum', 60)"])
def test_an_expression_that_cloudwatch_refuses_fails_the_stack(hub: Caller, expression: str) -> None:
    refused = new_name("alarm")
    with pytest.raises(AssertionError, match=r"defined nowhere|does not know"):
        Alarm(hub, rate(new_name("Own"), expression), refused)
    assert refused not in moved(hub.endpoint)


def test_metric_filters_count_lines(hub: Caller) -> None:
    namespace = new_name("Own")
    group = f"/{namespace}"
    log(hub, group, {"any": "line"})
    refused = {
        "FilterPattern": '{ $.errorType = "INVALID_*" || ($.status = 403 && $.path NOT EXISTS) }',
        "LogGroupName": group,
        "MetricTransformations": [{"MetricNamespace": namespace, "MetricName": "Refused", "MetricValue": "1"}],
    }
    deploy(hub, new_name("filter"), {"Filter": {"Type": "AWS::Logs::MetricFilter", "Properties": refused}})
    alarm = Alarm(hub, on(namespace, MetricName="Refused", Dimensions=[], Threshold=2))
    log(hub, group, {"errorType": "INVALID_API_KEY"}, {"status": 403, "path": "/"}, {"errorType": "-"})
    assert alarm.state() == "OK"
    log(hub, group, {"status": 403})
    assert alarm.state() == "ALARM"


def test_a_metric_filter_that_is_not_understood_is_refused(hub: Caller) -> None:
    logs, group = hub.client("logs"), f"/{new_name('Own')}"
    log(hub, group, {"any": "line"})
    transformation = {"metricName": "Any", "metricNamespace": "Own", "metricValue": "1"}
    for pattern in ("ERROR", "{ $.status }", "{ $.a = 1 && }", "{ ($.a = 1 }"):
        with pytest.raises(logs.exceptions.InvalidParameterException):
            logs.put_metric_filter(
                logGroupName=group, filterName="any", filterPattern=pattern, metricTransformations=[transformation]
            )


def test_messages_in_a_queue(hub: Caller) -> None:
    sqs, name = hub.client("sqs"), new_name("queue")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    waiting = {"Namespace": "AWS/SQS", "Dimensions": [{"Name": "QueueName", "Value": name}], "Statistic": "Maximum"}
    visible = Alarm(hub, {**on("AWS/SQS", MetricName="ApproximateNumberOfMessagesVisible"), **waiting})
    old = Alarm(hub, {**on("AWS/SQS", MetricName="ApproximateAgeOfOldestMessage", Threshold=600), **waiting})
    sqs.send_message(QueueUrl=url, MessageBody="any")
    assert (visible.state(), old.state()) == ("ALARM", "OK")
    assert old.state(after=10 * MINUTE) == "ALARM"
    sqs.purge_queue(QueueUrl=url)
    assert (visible.state(after=MINUTE), old.state()) == ("OK", "OK")


def test_saved_queries(hub: Caller) -> None:
    saved = {"Name": "own/refusals", "QueryString": "fields @timestamp", "LogGroupNames": ["/own"]}
    deploy(hub, new_name("query"), {"Query": {"Type": "AWS::Logs::QueryDefinition", "Properties": saved}})
    found = hub.client("logs").describe_query_definitions(queryDefinitionNamePrefix="own/")["queryDefinitions"]
    assert [(query["name"], query["queryString"]) for query in found] == [("own/refusals", "fields @timestamp")]
