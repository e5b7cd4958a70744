"""Extension: a REST API's stage writes its access log. MiniStack's CloudFormation forgets that it should.

https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

from ministack.services import apigateway_v1, cloudwatch_logs
from ministack.services.cloudformation import provisioners

Document = dict[str, Any]
_VARIABLE = re.compile(r"\$context((?:\.\w+)+)")
_STREAM = "access"


def install() -> None:
    stage = provisioners._RESOURCE_HANDLERS["AWS::ApiGateway::Stage"]
    stage["create"], stage["update"] = _created(stage["create"]), _updated(stage["update"])


def write(api_id: str, stage_name: str, context: Document) -> None:
    settings = (apigateway_v1._stages_v1.get(api_id, {}).get(stage_name) or {}).get("accessLogSettings")
    if not settings:
        return
    group = settings["destinationArn"].partition(":log-group:")[2].removesuffix(":*")
    cloudwatch_logs._create_log_stream({"logGroupName": group, "logStreamName": _STREAM})  # unless it is there
    line = {"timestamp": int(1000 * time.time()), "message": rendered(settings["format"], context)}
    cloudwatch_logs._put_log_events({"logGroupName": group, "logStreamName": _STREAM, "logEvents": [line]})


def rendered(template: str, context: Document) -> str:
    """Put in the variables; `-` where there is no value."""

    def value(variable: re.Match[str]) -> str:
        found: Any = context
        for name in variable[1].split(".")[1:]:
            found = found.get(name) if isinstance(found, dict) else None
        return "-" if found is None else str(found)

    return _VARIABLE.sub(value, template)


def _created(create: Callable[..., Any]) -> Callable[..., Any]:
    def created(logical_id: str, properties: Document, stack: str) -> Any:
        result = create(logical_id, properties, stack)
        _keep(properties)
        return result

    return created


def _updated(update: Callable[..., Any]) -> Callable[..., Any]:
    def updated(physical_id: str, before: Document, properties: Document, stack: str) -> Any:
        result = update(physical_id, before, properties, stack)
        _keep(properties)
        return result

    return updated


def _keep(properties: Document) -> None:
    given = properties.get("AccessLogSetting") or {}
    stage = apigateway_v1._stages_v1[properties["RestApiId"]][properties["StageName"]]
    stage["accessLogSettings"] = {f"{name[0].lower()}{name[1:]}": value for name, value in given.items()}
