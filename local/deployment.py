"""Deploys the real stack to the local cloud, with the real CDK CLI."""

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
TARGET_STACK = "RdsOperationsTarget"
LOCAL_SETTINGS = "settings/local.json"
_URLS = {"api_url": "ApiKeyApiUrl", "iam_api_url": "IamApiUrl", "cognito_api_url": "CognitoApiUrl"}
_NAMED = {
    "api_key_id": "ApiKeyId",
    "user_pool_id": "UserPoolId",
    "user_pool_client_id": "UserPoolClientId",
    "cli_client_id": "CliClientId",
    "page_client_id": "PageClientId",
    "state_machine_arn": "OperationStateMachineArn",
    "admission_arn": "AdmissionStateMachineArn",
    "audit_table": "AuditTable",
    "operations_table": "OperationsTable",
    "inventory_table": "InventoryTable",
    "archive_bucket": "ArchiveBucket",
}
"""The stack's outputs, and their names in outputs.json."""


def session(account: str = ACCOUNT, region: str = REGION) -> boto3.Session:
    """Return a session of the account's root."""
    return boto3.Session(aws_access_key_id=account, aws_secret_access_key=SECRET_KEY, region_name=region)


def client(cloud: Cloud, service: str, account: str = ACCOUNT, region: str = REGION) -> Any:
    return session(account, region).client(service, endpoint_url=cloud.endpoint)  # type: ignore[call-overload]


def deploy(cloud: Cloud, settings: str = LOCAL_SETTINGS, overrides: Mapping[str, int] | None = None) -> dict[str, str]:
    """Deploy to both accounts. Return the outputs, which also go to outputs.json."""
    values = {"settings": settings, "stage": "local", **(overrides or {})}
    context = [part for name, value in values.items() for part in ("-c", f"{name}={value}")]
    assembly = str(Path(cloud.folder) / "cdk.out")
    _deploy(cloud, ACCOUNT, STACK, *context, "--output", assembly)
    for account, external_id in _external_ids(ROOT / settings).items():
        _deploy_target(cloud, account, external_id, assembly)
    outputs = _outputs(cloud)
    if "page_client_id" in outputs:
        _move_sign_in(cloud, outputs)
    (Path(cloud.folder) / "outputs.json").write_text(json.dumps(outputs, indent=2) + "\n")
    return outputs


def _move_sign_in(cloud: Cloud, outputs: Mapping[str, str]) -> None:
    """Tell the pool and the page where they are: both have the emulator's own address here."""
    page = f"{outputs['cognito_api_url']}/console/"
    client(cloud, "cognito-idp").update_user_pool_client(
        UserPoolId=outputs["user_pool_id"],
        ClientId=outputs["page_client_id"],
        CallbackURLs=[page],
        LogoutURLs=[page],
        AllowedOAuthFlows=["code"],
        AllowedOAuthScopes=["openid", "profile"],
        AllowedOAuthFlowsUserPoolClient=True,
        SupportedIdentityProviders=["COGNITO"],
    )
    moved = {"op": "replace", "path": "/variables/sign_in_url", "value": cloud.endpoint}
    api_id = page.split("/restapis/")[1].split("/", maxsplit=1)[0]
    client(cloud, "apigateway").update_stage(restApiId=api_id, stageName="local", patchOperations=[moved])


def _deploy_target(cloud: Cloud, account: str, external_id: str, assembly: str) -> None:
    """Follow docs/cross-account-setup.md."""
    parameters = {"ServiceAccount": ACCOUNT, "ServiceRegion": REGION, "ExternalId": external_id}
    given = [part for name, value in parameters.items() for part in ("--parameters", f"{name}={value}")]
    _deploy(cloud, account, TARGET_STACK, *given, "--app", assembly)


def list_databases(cloud: Cloud) -> None:
    """Run the inventory now; its schedule is every 15 minutes."""
    client(cloud, "lambda").invoke(FunctionName="rds-operations-inventory", Payload=b"{}")


def assets_bucket(account: str = ACCOUNT) -> str:
    """Return the bucket for the functions' package; on AWS, `cdk bootstrap` makes it."""
    return f"cdk-hnb659fds-assets-{account}-{REGION}"


def _external_ids(settings: Path) -> dict[str, str]:
    accounts = json.loads(settings.read_text()).get("accounts", {})
    return {account_id: account["external_id"] for account_id, account in accounts.items()}


def _deploy(cloud: Cloud, account: str, stack: str, *arguments: str) -> None:
    s3 = client(cloud, "s3", account)
    if assets_bucket(account) not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=assets_bucket(account), CreateBucketConfiguration={"LocationConstraint": REGION})
    log = Path(cloud.folder) / f"cdk.{stack}.log"
    command = [_cli(), "deploy", stack, "--require-approval", "never", "--ci", "--no-color", *arguments]
    with log.open("w") as written:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={
                **os.environ,
                **cloud.environment(account),
                "CDK_DEFAULT_ACCOUNT": account,
                "CDK_DEFAULT_REGION": REGION,
            },
            stdin=subprocess.DEVNULL,
            stdout=written,
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
    if "ApiKeyId" not in given:
        raise CloudError("The local cloud needs api_key among the settings' authentication: its tools call that API")
    key = client(cloud, "apigateway").get_api_key(apiKey=given["ApiKeyId"], includeValue=True)["value"]
    urls = {name: _local_url(cloud, given[output]) for name, output in _URLS.items() if output in given}
    return {
        **urls,
        "console_url": f"{urls['api_url']}/console/",
        "api_key": key,
        "endpoint_url": cloud.endpoint,
        "region": REGION,
        "account": ACCOUNT,
        **{name: given[output] for name, output in _NAMED.items() if output in given},
    }


def _local_url(cloud: Cloud, url: str) -> str:
    api_id = url.split("://")[1].split(".", maxsplit=1)[0]
    return f"{cloud.endpoint}/restapis/{api_id}/local/_user_request_"
