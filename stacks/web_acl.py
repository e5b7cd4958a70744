"""The web ACL of the stack's own: it limits each address, so that one caller cannot use up an API's rate."""

from __future__ import annotations

from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

_NAME = "rds-operations"


def rate_limit_acl(scope: Construct, requests_in_five_minutes: int) -> wafv2.CfnWebACL:
    """Block an address while it has sent more than so many requests within five minutes.

    AWS WAF counts often, but not each request: a burst gets further than the limit.
    https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based-high-level-settings.html
    """
    return wafv2.CfnWebACL(
        scope,
        "WebAcl",
        name=_NAME,
        description="Limits each address that calls rds-operations",
        scope="REGIONAL",
        default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
        visibility_config=_visibility(_NAME),
        rules=[
            wafv2.CfnWebACL.RuleProperty(
                name="each-address",
                priority=0,
                action=wafv2.CfnWebACL.RuleActionProperty(block={}),
                statement=wafv2.CfnWebACL.StatementProperty(
                    rate_based_statement=wafv2.CfnWebACL.RateBasedStatementProperty(
                        aggregate_key_type="IP", limit=requests_in_five_minutes
                    )
                ),
                visibility_config=_visibility("each-address"),
            )
        ],
    )


def _visibility(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    """Count what is blocked. Samples of requests would show paths and headers."""
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        metric_name=name, cloud_watch_metrics_enabled=True, sampled_requests_enabled=False
    )
