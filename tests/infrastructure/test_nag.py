"""cdk-nag: every finding is acknowledged one by one, with a reason."""

from pathlib import Path

import aws_cdk as cdk
import pytest
from cdk_nag import AwsSolutionsChecks, ServerlessChecks
from constructs import IConstruct

from stacks.functions import SHAPES
from stacks.service_stack import ServiceStack
from stacks.settings import Settings
from tests.infrastructure.conftest import new_app

RDS = "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:rds:<AWS::Region>:<AWS::AccountId>:{}:*]"
ANY_RESOURCE = "AwsSolutions-IAM5[Resource::*]"
FUNCTION_NAMES = [name.capitalize() for name in SHAPES]
TRACING = "X-Ray's actions, and Describe of snapshots and events, take no resource that could be named"

# (construct path under the stack, finding, reason)
ACKNOWLEDGED: list[tuple[str, str, str]] = [
    *((f"Functions/{name}Role", ANY_RESOURCE, TRACING) for name in FUNCTION_NAMES),
    *(
        (
            f"Functions/{name}Role",
            RDS.format("db"),
            "The service is for every instance of the account; the gate decides",
        )
        for name in ("Classify", "Execute", "Poll", "Sweep")
    ),
    ("Functions/ExecuteRole", RDS.format("snapshot"), "A snapshot's name is the caller's to choose"),
    *(
        (
            f"Functions/{name}",
            "AwsSolutions-L1",
            "python3.13 is supported until 2029, and is what the package is built for",
        )
        for name in FUNCTION_NAMES
    ),
    *(
        (
            f"Functions/{name}",
            "Serverless-LambdaLatestVersion",
            "python3.13 is supported until 2029, and is what the package is built for",
        )
        for name in FUNCTION_NAMES
    ),
    *(
        (
            f"Functions/{name}",
            "Serverless-LambdaDLQ",
            "Invoked synchronously; Audit's rule has its own dead-letter queue",
        )
        for name in FUNCTION_NAMES
    ),
    *(
        (f"Workflow/{name}/Role", ANY_RESOURCE, "Log delivery and X-Ray actions take no resource")
        for name in ("Operation", "Admission", "LateWatch")
    ),
    (
        "Functions/SweepRole",
        "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:execution:"
        "rds-operations-operation:*]",
        "An execution is named after its operation",
    ),
    ("Backstops/DeadLetters", "AwsSolutions-SQS3", "It is a dead-letter queue itself"),
    ("Backstops/DeadLetters", "Serverless-SQSRedrivePolicy", "It is a dead-letter queue itself"),
    ("UnrecordedDeadLetters", "Serverless-SQSRedrivePolicy", "It is a dead-letter queue itself"),
    (
        "Api/RestApi",
        "AwsSolutions-APIG2",
        "Validate checks every body, and records what it refuses",
    ),
    ("Api/RestApi/DeploymentStage.v1", "AwsSolutions-APIG3", "API key mode; a web ACL is the account's to attach"),
    (
        "Api/RestApi/DeploymentStage.v1",
        "AwsSolutions-APIG6",
        "Execution logs would hold bodies and need an account-wide role; access logs are on",
    ),
    *(
        (f"Api/RestApi/Default/operations/{method}", finding, "API key mode is this deployment's authentication")
        for method in ("POST", "{operation_id}/GET")
        for finding in ("AwsSolutions-APIG4", "AwsSolutions-COG4")
    ),
]


def find(stack: cdk.Stack, path: str) -> IConstruct:
    node: IConstruct = stack
    for part in path.split("/"):
        found = node.node.try_find_child(part)
        assert found, f"{path} is no construct any more"
        node = found
    return node


def synth(folder: Path, acknowledged: list[tuple[str, str, str]]) -> None:
    app = new_app(folder)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
    stack = ServiceStack(app, "RdsOperations", Settings())
    for path, finding, reason in acknowledged:
        cdk.Validations.of(find(stack, path)).acknowledge(cdk.Acknowledgment(id=finding, reason=reason))
    app.synth()


def test_no_finding_is_left(tmp_path: Path) -> None:
    synth(tmp_path, ACKNOWLEDGED)


def test_a_finding_that_is_not_acknowledged_fails(tmp_path: Path) -> None:
    """So that the test above can fail."""
    with pytest.raises(RuntimeError, match="IAM entity contains wildcard permissions"):
        synth(tmp_path, ACKNOWLEDGED[1:])
