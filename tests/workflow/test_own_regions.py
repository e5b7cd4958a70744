"""IAM lets the acting role work only in the Regions of its own account."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.cloud import ACCOUNT, OTHER_REGION, REGION
from rds_operations.settings.targets import ACTING_ROLE
from stacks.settings import Settings
from stacks.target_account_stack import TargetAccountStack
from tests.infrastructure.conftest import new_app
from tests.workflow.service import Service

HERE, THERE, STRANGER = "333344445555", "444455556666", "999988887777"
REGIONS = {HERE: REGION, THERE: OTHER_REGION}
STACK = "OwnRegions"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> str:
    accounts = {
        account: {"external_id": f"id-of-{account}", "regions": [region]} for account, region in REGIONS.items()
    }
    app = new_app(tmp_path_factory.mktemp("cdk.out"))
    TargetAccountStack(app, STACK, Settings.from_document({"accounts": accounts}))
    return (Path(app.synth().directory) / f"{STACK}.template.json").read_text()


def deploy(service: Service, account: str, template: str) -> str:
    """Return the stack's final status."""
    parameters = {"ServiceAccount": ACCOUNT, "ServiceRegion": REGION, "ExternalId": f"id-of-{account}"}
    cloudformation = service.aws("cloudformation", account)
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=template,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
    )
    for _attempt in range(300):
        status = str(cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"])
        if not status.endswith("IN_PROGRESS"):
            return status
    raise AssertionError("the deployment did not end")


@pytest.fixture(scope="module")
def deployed(service: Service, template: str) -> Iterator[None]:
    assert {deploy(service, account, template) for account in REGIONS} == {"CREATE_COMPLETE"}
    yield
    for account in REGIONS:
        service.aws("cloudformation", account).delete_stack(StackName=STACK)


def acting(service: Service, account: str, region: str) -> Any:
    """Return an RDS client without a session policy. The role's trust is opened to the account itself."""
    iam = service.aws("iam", account)
    trust = iam.get_role(RoleName=ACTING_ROLE)["Role"]["AssumeRolePolicyDocument"]
    own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
    opened = json.dumps({**trust, "Statement": [own]})
    iam.update_assume_role_policy(RoleName=ACTING_ROLE, PolicyDocument=opened)
    session = service.aws("sts", account).assume_role(
        RoleArn=f"arn:aws:iam::{account}:role/{ACTING_ROLE}", RoleSessionName="any-session"
    )["Credentials"]
    return boto3.client(
        "rds",
        region_name=region,
        endpoint_url=service.cloud.endpoint,
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )


@pytest.mark.parametrize("account", REGIONS)
def test_no_session_acts_in_a_region_that_is_only_another_accounts(
    service: Service, deployed: None, account: str
) -> None:
    for region in (REGION, OTHER_REGION):
        instance = service.new_instance(account=account, region=region)
        rds = acting(service, account, region)
        if region == REGIONS[account]:
            rds.reboot_db_instance(DBInstanceIdentifier=instance)
        else:
            with pytest.raises(ClientError, match="AccessDenied"):
                rds.reboot_db_instance(DBInstanceIdentifier=instance)
        assert service.rebooted(instance, account, region) is (region == REGIONS[account])


def test_an_account_that_is_not_on_the_list_gets_no_role(service: Service, template: str) -> None:
    with pytest.raises((ClientError, AssertionError)):
        assert deploy(service, STRANGER, template) == "CREATE_COMPLETE"
    assert service.aws("iam", STRANGER).list_roles()["Roles"] == []
