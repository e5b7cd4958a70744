"""Callers of the three APIs, with real credentials."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.cloud import ACCOUNT, REGION
from tests.workflow.service import Answer, Document, Service

_PASSWORD = "Correct-horse-battery-1"
ANYBODY_OF_THE_ACCOUNT = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
    ],
}


@dataclass(frozen=True)
class Signed:
    service: Service
    credentials: Document

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        url = self.service.outputs["iam_api_url"] + path
        data = json.dumps(body).encode() if body is not None else b""
        request = AWSRequest(method, url, data=data, headers={"Content-Type": "application/json", **headers})
        keys = (self.credentials[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
        SigV4Auth(Credentials(*keys), "execute-api", REGION).add_auth(request)
        sent = {"x-api-key": None, **request.headers}
        return at(self.service, "iam_api_url").send(method, path, data or None, **sent)


@dataclass(frozen=True)
class WithToken:
    service: Service
    token: str
    sub: str

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        given = {"Authorization": f"Bearer {self.token}", "x-api-key": None, **headers}
        data = json.dumps(body) if body is not None else None
        return at(self.service, "cognito_api_url").send(method, path, data, **given)


def at(service: Service, url: str) -> Service:
    """Return the same service at another of its APIs."""
    return replace(service, outputs={**service.outputs, "api_url": service.outputs[url]})


def assumed(service: Service, role: str, person: str, *, may_call: bool = True) -> Signed:
    """Return a session of the role, which is created if it does not exist."""
    iam = service.aws("iam")
    if role not in [known["RoleName"] for known in iam.list_roles()["Roles"]]:
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(ANYBODY_OF_THE_ACCOUNT))
        if may_call:
            allow(service, role, "execute-api:Invoke", "*")
    arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
    answer = service.aws("sts").assume_role(RoleArn=arn, RoleSessionName=person)
    return Signed(service, answer["Credentials"])


def allow(service: Service, role: str, action: str, resource: str) -> None:
    statement = {"Effect": "Allow", "Action": action, "Resource": resource}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    service.aws("iam").put_role_policy(RoleName=role, PolicyName="any", PolicyDocument=policy)


def signed_in(service: Service, name: str, *groups: str) -> WithToken:
    cognito = service.aws("cognito-idp")
    pool, client = service.outputs["user_pool_id"], service.outputs["user_pool_client_id"]
    made = cognito.admin_create_user(
        UserPoolId=pool, Username=name, MessageAction="SUPPRESS", TemporaryPassword=_PASSWORD
    )
    cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=_PASSWORD, Permanent=True)
    for group in groups:
        if group not in [known["GroupName"] for known in cognito.list_groups(UserPoolId=pool)["Groups"]]:
            cognito.create_group(UserPoolId=pool, GroupName=group)
        cognito.admin_add_user_to_group(UserPoolId=pool, Username=name, GroupName=group)
    answer = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": _PASSWORD},
    )
    attributes = {item["Name"]: item["Value"] for item in made["User"]["Attributes"]}
    return WithToken(service, answer["AuthenticationResult"]["IdToken"], attributes["sub"])
