"""Extension: conditions on RDS tags, and the resources on which IAM authorises an action, as on AWS.

MiniStack has no tag conditions for RDS, authorises CreateDBSnapshot on the instance alone, and tagging on no resource.
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/security_iam_id-based-policy-examples-create-and-modify-examples.html
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.core.router import extract_access_key_id
from ministack.services import rds

Parameters = dict[str, Any]
Response = tuple[int, dict[str, str], bytes]
_RESOURCE_TAG = "aws:resourcetag/"
_ON_TAGS = ("AddTagsToResource", "RemoveTagsFromResource", "ListTagsForResource")


def install() -> None:
    iam_evaluator._resolve_condition_key = _with_tags(iam_evaluator._resolve_condition_key)
    iam_actions.extract_resource_arn = _with_rds_arns(iam_actions.extract_resource_arn)
    rds.handle_request = _with_snapshot_checks(rds.handle_request)


def _with_tags(resolve: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    def resolve_condition_key(key: str, context: Any) -> Any:
        arn = context.resource_arn
        prefix, slash, name = key.partition("/")
        prefix = f"{prefix.lower()}{slash}"
        if not arn.startswith("arn:aws:rds:"):
            return resolve(key, context)
        if prefix == _RESOURCE_TAG:
            # AWS does not say which of several tags that differ only in case it takes. Here it is the first.
            return next((tag["Value"] for tag in _tags(arn) if tag["Key"].lower() == name.lower()), None)
        if prefix == f"rds:{_kind(arn)}-tag/":
            # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAM.SpecifyingCustomTags.html
            return next((tag["Value"] for tag in _tags(arn) if tag["Key"] == name), None)
        return resolve(key, context)

    return resolve_condition_key


def _with_rds_arns(extract: Callable[..., str]) -> Callable[..., str]:
    def extract_resource_arn(
        service: str, method: str, path: str, headers: Any, body: bytes, query: Parameters, region: str, account: str
    ) -> str:
        if service != "rds":
            return extract(service, method, path, headers, body, query, region, account)
        parameters = _parameters(body, query)
        named = _named(parameters) or extract(service, method, path, headers, body, parameters, region, account)
        return named.lower()  # RDS stores identifiers in lower case

    return extract_resource_arn


def _named(parameters: Parameters) -> str:
    """Return the ARN that MiniStack will act on where its own check would use another one; else an empty text."""
    if rds._p(parameters, "Action") in _ON_TAGS:
        return str(rds._p(parameters, "ResourceName"))
    name = str(rds._p(parameters, "DBInstanceIdentifier"))
    instance = rds._resolve_instance(name) if name else None  # MiniStack also finds it by ARN or DbiResourceId
    if instance:
        return str(instance["DBInstanceArn"])
    if not name and rds._p(parameters, "Action") == "DescribeDBInstances":
        return f"arn:aws:rds:{get_region()}:{get_account_id()}:db:*"  # all instances
    name = name or str(rds._p(parameters, "DBClusterIdentifier"))
    return name if name.startswith("arn:") else ""


def _with_snapshot_checks(handle: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    async def handle_request(method: str, path: str, headers: Any, body: bytes, query: Parameters) -> Response:
        parameters = _parameters(body, query)
        if rds._p(parameters, "Action") == "CreateDBSnapshot":
            access_key = extract_access_key_id(headers, query)
            for action in _needed_on_snapshot(parameters):
                denial = _denial(access_key, action, body, parameters)
                if denial:
                    return denial
        return await handle(method, path, headers, body, query)

    return handle_request


def _needed_on_snapshot(parameters: Parameters) -> Iterator[str]:
    """Yield the actions to check on the snapshot; MiniStack checks the instance."""
    yield "rds:CreateDBSnapshot"
    if rds._parse_tags(parameters):
        yield "rds:AddTagsToResource"


def _denial(access_key: str, action: str, body: bytes, parameters: Parameters) -> Response | None:
    name = rds._p(parameters, "DBSnapshotIdentifier").lower()
    arn = f"arn:aws:rds:{get_region()}:{get_account_id()}:snapshot:{name}"
    context = iam_actions.request_tag_context("rds", action, body, parameters)
    denied = iam_evaluator.enforce(access_key, action, "rds", get_region(), arn, context)
    if not denied:
        return None
    caller, explicit = denied.principal_arn, denied.decision == "Deny"
    message = iam_actions.identity_denial_message(action, caller, arn, explicit)
    response: Response = iam_actions.access_denied_response("rds", action, caller, new_uuid(), message=message)
    return response


def _parameters(body: bytes, query: Parameters) -> Parameters:
    """Merge them as MiniStack's handler does, so that the check sees what will be done."""
    return {**query, **parse_qs(body.decode(errors="replace"))}


def _kind(arn: str) -> str:
    """Return `db`, `snapshot`, `cluster`, ...: condition keys have this name."""
    return arn.split(":", 5)[-1].partition(":")[0]


def _tags(arn: str) -> list[dict[str, str]]:
    """Return the tags of a resource. MiniStack keeps identifiers as given, RDS in lower case."""
    return next((tags for tagged, tags in rds._tags.items() if tagged.lower() == arn.lower()), [])
