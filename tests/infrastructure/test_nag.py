"""Each finding of cdk-nag, in both stacks and with all three ways to authenticate, is acknowledged with a reason.

An acknowledgement without a finding fails, too.
"""

from __future__ import annotations

import json
from pathlib import Path

import aws_cdk as cdk
import pytest
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from stacks.functions import SPECS
from stacks.service_stack import ServiceStack
from stacks.settings import Settings
from stacks.target_account_stack import TargetAccountStack
from tests.infrastructure.conftest import Document, new_app

SERVICE, TARGET = "RdsOperations", "RdsOperationsTarget"
FUNCTIONS = [name.capitalize() for name in SPECS]
ANY_RESOURCE = "AwsSolutions-IAM5[Resource::*]"


def executions(machine: str) -> str:
    states = "arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>"
    return f"AwsSolutions-IAM5[Resource::{states}:execution:rds-operations-{machine}:*]"


EXECUTIONS = "DescribeExecution of one state machine's executions, which are named after their operations"


def rds(kind: str) -> str:
    return f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:rds:*:<AWS::AccountId>:{kind}:*]"


def objects(prefix: str) -> str:
    return f"AwsSolutions-IAM5[Resource::<ArchiveBucket49F1AC64.Arn>/{prefix}/*]"


OBJECTS = "Each object has a name of its own, and is written once"
TRACING = "X-Ray's actions take no resource, and write traces only"
LOOKING = "X-Ray's actions take no resource; DescribeDBSnapshots and DescribeEvents change nothing and show no data"
READS = (
    "DescribeDBInstances changes nothing: what is production must be seen to be refused, and a source may be anywhere"
)
ACTS = (
    "Which instance is no matter of its name: the statement asks for the Region and the tags, a Deny stands for each "
    "environment tag, and the session that acts is narrowed to one instance"
)
SNAPSHOTS = "A snapshot's name is the caller's to choose: the session that acts is narrowed to that one"
RUNTIME = "python3.13 gets security updates until 2029, and is what the package is compiled and tested for"
SYNCHRONOUS = "Invoked synchronously: the error goes to the state machine or the API that waits, and nothing is queued"
ON_SCHEDULE = "Its event says nothing: a run that was lost is made good by the next, minutes later"
KEY_ONLY = (
    "The API of keys exists only where the reviewed settings ask for it; both methods need a key, which is the "
    "caller's principal, has a throttle, and can be revoked alone"
)
PAGES = ("console/GET", "console/{proxy+}/GET", "openapi.json/GET")
ANYBODY = (
    "A person must see the page to sign in on it. It holds no data and no secret, its function has no right but to "
    "log, and it has a throttle of its own"
)
# construct -> finding -> reason
METHODS = (
    "operations/POST",
    "operations/{operation_id}/GET",
    "operations/GET",
    "records/GET",
    "me/GET",
    "instances/GET",
    "instances/{instance_id}/GET",
)
ACKNOWLEDGED: dict[str, dict[str, str]] = {
    **{
        f"{stack}/ActingRole/Allows/Resource": {
            ANY_RESOURCE: "DescribeDBSnapshots changes nothing: it looks for a snapshot that may not be there",
            rds("db"): ACTS,
            rds("snapshot"): SNAPSHOTS,
            rds("snapshot-tenant-database"): SNAPSHOTS,
        }
        for stack in (SERVICE, TARGET)
    },
    f"{TARGET}/ReadingRole/DefaultPolicy/Resource": {ANY_RESOURCE: LOOKING, rds("db"): READS},
    **{
        f"{SERVICE}/Functions/{name}Role/DefaultPolicy/Resource": {ANY_RESOURCE: TRACING}
        for name in ("Validate", "Admit", "Audit", "Status", "Lists", "Console")
    },
    f"{SERVICE}/Functions/PublishRole/DefaultPolicy/Resource": {
        ANY_RESOURCE: f"{TRACING}; ListStreams, which CDK adds, takes none either",
        objects("records"): OBJECTS,
    },
    f"{SERVICE}/Functions/DigestRole/DefaultPolicy/Resource": {
        ANY_RESOURCE: TRACING,
        **{objects(prefix): OBJECTS for prefix in ("records", "packs", "digests")},
    },
    f"{SERVICE}/Archive/Bucket/Resource": {
        "AwsSolutions-S1": "CloudTrail's data events, which an account turns on for all its buckets, say more"
    },
    f"{SERVICE}/Archive/DeadLetters/Resource": {
        "AwsSolutions-SQS3": "It is a dead-letter queue itself: of a stream",
        "Serverless-SQSRedrivePolicy": "It is a dead-letter queue itself: of a stream",
    },
    **{
        f"{SERVICE}/Functions/{name}Role/DefaultPolicy/Resource": {ANY_RESOURCE: TRACING, rds("db"): READS}
        for name in ("Execute", "Inventory")
    },
    **{
        f"{SERVICE}/Functions/{name}Role/DefaultPolicy/Resource": {ANY_RESOURCE: LOOKING, rds("db"): READS}
        for name in ("Classify", "Poll", "Instances")
    },
    f"{SERVICE}/Functions/SweepRole/DefaultPolicy/Resource": {
        ANY_RESOURCE: LOOKING,
        rds("db"): READS,
        executions("operation"): EXECUTIONS,
        executions("late-watch"): EXECUTIONS,
    },
    **{
        f"{SERVICE}/Functions/{name}/Resource": {
            "AwsSolutions-L1": RUNTIME,
            "Serverless-LambdaLatestVersion": RUNTIME,
            "Serverless-LambdaDLQ": SYNCHRONOUS,
        }
        for name in FUNCTIONS
    },
    **{
        f"{SERVICE}/Workflow/{name}/Role/DefaultPolicy/Resource": {
            ANY_RESOURCE: "Log delivery and X-Ray actions take no resource"
        }
        for name in ("Operation", "Admission", "LateWatch")
    },
    f"{SERVICE}/Backstops/DeadLetters/Resource": {
        "AwsSolutions-SQS3": "It is a dead-letter queue itself: of a rule and of a function",
        "Serverless-SQSRedrivePolicy": "It is a dead-letter queue itself: of a rule and of a function",
    },
    f"{SERVICE}/RefusalDeadLetters/Resource": {
        "Serverless-SQSRedrivePolicy": "It is a dead-letter queue itself: for 14 days it keeps what a person must see"
    },
    f"{SERVICE}/UserPool/Resource": {
        "AwsSolutions-COG8": "Threat protection is billed per user. Without it a guessed password opens nothing: a "
        "one-time code is asked of everybody, nobody signs up or recovers an account alone; user_pool_arn takes a pool "
        "of the Plus plan"
    },
    **{
        f"{SERVICE}/{api}/RestApi/Resource": {
            "AwsSolutions-APIG2": "Validate checks every body to the letter and records what it refuses; what API "
            "Gateway refused would leave no record"
        }
        for api in ("IamApi", "ApiKeyApi", "CognitoApi")
    },
    **{
        f"{SERVICE}/{api}/RestApi/DeploymentStage.v1/Resource": {
            "AwsSolutions-APIG3": "web_acl_arn attaches a web ACL to every stage: its rules and its price are the "
            "account's. Without one, every method still asks for credentials and has a throttle",
            "AwsSolutions-APIG6": "Execution logs would hold request bodies; the access log says who, what and how it "
            "ended, and every request that is let in has an audit record",
        }
        for api in ("IamApi", "ApiKeyApi", "CognitoApi")
    },
    **{
        f"{SERVICE}/IamApi/RestApi/Default/{method}/Resource": {
            "AwsSolutions-COG4": "Its callers sign with IAM credentials, and IAM authorises each method"
        }
        for method in METHODS
    },
    **{
        f"{SERVICE}/ApiKeyApi/RestApi/Default/{method}/Resource": {
            "AwsSolutions-COG4": KEY_ONLY,
            "AwsSolutions-APIG4": KEY_ONLY,
        }
        for method in METHODS
    },
    **{
        f"{SERVICE}/{api}/RestApi/Default/{page}/Resource": {
            "AwsSolutions-APIG4": ANYBODY,
            "AwsSolutions-COG4": ANYBODY,
        }
        for api in ("IamApi", "ApiKeyApi", "CognitoApi")
        for page in PAGES
    },
}
for name in ("Operation", "LateWatch"):
    ACKNOWLEDGED.setdefault(f"{SERVICE}/Workflow/{name}/Resource", {})["AwsSolutions-SF1"] = (
        "A Standard execution has a history of its own; the log has its errors"
    )
for name in ("Sweep", "Inventory", "Digest"):
    ACKNOWLEDGED[f"{SERVICE}/Functions/{name}/Resource"]["Serverless-LambdaDLQ"] = ON_SCHEDULE
    ACKNOWLEDGED[f"{SERVICE}/Functions/{name}/EventInvokeConfig/Resource"] = {
        "Serverless-LambdaAsyncFailureDestination": ON_SCHEDULE
    }
ACKNOWLEDGED[f"{SERVICE}/Functions/Audit/Resource"]["Serverless-LambdaDLQ"] = (
    "What fails of the rule's events goes to the queue DeadLetters, as its on-failure destination"
)


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory, all_modes: Settings) -> set[tuple[str, str]]:
    """Return construct and finding, of every severity."""
    folder = tmp_path_factory.mktemp("nag")
    app = new_app(folder)
    cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
    ServiceStack(app, SERVICE, all_modes)
    TargetAccountStack(app, TARGET, all_modes)
    with pytest.raises(RuntimeError, match="IAM entity contains wildcard permissions"):
        app.synth()
    return _findings(folder / "validation-report.json")


def _findings(report: Path) -> set[tuple[str, str]]:
    packs: list[Document] = json.loads(report.read_text())["pluginReports"]
    assert {pack["pluginName"] for pack in packs} >= {"AwsSolutions", "Serverless"}
    return {
        (construct["constructPath"], violation["ruleName"])
        for pack in packs
        for violation in pack["violations"]
        for construct in violation["violatingConstructs"]
    }


def test_every_finding_is_acknowledged(found: set[tuple[str, str]]) -> None:
    acknowledged = {(construct, finding) for construct, reasons in ACKNOWLEDGED.items() for finding in reasons}
    assert sorted(found - acknowledged) == []


def test_every_acknowledgement_has_its_finding(found: set[tuple[str, str]]) -> None:
    acknowledged = {(construct, finding) for construct, reasons in ACKNOWLEDGED.items() for finding in reasons}
    assert sorted(acknowledged - found) == []
