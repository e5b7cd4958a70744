"""Permissions: which operations a caller may request, and which they may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rds_operations.model.refusals import Code, Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.rules.classification import ALLOWED_ENVIRONMENTS, Environment
from rds_operations.rules.identity import ANONYMOUS, Authentication, names_of, principal_of
from rds_operations.settings.callers import CallerSettings, Grant


def unidentified(caller: Mapping[str, Any]) -> Refusal | None:
    """Refuse a caller without a name. API Gateway lets none through."""
    if principal_of(caller) != ANONYMOUS:
        return None
    return Refusal(403, Code.CALLER_NOT_PERMITTED, "The caller could not be identified. Send credentials of this API")


def of_another_application(settings: CallerSettings, caller: Mapping[str, Any]) -> Refusal | None:
    """Refuse a token that was made for another app client of the pool, whoever it names."""
    if not _is_foreign(settings, caller):
        return None
    text = "This token was issued to an app client that this service does not accept"
    return Refusal(403, Code.CALLER_NOT_PERMITTED, text)


def not_permitted(
    settings: CallerSettings, request: OperationRequest, environment: Environment | None = None
) -> Refusal | None:
    """Refuse what no grant covers. Without an `environment`, ask for the operation alone."""
    if refusal := of_another_application(settings, request.caller):
        return refusal
    if not settings.permissions:
        return None
    names = names_of(request.caller)
    grants = [grant for name, grant in settings.permissions.items() if name in names]
    if any(_covers(grant, request.operation, environment) for grant in grants):
        return None
    where = f" in {environment.value}" if environment else ""
    return Refusal(
        403,
        Code.CALLER_NOT_PERMITTED,
        f"{request.caller['userId']} is not permitted to run {request.operation}{where}. "
        "Ask the service owner for access.",
    )


def not_a_viewer(settings: CallerSettings, caller: Mapping[str, Any]) -> Refusal | None:
    """Refuse to show instances to a caller whom the permissions do not name. Without permissions all may see them."""
    if refusal := unidentified(caller) or of_another_application(settings, caller):
        return refusal
    if not settings.permissions or not names_of(caller).isdisjoint(settings.permissions):
        return None
    text = f"{caller['userId']} is not permitted to see instances. Ask the service owner for access."
    return Refusal(403, Code.CALLER_NOT_PERMITTED, text)


def may_see(settings: CallerSettings, caller: Mapping[str, Any], owner: Mapping[str, Any]) -> bool:
    """Tell whether a caller may see an operation: their own, or as an auditor any."""
    if principal_of(caller) == ANONYMOUS or _is_foreign(settings, caller):
        return False
    return principal_of(caller) == principal_of(owner) or is_auditor(settings, caller)


def is_auditor(settings: CallerSettings, caller: Mapping[str, Any]) -> bool:
    """Tell whether the settings name the caller an auditor, who sees everything. A foreign token makes nobody one."""
    known = principal_of(caller) != ANONYMOUS and not _is_foreign(settings, caller)
    return known and not names_of(caller).isdisjoint(settings.auditors)


def not_a_reader(settings: CallerSettings, caller: Mapping[str, Any], principal: str | None = None) -> Refusal | None:
    """Refuse a caller who may not read lists, or not those of this principal."""
    if refusal := unidentified(caller) or of_another_application(settings, caller):
        return refusal
    if principal in (None, principal_of(caller)) or is_auditor(settings, caller):
        return None
    return Refusal(403, Code.CALLER_NOT_PERMITTED, "Only auditors may ask for what other callers did")


def granted(settings: CallerSettings, caller: Mapping[str, Any]) -> list[Grant]:
    """List what the caller may request, written out; everything that the gate allows, where nothing is restricted."""
    names = names_of(caller)
    grants = [grant for name, grant in settings.permissions.items() if name in names]
    return [_written_out(grant) for grant in (grants if settings.permissions else [{}])]


def _is_foreign(settings: CallerSettings, caller: Mapping[str, Any]) -> bool:
    """Tell whether it is a token of the pool that was made for an application which is neither ours nor named.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-integrate-with-cognito.html
    """
    known = settings.user_pool_client_ids
    if known is None or caller.get("authentication") != Authentication.COGNITO or "application" in caller:
        return False
    return caller.get("clientId") not in known


def _written_out(grant: Grant) -> Grant:
    allowed = [environment.value for environment in Environment if environment in ALLOWED_ENVIRONMENTS]
    environments = grant.get("environments", allowed)
    return {
        "operations": [name for name in OPERATIONS if name in grant.get("operations", OPERATIONS)],
        "environments": [environment for environment in allowed if environment in environments],
    }


def _covers(grant: Grant, operation: str, environment: Environment | None) -> bool:
    return operation in grant.get("operations", [operation]) and (
        environment is None or environment.value in grant.get("environments", [environment.value])
    )
