"""Builders of valid objects: a test overrides only the field that it is about."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from rds_operations.model.place import Place
from rds_operations.model.refusals import Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.rules.classification import Environment, Verdict
from rds_operations.rules.validation import parse_body
from rds_operations.settings.deployment import Polling
from rds_operations.settings.targets import Account, Targets
from tests import operation_cases
from tests.operation_cases import CASES

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef

ACCOUNT = "123456789012"
REGION = "ap-southeast-1"
INSTANCE_ID = operation_cases.INSTANCE_ID
SNAPSHOT_ID = operation_cases.SNAPSHOT_ID
identifiers = operation_cases.identifiers
ADMISSION_MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:rds-operations-admission"
EXECUTION_PREFIX = f"arn:aws:states:{REGION}:{ACCOUNT}:execution:rds-operations-operation:"
HOME = Place(ACCOUNT, REGION)
OTHER_ACCOUNT = "210987654321"
OTHER_REGION = "ap-southeast-2"
EXTERNAL_ID = "external-id-of-210987654321"
TARGETS = Targets(HOME)
"""Only its own account and Region."""
MANY_TARGETS = Targets(HOME, (OTHER_REGION,), {OTHER_ACCOUNT: Account(EXTERNAL_ID, (REGION, "eu-west-1"))})
"""A second Region at home, and a second account with two, of which home has one."""
ROLE = f"arn:aws:iam::{ACCOUNT}:role/Dba"
ROLE_SESSION = f"arn:aws:sts::{ACCOUNT}:assumed-role/Dba/john.doe"
REQUEST_IDS = {"extendedRequestId": "JKJaXmPLvHcESHA=", "requestId": "the-clients-word"}
API_KEY = "the-value-of-an-api-key"
"""No record, log or answer may show it."""
REQUESTED_AT = "2025-11-13T10:30:00.000Z"
POLLING = Polling(timedelta(seconds=30), 10)
MOMENT = datetime(2025, 11, 13, 10, 30, tzinfo=UTC)
DEVELOPMENT = Verdict(Environment.DEVELOPMENT, "tag Environment=dev")

moments = st.integers(0, 10**15).map(lambda microseconds: MOMENT + timedelta(microseconds=microseconds))
"""About thirty years."""
verdicts = st.builds(Verdict, st.sampled_from(Environment), st.text(max_size=12))
GIVEN = {name: case.given for name, case in CASES.items()}
COMPLETE = {name: case.complete for name, case in CASES.items()}
given_parameters = {name: case.parameters for name, case in CASES.items()}

CHOICES: list[dict[str, Any]] = [
    {},
    {"account_id": None, "region": None},
    {"account_id": OTHER_ACCOUNT},
    {"region": OTHER_REGION},
    *({"account_id": place.account_id, "region": place.region} for place in MANY_TARGETS.places),
]
"""What a request may say of the place under `MANY_TARGETS`."""
valid_requests: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda request, choice: {**request, **choice},
    st.one_of(
        *(
            st.fixed_dictionaries({"operation": st.just(name), "instance_id": identifiers, "parameters": parameters})
            for name, parameters in given_parameters.items()
        )
    ),
    st.sampled_from(CHOICES),
)
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
_near_tags = st.lists(st.fixed_dictionaries({"Key": st.text(max_size=4), "Value": st.text(max_size=4) | json_values}))
near_requests: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "operation": st.sampled_from(sorted(COMPLETE)) | json_values,
        "instance_id": st.sampled_from([INSTANCE_ID, "A-b"]) | json_values,
        "parameters": json_values
        | st.dictionaries(
            st.sampled_from(sorted({name for parameters in COMPLETE.values() for name in parameters})) | st.text(),
            st.sampled_from(["03:00-04:00", "snap-1", True, False]) | _near_tags | json_values,
            max_size=3,
        ),
        "account_id": st.sampled_from([ACCOUNT, OTHER_ACCOUNT, "999999999999"]) | json_values,
        "region": st.sampled_from([REGION, OTHER_REGION, "us-gov-west-1"]) | json_values,
        "extra\n": json_values,
    },
)
"""JSON objects that are nearly requests, and sometimes are."""


def a_body(operation: str = "create_snapshot", /, **parameters: Any) -> dict[str, Any]:
    return {
        "operation": operation,
        "instance_id": INSTANCE_ID,
        "parameters": {**GIVEN.get(operation, {}), **parameters},
    }


def a_caller(**fields: Any) -> dict[str, Any]:
    """Return a `user_identity` of a person in a role."""
    return {
        "userId": "john.doe",
        "principal": ROLE_SESSION,
        "authentication": "iam",
        "sourceIp": "203.0.113.42",
        "userArn": ROLE_SESSION,
        "accountId": ACCOUNT,
        **fields,
    }


def a_request(
    operation: str = "create_snapshot", parameters: dict[str, Any] | None = None, **fields: Any
) -> OperationRequest:
    name = f"{INSTANCE_ID}-{operation.replace('_', '-')}-0123456789abcdef"
    request = OperationRequest(
        operation_id=name,
        operation=operation,
        instance_id=INSTANCE_ID,
        parameters=COMPLETE[operation] | (parameters or {}),
        account_id=ACCOUNT,
        region=REGION,
        caller=a_caller(),
        requested_at=REQUESTED_AT,
        request_id="request-1",
        execution_arn=EXECUTION_PREFIX + name,
    )
    return replace(request, **fields)


def ordered(body: dict[str, Any]) -> OperationRequest:
    """Return the request made from a valid body. Without a chosen place, the instance is at home."""
    parsed = parse_body(body)
    assert not isinstance(parsed, Refusal), parsed
    place = {"account_id": parsed.account_id or ACCOUNT, "region": parsed.region or REGION}
    return a_request(parsed.operation.name, parsed.parameters, instance_id=parsed.instance_id, **place)


def an_instance(*without: str, **fields: Any) -> DBInstanceTypeDef:
    """Return an instance as from DescribeDBInstances, which every operation may act on."""
    instance: Any = {
        "DBInstanceIdentifier": INSTANCE_ID,
        "DBInstanceArn": f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{INSTANCE_ID}",
        "DBInstanceStatus": "available",
        "Engine": "postgres",
        "MultiAZ": False,
        "PreferredBackupWindow": "13:00-13:30",
        "PreferredMaintenanceWindow": "wed:06:38-wed:07:08",
        "PendingModifiedValues": {},
        "DBParameterGroups": [{"ParameterApplyStatus": "in-sync"}],
        "OptionGroupMemberships": [{"Status": "in-sync"}],
        "TagList": [{"Key": "Environment", "Value": "dev"}],
        **fields,
    }
    return {name: value for name, value in instance.items() if name not in without}  # type: ignore[return-value]


def an_envelope(body: Any = None, **fields: Any) -> dict[str, Any]:
    """Return what the request mapping template makes of an HTTP request, given as a document or raw text.

    Without `idempotency_key` the header was not sent.
    """
    return {
        "body": body if isinstance(body, str) else json.dumps(a_body() if body is None else body),
        "length": 100,
        "caller": a_context(),
        **fields,
    }


def a_context(**fields: Any) -> dict[str, Any]:
    """Return an envelope's `caller`, which the request mapping template takes from API Gateway's context."""
    return {
        "authentication": "api_key",
        "sourceIp": "203.0.113.42",
        "apiKeyId": "key-id-1",
        "accountId": "",
        "userArn": "",
        "sub": "",
        "issuer": "",
        "username": "",
        "groups": "",
        "userAgent": "curl/8.5.0",
        **REQUEST_IDS,
        **fields,
    }


def a_proxy_event(
    operation_id: str = "an-operation",
    authentication: str = "api_key",
    claims: dict[str, Any] | None = None,
    **identity: Any,
) -> dict[str, Any]:
    """Return GET /operations/{operation_id} as a Lambda function gets it, with the key's value in all three places.

    `identity` is in the request context; `claims` are a Cognito token's. The default caller is that of `an_envelope`.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """
    headers = {"x-api-key": API_KEY, "User-Agent": "curl/8.5.0"}
    context: dict[str, Any] = {
        **REQUEST_IDS,
        "identity": {
            "sourceIp": "203.0.113.42",
            "userAgent": "curl/8.5.0",
            "apiKey": API_KEY,
            "apiKeyId": "key-id-1",
            "accountId": None,
            "userArn": None,
            "caller": None,
            "user": None,
            **identity,
        },
    }
    return {
        "resource": "/operations/{operation_id}",
        "path": f"/operations/{operation_id}",
        "httpMethod": "GET",
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": None,
        "pathParameters": {"operation_id": operation_id},
        "stageVariables": {"authentication": authentication},
        "requestContext": context if claims is None else context | {"authorizer": {"claims": claims}},
        "body": None,
        "isBase64Encoded": False,
    }


def a_list_event(route: str, parameters: dict[str, str | list[str]], **more: Any) -> dict[str, Any]:
    """Return GET of a list as a Lambda function gets it: a parameter that was sent twice has two values."""
    many = {name: value if isinstance(value, list) else [value] for name, value in parameters.items()}
    return {
        **a_proxy_event(**more),
        "resource": route,
        "path": route,
        "pathParameters": None,
        "queryStringParameters": {name: values[-1] for name, values in many.items()} or None,
        "multiValueQueryStringParameters": many or None,
    }


def an_execution(name: str = "by-hand", **fields: Any) -> dict[str, Any]:
    """Return what the machines pass on of the context object's Execution."""
    return {"Id": EXECUTION_PREFIX + name, "Name": name, "StartTime": REQUESTED_AT, **fields}


def an_admission(name: str = "request-1", **fields: Any) -> dict[str, Any]:
    """Return the same of ADMISSION, an Express workflow, whose ARNs end with an id of their own."""
    execution = ADMISSION_MACHINE.replace(":stateMachine:", ":express:")
    return an_execution(name, **{"Id": f"{execution}:{name}:5f1c1d3e-8a5b-4d6f-9c0e-2b7a4e1f3d90", **fields})


requests = valid_requests.map(ordered)
"""Every possible request, except for its ids and its caller."""
