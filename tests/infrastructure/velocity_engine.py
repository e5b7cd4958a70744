"""Renders mapping templates on Apache Velocity 1.7, the engine behind API Gateway's.

The jars are those of Debian's packages `velocity` and `libcommons-lang-java`; a JDK runs the harness from its source.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.infrastructure.harness import Harness

HARNESS = Path(__file__).parent / "velocity" / "Render.java"
_JAR_DIRECTORY = Path("/usr/share/java")
_JARS = [_JAR_DIRECTORY / name for name in ("velocity.jar", "commons-lang.jar", "commons-collections3.jar")]


class TemplateFailed(Exception):
    """What API Gateway would answer with a 5XX."""


@dataclass(frozen=True)
class Rendered:
    text: str
    override: dict[str, Any]
    """`$context.responseOverride`: always `header`, and `status` where the template has set it."""


def missing() -> str:
    """What this machine lacks for the engine, empty if nothing."""
    # A JRE without a compiler cannot run a source file.
    programs = [name for name in ("java", "javac") if shutil.which(name) is None]
    return ", ".join(programs + [str(jar) for jar in _JARS if not jar.exists()])


class VelocityEngine(Harness):
    """One Java process for all renderings, from construction to `close`."""

    def __init__(self) -> None:
        classpath = ":".join(map(str, _JARS))
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
                "template": template,
                "body": body,
                "headers": headers or {},
                "context": context or {},
            }
        )
        if "error" in answer:
            raise TemplateFailed(answer["error"])
        return Rendered(answer["text"], answer["override"])
