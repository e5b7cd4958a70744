"""Extension: the address by which a caller reached a REST API, which MiniStack does not pass to its functions.

https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html#apigateway-example-event
"""

from __future__ import annotations

import os
from typing import Any

from ministack.services import apigateway_v1

Document = dict[str, Any]


def install() -> None:
    build = apigateway_v1._build_lambda_event_v1

    def with_address(api_id: str, stage_name: str, *more: Any, **others: Any) -> Document:
        event: Document = build(api_id, stage_name, *more, **others)
        event["headers"]["X-Forwarded-Proto"] = "http"
        context = event["requestContext"]
        context["domainName"] = f"127.0.0.1:{os.environ['GATEWAY_PORT']}"
        context["path"] = f"/restapis/{api_id}/{stage_name}/_user_request_{event['path']}"
        return event

    apigateway_v1._build_lambda_event_v1 = with_address
