"""Extension: API Gateway's service integration with Step Functions, `states:action/...`.

MiniStack passes every non-proxy AWS integration to one function, after keys, authorisation and validation. For these,
this renders the request template, calls Step Functions under the integration's role, chooses the response by the
status, and renders its template.
https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-integration-settings.html
"""

from __future__ import annotations

import asyncio
import os
import re
from typing import Any

import botocore.awsrequest
import botocore.httpsession
from botocore.auth import SigV4Auth
from botocore.credentials import Credentials
from ministack.core.iam_evaluator import _request_origin
from ministack.core.lambda_runtime import execution_credentials
from ministack.core.responses import new_uuid
from ministack.services import apigateway_v1

from local.extensions.callers import claims_of, key_id
from local.extensions.mapping_templates import Context, Text, render_request, render_response

Response = tuple[int, dict[str, str], bytes]
_ACTION = re.compile(r"arn:aws:apigateway:(?P<region>[^:]+):states:action/(?P<action>\w+)")
_TIMEOUT_SECONDS = 29


def install() -> None:
    otherwise = apigateway_v1._invoke_lambda_custom_v1

    async def invoke(integration: dict[str, Any], *args: Any, **kwargs: Any) -> Response:
        found = _ACTION.fullmatch(integration.get("uri", ""))
        if not found:
            response: Response = await otherwise(integration, *args, **kwargs)
            return response
        api_id, stage_name, stage, resource, path, method, headers, body = args[:8]
        context = _context(headers, stage_name, resource, method, kwargs)
        context["stageVariables"] = stage.get("variables") or {}
        context["path"] = Text(_called_path(headers, api_id, stage_name, path))
        return await asyncio.to_thread(
            _serve,
            integration,
            found["action"],
            found["region"],
            headers,
            (body or b"").decode(errors="replace"),
            context,
        )

    apigateway_v1._invoke_lambda_custom_v1 = invoke


def _serve(
    integration: dict[str, Any], action: str, region: str, headers: dict[str, str], body: str, context: Context
) -> Response:
    template = integration["requestTemplates"]["application/json"]
    call = render_request(template, body, _as_sent(headers), context)
    status, answer = _call_states(action, region, integration["credentials"], call)
    chosen = _integration_response(integration, status)
    text, override = render_response(chosen["responseTemplates"]["application/json"], answer, context)
    fixed = {
        name.removeprefix("method.response.header."): value.strip("'")
        for name, value in (chosen.get("responseParameters") or {}).items()
    }
    code = int(override.get("status") or chosen["statusCode"])
    return code, {"Content-Type": "application/json", **fixed, **override.get("header", {})}, text.encode()


def _call_states(action: str, region: str, role_arn: str, call: str) -> tuple[int, str]:
    """Sign as the integration's role, so that its policy applies."""
    account = role_arn.split(":")[4]
    arn = f"arn:aws:lambda:{region}:{account}:function:apigateway"  # names the session; no such function exists
    session = execution_credentials({"Role": role_arn, "FunctionArn": arn, "FunctionName": "apigateway"})
    credentials = Credentials(
        session["AWS_ACCESS_KEY_ID"], session["AWS_SECRET_ACCESS_KEY"], session["AWS_SESSION_TOKEN"]
    )
    request = botocore.awsrequest.AWSRequest(
        method="POST",
        url=os.environ["AWS_ENDPOINT_URL"],
        data=call.encode(),
        headers={"Content-Type": "application/x-amz-json-1.0", "X-Amz-Target": f"AWSStepFunctions.{action}"},
    )
    SigV4Auth(credentials, "states", region).add_auth(request)
    answer = botocore.httpsession.URLLib3Session(timeout=_TIMEOUT_SECONDS).send(request.prepare())
    return answer.status_code, answer.text


def _integration_response(integration: dict[str, Any], status: int) -> dict[str, Any]:
    """Return the response whose pattern matches the status, else the default, which has no pattern."""
    responses = list(integration["integrationResponses"].values())
    matching = [r for r in responses if r.get("selectionPattern") and re.fullmatch(r["selectionPattern"], str(status))]
    default = [response for response in responses if not response.get("selectionPattern")]
    return (matching or default)[0]  # type: ignore[no-any-return]


def _context(
    headers: dict[str, str], stage: str, resource: dict[str, Any], method: str, known: dict[str, Any]
) -> Context:
    """Return `$context`. Its source IP is the peer's: MiniStack would trust X-Forwarded-For."""
    identity = {
        "sourceIp": _request_origin.get()[0],
        "userAgent": headers.get("user-agent", ""),
        "apiKeyId": key_id(resource, method, headers),
        **(known.get("caller_identity") or {}),
    }
    claims = claims_of(known.get("authorizer_context"))
    return {
        "extendedRequestId": new_uuid(),
        "requestId": headers.get("x-amzn-requestid") or new_uuid(),  # a client may choose it
        "httpMethod": method,
        "resourcePath": resource["path"],
        "stage": stage,
        "identity": {name: value for name, value in identity.items() if value},
        **({"authorizer": {"claims": claims}} if claims else {}),
    }


def _called_path(headers: dict[str, str], api_id: str, stage: str, path: str) -> str:
    """Return the path as the client called it, so that the header Location can be followed here, too."""
    own_host = ".execute-api." in headers.get("host", "")
    return f"/{stage}{path}" if own_host else f"/restapis/{api_id}/{stage}/_user_request_{path}"


def _as_sent(headers: dict[str, str]) -> dict[str, str]:
    """Return the headers with names in lower case, as ASGI and HTTP/2 have them."""
    return {name: value if isinstance(value, str) else value[-1] for name, value in headers.items()}
