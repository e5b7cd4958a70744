from aws_cdk import RemovalPolicy
from aws_cdk import aws_logs as logs
from constructs import Construct

from stacks.settings import Settings

_RETENTION = {
    30: logs.RetentionDays.ONE_MONTH,
    90: logs.RetentionDays.THREE_MONTHS,
    180: logs.RetentionDays.SIX_MONTHS,
    365: logs.RetentionDays.ONE_YEAR,
    731: logs.RetentionDays.TWO_YEARS,
}


def log_group(scope: Construct, construct_id: str, name: str, settings: Settings) -> logs.LogGroup:
    return logs.LogGroup(
        scope,
        construct_id,
        log_group_name=name,
        retention=_RETENTION[settings.log_retention_days],
        # Kept, unless it was made by a first deployment that failed: it would be in the way of the next.
        removal_policy=RemovalPolicy.DESTROY if settings.is_local else RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    )
