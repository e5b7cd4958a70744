"""JSONata's reference engine, npm's `jsonata`, in a process of its own. Step Functions' engine is not published."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.infrastructure.engines.harness import Harness


class JsonataReference(Harness):
    def __init__(self) -> None:
        super().__init__([shutil.which("node") or "node", str(Path(__file__).parent / "reference.mjs")])

    def evaluate(self, expression: str, states: dict[str, Any]) -> dict[str, Any]:
        """Return `value`, or the code of the `error`; neither where the expression gives nothing."""
        answer: dict[str, Any] = self._ask({"expression": expression, "states": states})
        return answer
