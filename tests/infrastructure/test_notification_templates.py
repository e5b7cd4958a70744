"""The templates of docs/notifications are sound, and send what the other side takes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from rds_operations.archive.notice import DETAIL_TYPES, SOURCE
from tests.infrastructure.conftest import ROOT

TEMPLATES = sorted((ROOT / "docs" / "notifications").glob("*.yaml"))
SENTENCE = 'jane "the DBA": reboot_instance on test-01 \\ is done.'


class Loader(yaml.SafeLoader):  # type: ignore[misc]
    """Read CloudFormation's short forms as their values."""


Loader.add_multi_constructor("!", lambda loader, _suffix, node: loader.construct_scalar(node))


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(path.read_text(), Loader)  # noqa: S506 - derived from SafeLoader
    return found


def test_each_receiver_of_the_page_has_one() -> None:
    page = (ROOT / "docs" / "notifications.md").read_text()
    assert [path.name for path in TEMPLATES] == sorted(re.findall(r"\(notifications/(.+?\.yaml)\)", page))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_cfn_lint_finds_nothing(path: Path) -> None:
    program = str(Path(sys.executable).parent / "cfn-lint")
    command = [program, "--regions", "eu-west-1", "--", str(path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_each_asks_for_events_that_there_are(path: Path) -> None:
    pattern = read(path)["Resources"]["Rule"]["Properties"]["EventPattern"]
    assert pattern["source"] == [SOURCE]
    assert set(pattern["detail-type"]) <= set(DETAIL_TYPES.values())
    assert set(pattern.get("detail", {})) <= {"dry_run", "success"}


@pytest.mark.parametrize("path", [path for path in TEMPLATES if path.stem != "webhook"], ids=lambda path: path.stem)
def test_what_is_sent_is_json_whatever_the_sentence(path: Path) -> None:
    """EventBridge puts a placeholder that stands outside quotation marks there as JSON.

    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
    """
    (target,) = read(path)["Resources"]["Rule"]["Properties"]["Targets"]
    transformer = target["InputTransformer"]
    assert transformer["InputPathsMap"] == {"s": "$.detail.summary"}
    sent = transformer["InputTemplate"].replace("<s>", json.dumps(SENTENCE))
    assert SENTENCE in str(json.loads(sent)) or json.dumps(SENTENCE) in json.dumps(json.loads(sent))


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_secrets_are_not_echoed(path: Path) -> None:
    parameters = read(path)["Parameters"]
    hidden = {name for name, parameter in parameters.items() if parameter.get("NoEcho")}
    assert hidden == {"slack": {"Url"}, "teams": {"Url"}, "ticket": {"Token"}, "webhook": {"Key"}}[path.stem]
