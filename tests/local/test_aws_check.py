"""`make aws-check` against the local cloud: it finds what is missing, and after its commands nothing is."""

import os
import subprocess
import sys

from local.cloud import REGION, ROOT, SECRET_KEY
from tests.local.account import Caller

ACCOUNT = "555566667777"


def check(endpoint: str) -> tuple[int, list[str]]:
    environment = {
        **os.environ,
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_REGION": REGION,
    }
    command = [sys.executable, "-m", "tools.aws_check", "settings/default.json"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert not done.stderr
    return done.returncode, done.stdout.splitlines()


def to_mend(lines: list[str]) -> list[str]:
    return [line.removeprefix("fix").strip() for line in lines if line.startswith("fix ")]


def test_what_is_missing_is_found_and_after_mending_it_nothing_is(endpoint: str) -> None:
    here = Caller(endpoint, ACCOUNT)
    here.client("dynamodb").create_table(
        TableName="rds_audit_log",
        KeySchema=[{"AttributeName": "instance_id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "instance_id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    code, lines = check(endpoint)
    assert code == 1
    assert to_mend(lines) == [
        "The CDK is not bootstrapped in this account and Region",
        "API Gateway has no role for its logs in this account and Region: the stage would fail",
        "Left by an earlier deployment, which keeps its records: table rds_audit_log",
    ]
    assert "ok        Step Functions decides as it should in 17 states that call nothing" in lines

    here.client("dynamodb").delete_table(TableName="rds_audit_log")
    here.client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="27", Type="String")
    role = f"arn:aws:iam::{ACCOUNT}:role/api-gateway-logs"
    patch = {"op": "replace", "path": "/cloudwatchRoleArn", "value": role}
    here.client("apigateway").update_account(patchOperations=[patch])
    code, lines = check(endpoint)
    assert (code, to_mend(lines)) == (0, [])
