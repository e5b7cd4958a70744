"""Extension: saved queries of CloudWatch Logs Insights, made by CloudFormation and described by the API.

MiniStack knows neither, and refuses a template that has one. They are lost when the local cloud stops.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-logs-querydefinition.html
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, json_response, new_uuid
from ministack.services import cloudwatch_logs
from ministack.services.cloudformation import provisioners

Document = dict[str, Any]
_definitions: Any = AccountRegionScopedDict()


def install() -> None:
    provisioners._RESOURCE_HANDLERS["AWS::Logs::QueryDefinition"] = {
        "create": lambda _logical_id, properties, _stack: _put(new_uuid(), properties),
        "update": lambda physical_id, _before, properties, _stack: _put(physical_id, properties),
        "delete": lambda physical_id, _properties: _definitions.pop(physical_id, None),
    }
    cloudwatch_logs.handle_request = _describing(cloudwatch_logs.handle_request)


def _put(query_id: str, properties: Document) -> tuple[str, Document]:
    _definitions[query_id] = {
        "queryDefinitionId": query_id,
        "name": properties["Name"],
        "queryString": properties["QueryString"],
        "logGroupNames": properties.get("LogGroupNames", []),
    }
    return query_id, {"QueryDefinitionId": query_id}


def _describing(handle: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    async def handle_request(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
        if headers.get("x-amz-target", "").endswith(".DescribeQueryDefinitions"):
            prefix = json.loads(body).get("queryDefinitionNamePrefix", "")
            found = [known for known in _definitions.values() if known["name"].startswith(prefix)]
            return json_response({"queryDefinitions": sorted(found, key=lambda known: str(known["name"]))})
        return await handle(method, path, headers, body, query)

    return handle_request
