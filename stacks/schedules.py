from __future__ import annotations

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from constructs import Construct


def run_every(scope: Construct, name: str, minutes: int, function: lambda_.IFunction, summary: str) -> None:
    """Run it, and repeat nothing that fails, since the next run comes soon.

    EventBridge Scheduler invokes asynchronously, so Lambda would repeat it, twice and for up to six hours.
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    function.configure_async_invoke(retry_attempts=0, max_event_age=Duration.minutes(minutes))
    role = iam.Role(
        scope,
        f"{name}ScheduleRole",
        assumed_by=iam.ServicePrincipal(
            "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Stack.of(scope).account}}
        ),
    )
    role.add_to_policy(iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[function.function_arn]))
    scheduler.CfnSchedule(
        scope,
        name,
        description=summary,
        schedule_expression=f"rate({minutes} minutes)",
        flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
        target=scheduler.CfnSchedule.TargetProperty(
            arn=function.function_arn,
            role_arn=role.role_arn,
            retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(maximum_retry_attempts=0),
        ),
    )
