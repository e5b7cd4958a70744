"""Extension: what API Gateway says of a request's caller: the key's id, and claims as a REST API renders them.

MiniStack tells a function nothing of the key.
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
    """Empty where the method asks for no key, whatever the caller has sent."""
    required = resource["resourceMethods"][method].get("apiKeyRequired")
    key = required and apigateway_v1._resolve_api_key(apigateway_v1._api_key_from_request(headers))
    return str(key["id"]) if key else ""


def claims_of(authorizer: Document | None) -> dict[str, str]:
    """A list is `a,b` in a REST API; MiniStack has it as an HTTP API, `[a b]`."""
    claims: dict[str, str] = (authorizer or {}).get("claims") or {}
    groups = claims.get("cognito:groups", "").strip("[]")
    return claims | ({"cognito:groups": groups.replace(" ", ",")} if groups else {})
