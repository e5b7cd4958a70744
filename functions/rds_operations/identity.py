"""Who called, from what the platform says of the request; nothing a caller typed is taken for identity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_LONGEST = 512
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
_FIELDS = ("sourceIp", "userArn", "accountId", "apiKeyId", "userAgent")
DIRECT_START = "states:StartExecution"


def caller_identity(context: Mapping[str, Any]) -> dict[str, str]:
    """`userId`, `sourceIp` and what else API Gateway's `$context.identity` knows.

    `userId` is the session or user name of an IAM principal, else `apikey:<key id>`, else `anonymous`.
    """
    known = {name: str(context[name])[:_LONGEST] for name in _FIELDS if context.get(name)}
    return {"userId": _user_id(known), **known}


def direct_start(execution_arn: str) -> dict[str, str]:
    """The identity of an execution that ADMISSION did not start: CloudTrail's StartExecution names the person."""
    return {"userId": DIRECT_START, "executionArn": execution_arn}


def principal(identity: Mapping[str, str]) -> str:
    """What tells two callers apart: the whole principal, not its display name."""
    return identity.get("userArn") or identity.get("apiKeyId") or identity["userId"]


def _user_id(known: Mapping[str, str]) -> str:
    if "userArn" in known:
        return known["userArn"].rsplit("/", 1)[-1]
    return f"apikey:{known['apiKeyId']}" if "apiKeyId" in known else "anonymous"
