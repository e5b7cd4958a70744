"""The caller's identity, from the platform alone; nothing that a caller typed counts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

_LONGEST = 1_024
"""Characters: more than an ARN has, so that none loses its end, which tells two users apart. A path alone may have 512.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""
# https://docs.aws.amazon.com/cognito/latest/developerguide/quotas.html
_MOST_GROUPS = 100
"""Of a user."""
_LONGEST_GROUP = 128
"""Characters. https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GroupType.html"""
DIRECT_START = "states:StartExecution"
ANONYMOUS = "anonymous"
_ALWAYS = ("sourceIp", "userAgent", "extendedRequestId", "requestId")
"""Beside who called. `userAgent` and `requestId` are the client's own words: it may choose the id.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""


class Authentication(StrEnum):
    """How an API knows its callers. Each has an API of its own, so what it does not verify, it does not pass on."""

    IAM = "iam"
    API_KEY = "api_key"
    COGNITO = "cognito"


# What each of them vouches for.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
_VOUCHED: dict[str, tuple[str, ...]] = {
    Authentication.IAM: ("userArn", "accountId"),
    Authentication.API_KEY: ("apiKeyId",),
    Authentication.COGNITO: ("sub", "issuer", "username", "clientId"),
}
_OWN_CLIENTS = {"consoleClient": "console", "cliClient": "rds-ops"}
"""The stage variables' names in a context, and the application whose app client each is."""
_ABSENT = (None, "", "{}")
"""What a mapping template may make of a value that API Gateway does not have."""
_FORMS = {
    "arn:aws:iam::<account>:user/<name>": r"arn:aws[a-z-]*:iam::[0-9]{12}:user/[!-~]+",
    "arn:aws:iam::<account>:root": r"arn:aws[a-z-]*:iam::[0-9]{12}:root",
    "arn:aws:sts::<account>:assumed-role/<role>/<session>": (
        r"arn:aws[a-z-]*:sts::[0-9]{12}:assumed-role/[A-Za-z0-9_+=,.@-]+/[!-~]+"
    ),
    "arn:aws:sts::<account>:federated-user/<name>": r"arn:aws[a-z-]*:sts::[0-9]{12}:federated-user/[!-~]+",
    "apikey:<key id>": r"apikey:[!-~]+",
    "<Cognito issuer without https://>/<sub>": r"[a-z0-9-]+(\.[a-z0-9-]+)+/[!-~]+/[!-~]+",
    DIRECT_START: DIRECT_START,
    ANONYMOUS: ANONYMOUS,
}
"""Of principals. The ARN of a role is none: its sessions call.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
"""
PRINCIPAL_FORMS = tuple(_FORMS)
PRINCIPAL_PATTERN = f"^({'|'.join(_FORMS.values())})$"
"""Written as JSON Schema takes it."""
_STS_NAME = re.compile(r"[\w+=,.@-]{2,64}", re.ASCII)
_NOT_IN_STS_NAMES = re.compile(r"[^\w+=,.@-]", re.ASCII)
_DIGEST_LENGTH = 24
"""Hexadecimal digits: 96 bits, too many to search for a text with the name of another."""
_LONGEST_HEAD = 64 - len("=") - _DIGEST_LENGTH
_MADE_NAME = re.compile(rf".{{0,{_LONGEST_HEAD}}}=[0-9a-f]{{{_DIGEST_LENGTH}}}")
_PATH = re.compile(r"(?<=:role/|:user/).*/")


def caller_identity(context: Mapping[str, Any]) -> dict[str, Any]:
    """Return `userId` (the person), `principal` (which tells two callers apart), `sourceIp`, what else is vouched for,
    the ids of the request, and `application` where the token is that of one of the stack's own app clients.

    `userId` is the session or user name of an IAM principal, the user name of a Cognito user, or `apikey:<key id>`.
    Where the platform names nobody, both are `anonymous`, and Validate refuses.
    """
    authentication = str(context.get("authentication", ""))[:_LONGEST]
    names = (*_ALWAYS, *_VOUCHED.get(authentication, ()))
    known = {name: str(context[name])[:_LONGEST] for name in names if context.get(name) not in _ABSENT}
    groups = _groups(str(context.get("groups") or "")) if authentication == Authentication.COGNITO else []
    principal = _principal(authentication, known)
    return {
        "userId": _user_id(authentication, known, principal),
        "principal": principal,
        "authentication": authentication,
        **known,
        **_application(context, known.get("clientId")),
        **({"groups": groups} if groups else {}),
    }


def proxy_identity(event: Mapping[str, Any]) -> dict[str, Any]:
    """Return the same from a Lambda proxy event, whose stage says how the API authenticates.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """
    context = event["requestContext"]
    claims = (context.get("authorizer") or {}).get("claims") or {}
    stage = event.get("stageVariables") or {}
    return caller_identity(
        {
            **{name: value for name, value in context["identity"].items() if name != "apiKey"},
            "extendedRequestId": context.get("extendedRequestId"),
            "requestId": context.get("requestId"),
            "authentication": stage.get("authentication", ""),
            "sub": claims.get("sub"),
            "issuer": claims.get("iss"),
            "username": claims.get("cognito:username") or claims.get("username"),
            "groups": claims.get("cognito:groups"),
            "clientId": claims.get("aud"),
            "consoleClient": stage.get("sign_in_client"),
            "cliClient": stage.get("cli_client"),
        }
    )


def direct_start(execution_arn: str) -> dict[str, str]:
    """Return the identity of an execution started directly. CloudTrail's StartExecution names the person."""
    return {"userId": DIRECT_START, "principal": DIRECT_START, "executionArn": execution_arn}


def principal_of(identity: Mapping[str, Any]) -> str:
    return str(identity.get("principal", ANONYMOUS))


def is_principal(text: str) -> bool:
    """Tell whether a principal can read so: a person's name alone never does."""
    return re.fullmatch(PRINCIPAL_PATTERN, text, re.ASCII) is not None


def names_of(identity: Mapping[str, Any]) -> frozenset[str]:
    """Return the names that a caller can have in the settings: a role or user, a key, Cognito groups."""
    principal = principal_of(identity)
    groups = {f"group:{group}" for group in identity.get("groups", ())}
    return frozenset({iam_name(principal), *groups})


def iam_name(arn: str) -> str:
    """Return the role or user behind an ARN, without its path, which a session's ARN lacks. Leave the rest as it is.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
    """
    session = re.fullmatch(r"arn:([^:]+):sts::([0-9]{12}):assumed-role/([^/]+)/.+", arn)
    if session:
        return f"arn:{session[1]}:iam::{session[2]}:role/{session[3]}"
    return _PATH.sub("", arn)


def source_identity(identity: Mapping[str, Any]) -> str:
    """Name the person for STS: see `session_name`."""
    return session_name(str(identity["userId"]))


def session_name(text: str) -> str:
    """Make a name that STS takes, and that no other text makes: 2 to 64 letters, digits and _+=,.@-

    A text that is such a name stays as it is. Of any other, a readable head is kept, and a digest of the whole text
    tells it apart. A text that looks like a name made here gets a digest, too, so that it cannot pass for another's.
    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
    """
    if _STS_NAME.fullmatch(text) and not _MADE_NAME.fullmatch(text):
        return text
    head = _NOT_IN_STS_NAMES.sub("-", text)[:_LONGEST_HEAD]
    return f"{head}={hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_LENGTH]}"


def _principal(authentication: str, known: Mapping[str, str]) -> str:
    if authentication == Authentication.COGNITO and "sub" in known and "issuer" in known:
        return f"{known['issuer'].removeprefix('https://')}/{known['sub']}"
    if authentication == Authentication.API_KEY and "apiKeyId" in known:
        return f"apikey:{known['apiKeyId']}"
    return known.get("userArn", ANONYMOUS) if authentication == Authentication.IAM else ANONYMOUS


def _user_id(authentication: str, known: Mapping[str, str], principal: str) -> str:
    if principal == ANONYMOUS or authentication == Authentication.API_KEY:
        return principal
    if authentication == Authentication.COGNITO:
        return known.get("username", known["sub"])
    return principal.rsplit("/", 1)[-1]


def _application(context: Mapping[str, Any], client: str | None) -> dict[str, str]:
    names = [name for known, name in _OWN_CLIENTS.items() if client and context.get(known) == client]
    return {"application": names[0]} if names else {}


def _groups(claim: str) -> list[str]:
    """Split the one text that API Gateway makes of the list: `a,b`, or `[a b]` of an HTTP API.

    What Cognito does not have is left out, not cut: a name that lost its end could be that of another group.
    """
    names = [] if claim in _ABSENT else re.split(r"[,\s]+", claim.strip("[]"))
    return [name for name in names if 0 < len(name) <= _LONGEST_GROUP][:_MOST_GROUPS]
