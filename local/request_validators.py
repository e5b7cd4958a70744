"""Extension: the request validators of a template. MiniStack validates requests, but makes none for CloudFormation."""

import json
from collections.abc import Callable
from typing import Any

from ministack.services import apigateway_v1
from ministack.services.cloudformation import provisioners

Create = Callable[[str, dict[str, Any], str], Any]


def install() -> None:
    provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::RequestValidator"]["create"] = _create_validator
    method = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::Method"]
    method["create"] = _with_validator(method["create"])


def _create_validator(logical_id: str, properties: dict[str, Any], stack_name: str) -> tuple[str, dict[str, str]]:
    given = {
        "name": properties.get("Name", logical_id),
        "validateRequestBody": _is_true(properties.get("ValidateRequestBody")),
        "validateRequestParameters": _is_true(properties.get("ValidateRequestParameters")),
    }
    _status, _headers, body = apigateway_v1._create_request_validator(properties["RestApiId"], given)
    validator_id = json.loads(body)["id"]
    return validator_id, {"RequestValidatorId": validator_id}


def _with_validator(create: Create) -> Create:
    def create_method(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        created = create(logical_id, properties, stack_name)
        resource = apigateway_v1._resources[properties["RestApiId"]][properties["ResourceId"]]
        method = resource["resourceMethods"][properties["HttpMethod"]]
        method["requestValidatorId"] = properties.get("RequestValidatorId")
        return created

    return create_method


def _is_true(value: object) -> bool:
    return str(value).lower() == "true"
