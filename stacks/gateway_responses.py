"""The errors that API Gateway answers itself, in the API's format and with CORS headers."""

from aws_cdk import aws_apigateway as apigateway

from stacks.settings import Settings

# These templates can only insert variables. `messageString` already has its quotes.
# https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html
_ITS_OWN_WORDS = '{"error":$context.error.messageString}'
_RESPONSES = {
    "Default4xx": (apigateway.ResponseType.DEFAULT_4_XX, _ITS_OWN_WORDS),
    "Default5xx": (apigateway.ResponseType.DEFAULT_5_XX, _ITS_OWN_WORDS),
    "InvalidApiKey": (
        apigateway.ResponseType.INVALID_API_KEY,
        '{"error":"Forbidden. Send a valid API key in the x-api-key header","code":"invalid_api_key"}',
    ),
    "MissingAuthenticationToken": (
        apigateway.ResponseType.MISSING_AUTHENTICATION_TOKEN,
        '{"error":"There is no such method and path, or the credentials are missing. '
        "Use POST /operations, GET /operations/{operation_id}, GET /operations, GET /records, GET /instances or GET /me"
        '"'
        ',"code":"unknown_route"}',
    ),
    "WafFiltered": (
        apigateway.ResponseType.WAF_FILTERED,
        '{"error":"Blocked by the web ACL. If this address sent too many requests, wait five minutes"}',
    ),
    "UnsupportedMediaType": (
        apigateway.ResponseType.UNSUPPORTED_MEDIA_TYPE,
        '{"error":"Unsupported Media Type. Send Content-Type: application/json","code":"unsupported_media_type"}',
    ),
}


def add_gateway_responses(api: apigateway.RestApi, settings: Settings) -> None:
    for construct_id, (kind, template) in _RESPONSES.items():
        api.add_gateway_response(
            construct_id,
            type=kind,
            response_headers={"Access-Control-Allow-Origin": f"'{settings.allowed_origin}'"},
            templates={"application/json": template},
        )
