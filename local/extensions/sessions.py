"""Extension: what MiniStack's STS lacks for a role's session.

Its aws:PrincipalArn is the role, not the session.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
A source identity needs sts:SetSourceIdentity in the caller's policy and the role's trust policy. After that it cannot
change, and passes to every session made from this one.
https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from ministack.core import iam_actions, iam_evaluator
from ministack.core.iam_evaluator import EvalContext
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam, sts

Document = dict[str, Any]
Response = tuple[int, dict[str, str], bytes]
SOURCE_IDENTITY = "SourceIdentity"
_SET = "sts:SetSourceIdentity"
_KEYS_OF_ASSUME_ROLE = ("RoleSessionName", "ExternalId", SOURCE_IDENTITY)
_NAME = re.compile(r"[\w+=,.@-]*", re.ASCII)
_asked: ContextVar[Document | None] = ContextVar("asked_of_assume_role", default=None)


class _Denied(Exception):
    def __init__(self, caller: str, action: str, role_arn: str) -> None:
        super().__init__(f"User: {caller} is not authorized to perform: {action} on resource: {role_arn}")


class Sessions(dict[str, Document]):
    """MiniStack goes through all sessions whenever one is added, and other threads add theirs meanwhile."""

    def items(self) -> Any:
        return list(super().items())


def install() -> None:
    sts._sessions = Sessions(sts._sessions)
    iam_evaluator._resolve_condition_key = _with_keys(iam_evaluator._resolve_condition_key)
    sts._principal_keys = iam_evaluator._principal_keys = _with_source_identity(iam_evaluator._principal_keys)
    iam_actions.request_tag_context = _with_keys_of_assume_role(iam_actions.request_tag_context)
    sts.register_session = _with_its_source_identity(sts.register_session)
    sts.handle_request = _with_checks(sts.handle_request)


def role_of(session_arn: str) -> Document:
    """Return the role of an assumed-role session, made from its name if it was deleted."""
    account, name = session_arn.split(":")[4], session_arn.split("/")[1]
    role: Document | None = iam._roles.get_scoped(account, None, name)
    return role or {"RoleName": name, "RoleId": "", "Arn": f"arn:aws:iam::{account}:role/{name}"}


def _with_keys(resolve: Callable[[str, Any], Any]) -> Callable[[str, Any], Any]:
    def resolve_condition_key(key: str, context: Any) -> Any:
        name = key.lower()
        if name == "aws:principalarn" and ":assumed-role/" in context.principal_arn:
            return role_of(context.principal_arn)["Arn"]
        if name == "sts:sourceidentity" and context.action in ("sts:AssumeRole", _SET):
            asked = context.service_context.get(name) or sts._p(_asked.get() or {}, SOURCE_IDENTITY)
            return asked or context.principal_keys.get("aws:sourceidentity")
        return resolve(key, context)

    return resolve_condition_key


def _with_source_identity(principal_keys: Callable[[Any], Document]) -> Callable[[Any], Document]:
    def keys(credential: Any) -> Document:
        session = sts._sessions.get(credential.access_key_id) or {}
        found = {"aws:sourceidentity": session[SOURCE_IDENTITY]} if SOURCE_IDENTITY in session else {}
        return principal_keys(credential) | found

    return keys


def _with_keys_of_assume_role(tag_context: Callable[..., Document]) -> Callable[..., Document]:
    """Add the keys for the caller's policy. MiniStack has all but the source identity for the trust policy."""

    def request_tag_context(service: str, iam_action: str, body: bytes, parameters: Document) -> Document:
        asked = _KEYS_OF_ASSUME_ROLE if iam_action == "sts:AssumeRole" else ()
        keys = {f"sts:{name}": value for name in asked if (value := sts._p(parameters, name))}
        return tag_context(service, iam_action, body, parameters) | keys

    return request_tag_context


def _with_checks(handle: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    async def handle_request(method: str, path: str, headers: Any, body: bytes, query: Document) -> Response:
        parameters = {**query, **parse_qs(body.decode(errors="replace"), keep_blank_values=True)}
        if sts._p(parameters, "Action") != "AssumeRole":
            return await handle(method, path, headers, body, query)
        problem = _problem(parameters)
        if problem:
            return _error(400, "ValidationError", f"1 validation error detected: {problem}")
        before = _asked.set(parameters)
        try:
            answer = await handle(method, path, headers, body, query)
        except _Denied as denied:
            return _error(403, "AccessDenied", escape(str(denied)))
        finally:
            _asked.reset(before)
        return _saying_source_identity(answer)

    return handle_request


def _with_its_source_identity(register: Callable[[str, Document], None]) -> Callable[[str, Document], None]:
    """Add the source identity after all of MiniStack's checks."""

    def register_session(access_key: str, session: Document) -> None:
        if ":assumed-role/" in session["Arn"] and "SourceAccessKeyId" in session:
            asked = _asked.get() or {}
            _check_path(asked, session)
            identity = _source_identity(asked, session)
            session |= {SOURCE_IDENTITY: identity} if identity else {}
        register(access_key, session)

    return register_session


def _check_path(asked: Document, session: Document) -> None:
    """Compare the path: MiniStack finds a role by its name alone, but policies allow an ARN with a path."""
    given = sts._p(asked, "RoleArn")
    if role_of(session["Arn"])["Arn"] != given:
        raise _Denied(session["SourcePrincipalArn"], "sts:AssumeRole", given)


def _source_identity(asked: Document, session: Document) -> str:
    caller, role = session["SourceAccessKeyId"], role_of(session["Arn"])
    inherited = (sts._sessions.get(caller) or {}).get(SOURCE_IDENTITY, "")
    identity = str(sts._p(asked, SOURCE_IDENTITY) or inherited)
    changed = inherited and identity != inherited
    if identity and (changed or not _may_set(identity, caller, role)):
        raise _Denied(session["SourcePrincipalArn"], _SET, role["Arn"])
    return identity


def _may_set(identity: str, access_key: str, role: Document) -> bool:
    """Return whether both policies allow it. This action has neither sts:ExternalId nor sts:RoleSessionName as a key.

    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html
    """
    context = {"sts:sourceidentity": identity}
    if iam_evaluator.enforce(access_key, _SET, "sts", get_region(), role["Arn"], context):
        return False
    caller = iam_evaluator.resolve_principal(access_key, get_account_id())
    asked = EvalContext(
        principal_arn=caller.arn,
        principal_type=caller.type,
        principal_account=caller.account,
        action=_SET,
        resource_arn=role["Arn"],
        region=get_region(),
        service_context=context,
        principal_keys=caller.keys,
    )
    return bool(iam_evaluator.evaluate_trust_policy(role["AssumeRolePolicyDocument"], caller.arn, asked))


def _problem(parameters: Document) -> str:
    """Return AWS's error for a bad name, or an empty text. Only the session name is required."""
    for name in ("RoleSessionName", SOURCE_IDENTITY):
        field = f"{name[0].lower()}{name[1:]}"
        value = sts._p(parameters, name, None)
        if value is None and name == "RoleSessionName":
            return f"Value null at '{field}' failed to satisfy constraint: Member must not be null"
        failed = _failed(value) if value is not None else ""
        if failed:
            return f"Value '{escape(value)}' at '{field}' failed to satisfy constraint: Member must {failed}"
    return ""


def _failed(value: str) -> str:
    """https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html"""
    if len(value) < 2:
        return "have length greater than or equal to 2"
    if len(value) > 64:
        return "have length less than or equal to 64"
    return "" if _NAME.fullmatch(value) else "satisfy regular expression pattern: [\\w+=,.@-]*"


def _saying_source_identity(answer: Response) -> Response:
    status, headers, body = answer
    key = re.search(rb"<AccessKeyId>(\w+)</AccessKeyId>", body)
    identity = sts._sessions[key[1].decode()].get(SOURCE_IDENTITY) if key else None
    if not identity:
        return answer
    end = b"</AssumeRoleResult>"
    return status, headers, body.replace(end, f"<SourceIdentity>{identity}</SourceIdentity>".encode() + end)


def _error(status: int, code: str, message: str) -> Response:
    response: Response = sts._error(status, code, message, ns="sts")
    return response
