"""The local commands of docs/deployment.md and docs/cross-account-setup.md, as they stand, print what is said there.

A local cloud of its own, as `make up` makes one, in a project beside this one: the pages write to `.local`.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local import cloud
from local.cloud import ROOT

_END_OF_BLOCK = "--- end of block ---"
_LONGEST_SECONDS = 240


@dataclass(frozen=True)
class Step:
    """A block of commands, and what the page says that they print; None where it says nothing of it."""

    commands: str
    printed: str | None


def steps(page: str, heading: str) -> list[Step]:
    """The `bash` blocks after a heading, each with the `text` block that follows it."""
    text = (ROOT / "docs" / page).read_text().split(heading, 1)[1]
    blocks = re.findall(r"^```(bash|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    following = [*blocks[1:], ("", "")]
    return [
        Step(commands, after if kind_after == "text" else None)
        for (kind, commands), (kind_after, after) in zip(blocks, following, strict=True)
        if kind == "bash"
    ]


def shown(printed: str) -> re.Pattern[str]:
    """`…` stands for anything on its line."""
    return re.compile(".*".join(re.escape(part) for part in printed.strip().split("…")))


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """After `make up TIME_SCALE=60`."""
    folder = tmp_path_factory.mktemp("project")
    for path in ROOT.iterdir():
        if path.name not in (".local", "cdk.out", ".git", "local"):
            (folder / path.name).symlink_to(path)
    shutil.copytree(ROOT / "local", folder / "local", ignore=shutil.ignore_patterns("__pycache__"))
    try:
        done = run(folder, [sys.executable, "-m", "local", "up"], PORT=str(cloud.free_port()), TIME_SCALE="60")
        assert done.returncode == 0, done.stdout + done.stderr
        yield folder
    finally:
        cloud.stop(folder / ".local")


def run(project: Path, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Without what could lead anywhere but to this local cloud."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "CDK_"))}
    return subprocess.run(
        command,
        cwd=project,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=_LONGEST_SECONDS,
        check=False,
    )


def follow(project: Path, page: str, heading: str) -> None:
    """In one shell, as somebody who copies them one after the other."""
    found = steps(page, heading)
    assert found
    script = f"\necho; echo '{_END_OF_BLOCK}'\n".join(step.commands for step in found)
    done = run(project, ["bash", "-eu", "-o", "pipefail", "-c", script])
    assert done.returncode == 0, done.stdout + done.stderr
    for step, printed in zip(found, done.stdout.split(_END_OF_BLOCK), strict=True):
        if step.printed is not None:
            assert shown(step.printed).fullmatch(printed.strip()), printed


def test_a_call_of_each_way_to_authenticate(project: Path) -> None:
    follow(project, "deployment.md", "## Calling")


def test_a_third_account_on_the_local_cloud(project: Path) -> None:
    follow(project, "cross-account-setup.md", "## The same on the local cloud")
