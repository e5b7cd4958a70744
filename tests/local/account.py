"""An AWS account on a local cloud, with its own roles and databases. A made-up name is used once."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.cloud import REGION, SECRET_KEY

Document = dict[str, Any]
HUB, SPOKE = "111122223333", "444455556666"
OTHER_REGION = "eu-central-1"
_models = boto3.Session()  # loads each service's model once
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Caller:
    """Call with these credentials, by default those of an account's root."""

    endpoint: str
    access_key: str
    secret: str = SECRET_KEY
    token: str | None = None

    def client(self, service: str, region: str = REGION) -> Any:
        return _models.client(  # type: ignore[call-overload]
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret,
            aws_session_token=self.token,
        )

    def assume(self, role_arn: str, **more: Any) -> Caller:
        arguments = {"RoleArn": role_arn, "RoleSessionName": "tester", **more}
        credentials = self.client("sts").assume_role(**arguments)["Credentials"]
        return Caller(
            self.endpoint, credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"]
        )

    def role(self, trusted: Document, *allowed: Document, path: str = "/", name: str = "") -> str:
        """Return the ARN of a new role. `trusted` is its trust policy's statement, `allowed` are its own policy's."""
        iam, name = self.client("iam"), name or new_name("role")
        role = iam.create_role(RoleName=name, Path=path, AssumeRolePolicyDocument=_policy(trusted))["Role"]
        if allowed:
            iam.put_role_policy(RoleName=name, PolicyName="own", PolicyDocument=_policy(*allowed))
        return str(role["Arn"])

    def session_allowed(self, *allowed: Document) -> Caller:
        return self.assume(self.role(trust(self.access_key), *allowed))

    def database(self, region: str = REGION, **tags: str) -> str:
        return self.tagged_database([{"Key": key, "Value": value} for key, value in tags.items()], region)

    def tagged_database(self, tags: Sequence[Document], region: str = REGION) -> str:
        name = new_name("db")
        self.client("rds", region).create_db_instance(
            DBInstanceIdentifier=name,
            DBInstanceClass="db.t4g.medium",
            Engine="postgres",
            AllocatedStorage=20,
            MasterUsername="dba",
            ManageMasterUserPassword=True,
            Tags=list(tags),
        )
        return name


def new_name(kind: str) -> str:
    return f"{kind}-{next(_numbers)}"


def allow(action: str | list[str], resource: str | list[str] = "*", **condition: Document) -> Document:
    return {"Effect": "Allow", "Action": action, "Resource": resource, "Condition": condition}


def deny(action: str | list[str], resource: str | list[str] = "*", **condition: Document) -> Document:
    return allow(action, resource, **condition) | {"Effect": "Deny"}


def trust(account: str, action: str | list[str] = "sts:AssumeRole", **condition: Document) -> Document:
    principal = {"AWS": f"arn:aws:iam::{account}:root"}
    return {"Effect": "Allow", "Principal": principal, "Action": action, "Condition": condition}


def refused(call: Any, **arguments: Any) -> str:
    """Return the error's code and message."""
    with pytest.raises(ClientError) as raised:
        call(**arguments)
    error = raised.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def db_arn(name: str, account: str = HUB, region: str = REGION) -> str:
    return f"arn:aws:rds:{region}:{account}:db:{name}"


def snapshot_arn(name: str, account: str = HUB) -> str:
    return f"arn:aws:rds:{REGION}:{account}:snapshot:{name}"


def _policy(*statements: Document) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
