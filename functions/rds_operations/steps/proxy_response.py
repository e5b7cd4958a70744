"""The response of a function that API Gateway calls as a proxy."""

from __future__ import annotations

import json
from collections.abc import Mapping

from rds_operations.model.documents import Document


def proxy_response(
    status: int, body: Document, allowed_origin: str, headers: Mapping[str, str] | None = None
) -> Document:
    """Make it, with the headers of CORS.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
    """
    fixed = {
        "Content-Type": "application/json",
        "Access-Control-Allow-Origin": allowed_origin,
        "Access-Control-Expose-Headers": "Retry-After",
    }
    return {
        "statusCode": status,
        "headers": {**fixed, **(headers or {})},
        "body": json.dumps(body, ensure_ascii=False),
    }
