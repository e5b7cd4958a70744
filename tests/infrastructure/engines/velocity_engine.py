"""Renders mapping templates on Apache Velocity 1.7, API Gateway's own engine.

A JDK runs the harness from its source; `local.velocity` says where the jars come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local.extensions.mapping_templates import EMPTY_BODY, as_api_gateway_reads
from local.velocity import JARS
from tests.infrastructure.engines.harness import Harness

HARNESS = Path(__file__).parent / "Render.java"


class TemplateFailed(Exception):
    """Report what API Gateway would answer with a 5XX."""


@dataclass(frozen=True)
class Rendered:
    text: str
    override: dict[str, Any]
    """`$context.responseOverride`: `header` always, `status` if the template sets it."""


class VelocityEngine(Harness):
    """Run one Java process for all renderings, until `close`."""

    def __init__(self) -> None:
        classpath = ":".join(map(str, JARS))
        super().__init__(["java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", classpath, str(HARNESS)])

    def render(
        self,
        template: str,
        body: str | None = "",
        headers: Mapping[str, str] | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Rendered:
        answer = self._ask(
            {
                "template": as_api_gateway_reads(template),
                "body": body or EMPTY_BODY,
                "headers": headers or {},
                "context": context or {},
            }
        )
        if "error" in answer:
            raise TemplateFailed(answer["error"])
        return Rendered(answer["text"], answer["override"])
