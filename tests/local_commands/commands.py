"""Runs commands as at a terminal, in a project of its own that has its own `.local`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from local.cloud import ROOT

_LONGEST_SECONDS = 240
_LEAD_ELSEWHERE = ("AWS_", "CDK_", "PORT", "TIME_SCALE", "SETTINGS")


def project_beside_this(folder: Path) -> Path:
    for path in ROOT.iterdir():
        if path.name not in (".local", "cdk.out", ".git", "local"):
            (folder / path.name).symlink_to(path)
    shutil.copytree(ROOT / "local", folder / "local", ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def local(project: Path, command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return run(project, [sys.executable, "-m", "local", command], **environment)


def run(project: Path, command: list[str], **environment: str) -> subprocess.CompletedProcess[str]:
    """Run it without variables that could lead to anything but its own local cloud."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(_LEAD_ELSEWHERE)}
    return subprocess.run(
        command,
        cwd=project,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        timeout=_LONGEST_SECONDS,
        check=False,
    )
