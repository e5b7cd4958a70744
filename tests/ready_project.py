"""A copy of this project after `make setup`, for tests of the Makefile."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from local.cloud import ROOT


def ready_project(folder: Path) -> Path:
    """Make it, with this project's Python."""
    folder.mkdir(exist_ok=True)
    for name in ("Makefile", "requirements.lock", "package.json", "package-lock.json"):
        shutil.copy2(ROOT / name, folder)
    shutil.copytree(ROOT / "local", folder / "local", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / ".venv" / "bin").mkdir(parents=True)
    program(folder / ".venv" / "bin" / "python", f'exec {sys.executable} "$@"')
    (folder / ".venv" / ".ready").touch()
    return folder


def program(path: Path, command: str) -> None:
    path.write_text(f"#!/bin/sh\n{command}\n")
    path.chmod(0o755)
