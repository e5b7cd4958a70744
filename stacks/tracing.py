"""How many requests and executions AWS X-Ray traces."""

from __future__ import annotations

from aws_cdk import aws_xray as xray
from constructs import Construct

SHARE = 0.05
_BEFORE_THE_DEFAULT = 1000


def sampling_rule(scope: Construct) -> None:
    """Trace one in twenty. X-Ray's default rule traces the first of every second, which here is nearly all.

    The names are those of the APIs with their stage, of the state machines and of the functions.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-configuring-xray-sampling-rules.html
    """
    xray.CfnSamplingRule(
        scope,
        "Sampling",
        sampling_rule=xray.CfnSamplingRule.SamplingRuleProperty(
            rule_name="rds-operations",
            priority=_BEFORE_THE_DEFAULT,
            fixed_rate=SHARE,
            reservoir_size=0,
            service_name="rds-operations*",
            service_type="*",
            host="*",
            http_method="*",
            url_path="*",
            resource_arn="*",
            version=1,
        ),
    )
