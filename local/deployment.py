"""The service on the local cloud: the real CDK CLI deploys the real stack."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import boto3

from local.cloud import ACCOUNT, REGION, ROOT, SECRET_KEY, Cloud, CloudError

STACK = "RdsOperations"
LOCAL_SETTINGS = "settings/local.json"
# Where the CDK CLI puts the functions' package; on AWS `cdk bootstrap` makes it.
ASSETS_BUCKET = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"


def session() -> boto3.Session:
    return boto3.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key=SECRET_KEY, region_name=REGION)


def client(cloud: Cloud, service: str) -> Any:
    return session().client(service, endpoint_url=cloud.endpoint)  # type: ignore[call-overload]


def deploy(cloud: Cloud, settings: str = LOCAL_SETTINGS, overrides: Mapping[str, int] | None = None) -> dict[str, str]:
    """`cdk deploy`, then what others need to know, which is also written to outputs.json."""
    _make_assets_bucket(cloud)
    values = {"settings": settings, "stage": "local", **(overrides or {})}
    context = [part for name, value in values.items() for part in ("-c", f"{name}={value}")]
    _cdk(cloud, "deploy", STACK, "--require-approval", "never", *context)
    outputs = _outputs(cloud)
    (Path(cloud.folder) / "outputs.json").write_text(json.dumps(outputs, indent=2) + "\n")
    return outputs


def _make_assets_bucket(cloud: Cloud) -> None:
    s3 = client(cloud, "s3")
    if ASSETS_BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=ASSETS_BUCKET, CreateBucketConfiguration={"LocationConstraint": REGION})


def _cdk(cloud: Cloud, *arguments: str) -> None:
    log = Path(cloud.folder) / "cdk.log"
    command = [_cli(), *arguments, "--output", str(Path(cloud.folder) / "cdk.out"), "--ci", "--no-color"]
    with log.open("w") as output:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, **cloud.environment, "CDK_DEFAULT_ACCOUNT": ACCOUNT, "CDK_DEFAULT_REGION": REGION},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        tail = "\n".join(log.read_text().splitlines()[-15:])
        raise CloudError(f"cdk deploy failed. The whole log is {log}; its end:\n{tail}")


def _cli() -> str:
    found = shutil.which("cdk", path=str(ROOT / "node_modules" / ".bin"))
    if not found:
        raise CloudError("The CDK CLI is not installed. Run: make setup")
    return found


def _outputs(cloud: Cloud) -> dict[str, str]:
    stack = client(cloud, "cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
    given = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    key = client(cloud, "apigateway").get_api_key(apiKey=given["ApiKeyId"], includeValue=True)["value"]
    api_id = given["ApiUrl"].split("://")[1].split(".")[0]
    return {
        "api_url": f"{cloud.endpoint}/restapis/{api_id}/local/_user_request_",
        "api_key": key,
        "endpoint_url": cloud.endpoint,
        "region": REGION,
        "account": ACCOUNT,
        "state_machine_arn": given["OperationStateMachineArn"],
        "admission_arn": given["AdmissionStateMachineArn"],
        "audit_table": given["AuditTable"],
        "operations_table": given["OperationsTable"],
    }
