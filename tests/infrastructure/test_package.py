"""What is shipped decides: these tests ask the built package, in an interpreter that sees nothing else of ours."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stacks import package
from stacks.settings import Settings

ACCOUNT = "111122223333"
ASK = """
import json, sys
from rds_operations.classification import classify
from rds_operations.gate_settings import GateSettings
settings = GateSettings.shipped()
json.dump([classify(*question, settings).to_document() for question in json.load(sys.stdin)], sys.stdout)
"""


def verdicts(built: Path, questions: list[tuple[str, str, dict[str, str]]]) -> list[dict[str, Any]]:
    """What the packaged classifier says of (instance, account, tags), with the settings inside the package."""
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(built)!r})\n{ASK}"]
    asked = subprocess.run(command, input=json.dumps(questions), capture_output=True, text=True, check=True)
    found: list[dict[str, Any]] = json.loads(asked.stdout)
    return found


@pytest.mark.parametrize(
    "patterns",
    [
        {"^prod-": "production", "-dev$": "development"},
        {"prod": "production", "^a": "test", "-dev$": "development", "^prod-orders": "staging"},
    ],
    ids=json.dumps,
)
def test_the_order_of_the_settings_survives_packaging(patterns: dict[str, str]) -> None:
    built = package.build(Settings.from_document({"naming_patterns": patterns}))
    shipped = json.loads((built / "rds_operations" / "shipped_settings.json").read_text())
    assert list(shipped["gate"]["naming_patterns"]) == list(patterns)
    (verdict,) = verdicts(built, [("prod-orders-dev", ACCOUNT, {})])
    first = next(iter(patterns))
    assert verdict == {"environment": "production", "source": f"naming_patterns {first}"}
