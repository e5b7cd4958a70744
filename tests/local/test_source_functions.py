"""IAM on the local cloud knows which function a call comes from."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from local.cloud import REGION
from tests.local.account import HUB, Caller, Document, allow, new_name, refused, trust

ASSUME = "sts:AssumeRole"
ASSUMES = """
import boto3

def handler(event, context):
    try:
        boto3.client("sts").assume_role(RoleArn=event["role"], RoleSessionName="any")
    except Exception as error:
        return str(error)
    return "assumed"
"""


def by_lambda() -> Document:
    return {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": ASSUME, "Condition": {}}


def arn(function: str) -> str:
    return f"arn:aws:lambda:{REGION}:{HUB}:function:{function}"


def from_the_function(name: str) -> Document:
    return {"ArnEquals": {"lambda:SourceFunctionArn": arn(name)}}


def new_function(hub: Caller, name: str, role: str) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr("code.py", ASSUMES)
    hub.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=role,
        Handler="code.handler",
        Timeout=30,
        Code={"ZipFile": archive.getvalue()},
    )


def answer_of(hub: Caller, function: str, role: str) -> str:
    answer: Any = hub.client("lambda").invoke(FunctionName=function, Payload=json.dumps({"role": role}))
    return str(json.loads(answer["Payload"].read()))


def test_a_role_is_taken_on_by_the_named_function_and_by_no_other_of_the_same_role(hub: Caller) -> None:
    named, other = new_name("named"), new_name("other")
    target = hub.role(trust(HUB))
    own = hub.role(by_lambda(), allow(ASSUME, target, **from_the_function(named)))
    for name in (named, other):
        new_function(hub, name, own)

    assert answer_of(hub, named, target) == "assumed"
    assert "AccessDenied" in answer_of(hub, other, target)


def test_a_session_that_no_function_uses_comes_from_none(hub: Caller) -> None:
    target = hub.role(trust(HUB))
    named = hub.session_allowed(allow(ASSUME, target, **from_the_function("named")))
    none = hub.session_allowed(allow(ASSUME, target, Null={"lambda:SourceFunctionArn": "true"}))

    assert none.assume(target)
    assert "AccessDenied" in refused(named.assume, role_arn=target)


def test_a_trust_policy_does_not_see_it(hub: Caller) -> None:
    """https://docs.aws.amazon.com/lambda/latest/dg/permissions-source-function-arn.html"""
    name = new_name("function")
    target = hub.role(trust(HUB, ASSUME, **from_the_function(name)))
    new_function(hub, name, hub.role(by_lambda(), allow(ASSUME, target)))

    assert "AccessDenied" in answer_of(hub, name, target)
