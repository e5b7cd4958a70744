"""The alarms, and the metric that only API Gateway's access log has."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from constructs import Construct

from rds_operations.aws.metrics import NAMESPACE
from stacks.alarm_rule import CREDENTIALS_REFUSED, Metric, Rule
from stacks.settings import Settings

PREFIX = "rds-operations-"
REFUSED_BY_THE_API = (
    "ACCESS_DENIED",
    "EXPIRED_TOKEN",
    "INVALID_API_KEY",
    "INVALID_SIGNATURE",
    "MISSING_AUTHENTICATION_TOKEN",
    "UNAUTHORIZED",
)
"""Answers of API Gateway to requests whose credentials it does not take; the fifth also to a path that is none.

https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
"""


class Alarms(Construct):
    """Make one alarm for each rule. It tells the topic when it rings, and when all is well again.

    `self.arns` has all.
    """

    def __init__(
        self, scope: Construct, construct_id: str, settings: Settings, rules: list[Rule], topic_arn: str
    ) -> None:
        super().__init__(scope, construct_id)
        self._runbook = settings.alarms.runbook
        self._topic_arn = topic_arn
        self.arns = [self._alarm(rule).attr_arn for rule in rules]

    def _alarm(self, rule: Rule) -> cloudwatch.CfnAlarm:
        return cloudwatch.CfnAlarm(
            self,
            "".join(word.capitalize() for word in rule.name.split("-")),
            alarm_name=PREFIX + rule.name,
            alarm_description=f"{rule.says} {rule.do} {self._runbook}#{rule.section or rule.name}",
            comparison_operator=rule.comparison,
            threshold=rule.threshold,
            evaluation_periods=rule.periods,
            datapoints_to_alarm=rule.periods,
            treat_missing_data=rule.missing,
            alarm_actions=[self._topic_arn],
            ok_actions=[self._topic_arn],
            **(_math(rule) if rule.expression else _plain(rule)),
        )


def count_refused_credentials(scope: Construct, access_log: logs.ILogGroup) -> None:
    """Count them by a metric filter, since no function sees such a request.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
    """
    pattern = " || ".join(f'$.errorType = "{error}"' for error in REFUSED_BY_THE_API)
    logs.CfnMetricFilter(
        scope,
        "RefusedCredentials",
        log_group_name=access_log.log_group_name,
        filter_pattern=f"{{ {pattern} }}",
        metric_transformations=[
            logs.CfnMetricFilter.MetricTransformationProperty(
                metric_namespace=NAMESPACE, metric_name=CREDENTIALS_REFUSED, metric_value="1"
            )
        ],
    )


def _plain(rule: Rule) -> dict[str, Any]:
    (metric,) = rule.metrics.values()
    return {
        "namespace": metric.namespace,
        "metric_name": metric.name,
        "dimensions": _dimensions(metric),
        "statistic": metric.statistic,
        "period": 60 * rule.minutes,
    }


def _math(rule: Rule) -> dict[str, Any]:
    query = cloudwatch.CfnAlarm.MetricDataQueryProperty
    measured = [
        query(
            id=key,
            return_data=False,
            metric_stat=cloudwatch.CfnAlarm.MetricStatProperty(
                metric=cloudwatch.CfnAlarm.MetricProperty(
                    namespace=metric.namespace,
                    metric_name=metric.name,
                    dimensions=_dimensions(metric),
                ),
                period=60 * rule.minutes,
                stat=metric.statistic,
            ),
        )
        for key, metric in rule.metrics.items()
    ]
    decides = query(id="decides", expression=rule.expression, label=rule.name, return_data=True)
    return {"metrics": [decides, *measured]}


def _dimensions(metric: Metric) -> list[cloudwatch.CfnAlarm.DimensionProperty]:
    return [cloudwatch.CfnAlarm.DimensionProperty(name=name, value=value) for name, value in metric.dimensions.items()]
