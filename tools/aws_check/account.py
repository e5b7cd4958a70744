"""What an account must have before the first deployment, and what an earlier one may have left."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tools.aws_check.findings import Finding, fix, note, ok
from tools.aws_check.templates import Template

_OLDEST_BOOTSTRAP = 6
"""Of the CDK's modern synthesis. https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html"""
_ENOUGH_CONCURRENCY = 50
"""A new account may have 10, which ten requests at once use up.
https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html"""
_CONCURRENCY_QUOTA = "L-B99A9384"
_MEND_BY = {
    "ROLLBACK_COMPLETE": "delete-stack",
    "ROLLBACK_FAILED": "delete-stack",
    "REVIEW_IN_PROGRESS": "delete-stack",
    "DELETE_FAILED": "delete-stack",
    "CREATE_FAILED": "delete-stack",
    "UPDATE_ROLLBACK_FAILED": "continue-update-rollback",
}
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html"""


@dataclass(frozen=True)
class Account:
    """`client` makes a client of a service, in the account and Region of the deployment."""

    client: Callable[[str], Any]
    template: Template
    stack: str
    deploy: str
    """The command that deploys."""

    def check(self) -> Iterator[Finding]:
        yield self._bootstrap()
        yield self._api_gateway_role()
        yield self._concurrency()
        yield from self._stack()

    def _bootstrap(self) -> Finding:
        version = self._answer(
            lambda: self.client("ssm").get_parameter(Name="/cdk-bootstrap/hnb659fds/version"), "ParameterNotFound"
        )
        where = f"aws://{self.template.account}/{self.template.region}"
        if version is None:
            return fix("The CDK is not bootstrapped in this account and Region", f"npx cdk bootstrap {where}")
        number = int(version["Parameter"]["Value"])
        if number < _OLDEST_BOOTSTRAP:
            return fix(f"The CDK's bootstrap stack is too old (version {number})", f"npx cdk bootstrap {where}")
        return ok(f"The CDK is bootstrapped (version {number})")

    def _api_gateway_role(self) -> Finding:
        """Look for the role that writes access logs: one for all APIs of an account and Region.

        https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
        """
        if role := self.client("apigateway").get_account().get("cloudwatchRoleArn"):
            return ok(f"API Gateway writes its logs as {role}")
        partition, name = self.template.partition, "api-gateway-logs"
        trust = (
            '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", '
            '"Principal": {"Service": "apigateway.amazonaws.com"}}]}'
        )
        policy = f"arn:{partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
        arn = f"arn:{partition}:iam::{self.template.account}:role/{name}"
        return fix(
            "API Gateway has no role for its logs in this account and Region: the stage would fail",
            f"aws iam create-role --role-name {name} --assume-role-policy-document '{trust}'\n"
            f"aws iam attach-role-policy --role-name {name} --policy-arn {policy}\n"
            f"aws apigateway update-account --patch-operations op=replace,path=/cloudwatchRoleArn,value={arn}",
        )

    def _concurrency(self) -> Finding:
        limit = self.client("lambda").get_account_settings()["AccountLimit"]
        free = limit.get("UnreservedConcurrentExecutions", limit["ConcurrentExecutions"])
        if free >= _ENOUGH_CONCURRENCY:
            return ok(f"Lambda runs up to {free} functions at once")
        return note(
            f"Lambda runs up to {free} functions at once in this account: more requests than that get 503",
            "aws service-quotas request-service-quota-increase --service-code lambda "
            f"--quota-code {_CONCURRENCY_QUOTA} --desired-value 1000",
        )

    def _stack(self) -> Iterator[Finding]:
        status = self._stack_status()
        if status in _MEND_BY:
            yield fix(
                f"The stack {self.stack} is in the state {status}",
                f"aws cloudformation {_MEND_BY[status]} --stack-name {self.stack}",
            )
        elif status.endswith("_IN_PROGRESS"):
            yield fix(
                f"The stack {self.stack} is in the state {status}",
                f"aws cloudformation describe-stack-events --stack-name {self.stack}    # wait until it has ended",
            )
        elif status:
            yield ok(f"The stack {self.stack} is there ({status}): the next deployment updates it")
            return
        yield from self._leftovers()

    def _stack_status(self) -> str:
        found = self._answer(
            lambda: self.client("cloudformation").describe_stacks(StackName=self.stack), "ValidationError"
        )
        stacks = found["Stacks"] if found else []
        return str(stacks[0]["StackStatus"]) if stacks else ""

    def _leftovers(self) -> Iterator[Finding]:
        """Look for what has a fixed name and no stack: creating it again would fail."""
        kept = [f"table {name}" for name in self.template.named("AWS::DynamoDB::Table") if self._has_table(name)]
        kept += [f"log group {name}" for name in self.template.named("AWS::Logs::LogGroup") if self._has_group(name)]
        if kept:
            yield fix(
                f"Left by an earlier deployment, which keeps its records: {', '.join(kept)}",
                f"{self.deploy} --import-existing-resources",
            )
        for kind, has, remove in (
            ("AWS::Lambda::Function", self._has_function, "aws lambda delete-function --function-name {name}"),
            ("AWS::IAM::Role", self._has_role, "aws iam delete-role --role-name {name}    # first its policies"),
        ):
            for name in self.template.named(kind):
                if has(name):
                    text = f"{name} is there without the stack {self.stack}: another deployment's, or left over"
                    yield fix(text, remove.format(name=name))
        if not kept:
            yield ok("No table and no log group of an earlier deployment is in the way")

    def _has_table(self, name: str) -> bool:
        return self._exists(lambda: self.client("dynamodb").describe_table(TableName=name), "ResourceNotFoundException")

    def _has_group(self, name: str) -> bool:
        groups = self.client("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"]
        return any(group["logGroupName"] == name for group in groups)

    def _has_function(self, name: str) -> bool:
        return self._exists(lambda: self.client("lambda").get_function(FunctionName=name), "ResourceNotFoundException")

    def _has_role(self, name: str) -> bool:
        return self._exists(lambda: self.client("iam").get_role(RoleName=name), "NoSuchEntity")

    def _exists(self, ask: Callable[[], Any], absent: str) -> bool:
        return self._answer(ask, absent) is not None

    @staticmethod
    def _answer(ask: Callable[[], Any], absent: str) -> Any:
        """Return None where AWS says that there is none. Raises every other error."""
        try:
            return ask()
        except ClientError as error:
            if error.response["Error"]["Code"] != absent:
                raise
            return None
