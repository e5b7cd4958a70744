"""Extension: API Gateway's data on a caller: the key's id, and claims as in a REST API.

MiniStack does not pass the key's id.
https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

from __future__ import annotations

from typing import Any

from ministack.services import apigateway_v1

Document = dict[str, Any]


def install() -> None:
    build = apigateway_v1._build_lambda_event_v1

    def with_caller(*args: Any, **kwargs: Any) -> Document:
        event: Document = build(*args, **kwargs)
        _api_id, _stage_name, _stage, resource, _path, method, headers = args[:7]
        context = event["requestContext"]
        context["identity"]["apiKeyId"] = key_id(resource, method, headers) or None
        if claims := claims_of(context.get("authorizer")):
            context["authorizer"] = {"claims": claims}
        return event

    apigateway_v1._build_lambda_event_v1 = with_caller


def key_id(resource: Document, method: str, headers: dict[str, str]) -> str:
    """Return the id of the caller's key, or an empty text where the method requires none."""
    required = resource["resourceMethods"][method].get("apiKeyRequired")
    key = required and apigateway_v1._resolve_api_key(apigateway_v1._api_key_from_request(headers))
    return str(key["id"]) if key else ""


def claims_of(authorizer: Document | None) -> dict[str, str]:
    """Return the claims with groups as `a,b`, as in a REST API. MiniStack has `[a b]`, as in an HTTP API."""
    claims: dict[str, str] = (authorizer or {}).get("claims") or {}
    groups = claims.get("cognito:groups", "").strip("[]")
    return claims | ({"cognito:groups": groups.replace(" ", ",")} if groups else {})
