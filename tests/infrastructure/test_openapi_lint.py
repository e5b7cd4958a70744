"""Redocly's linter finds nothing in docs/openapi.json; its settings are in docs/redocly.yaml."""

import json
import os
import subprocess
from pathlib import Path

from tests import api_document
from tests.infrastructure.conftest import ROOT

QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}


def problems_of(document: Path) -> list[str]:
    redocly = ROOT / "node_modules" / ".bin" / "redocly"
    command = [str(redocly), "lint", str(document), "--config", str(ROOT / "docs" / "redocly.yaml"), "--format", "json"]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **QUIET}, check=False)
    return [problem["message"] for problem in json.loads(done.stdout)["problems"]]


def test_the_linter_finds_nothing() -> None:
    assert problems_of(api_document.PATH) == []


def test_the_linter_finds_a_fault(tmp_path: Path) -> None:
    """What a generator would trip over."""
    broken = json.loads(api_document.PATH.read_text())
    broken["components"]["schemas"]["Step"]["required"] = ["state", "when"]
    (tmp_path / "broken.json").write_text(json.dumps(broken))
    assert problems_of(tmp_path / "broken.json")
