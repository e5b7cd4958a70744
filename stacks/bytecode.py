"""Bytecode for the functions: without it, every cold start compiles the source anew."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

RUNTIME = "3.13"
"""Python of the functions on AWS."""
_INSTALLED = (
    "~/.pyenv/versions/{version}*/bin",
    "~/.local/share/uv/python/cpython-{version}*/bin",
    "~/.local/share/mise/installs/python/{version}*/bin",
    "~/.asdf/installs/python/{version}*/bin",
    "/opt/homebrew/opt/python@{version}/bin",
    "/usr/local/opt/python@{version}/bin",
)
"""Where version managers keep what their shims may not start."""
NO_BYTECODE = (
    f"No Python {RUNTIME} runs on this machine, so the functions are deployed without bytecode: every cold start "
    f"compiles them, which takes about 0.1 s of CPU more. Install Python {RUNTIME}, and deploy again."
)


def runtime_interpreter() -> str:
    """Return a Python of the runtime's version that runs; empty where the machine has none."""
    return next((found for found in _candidates() if _is_runtime(found)), "")


def compile_all(folder: Path, interpreter: str) -> None:
    """Write bytecode that is never checked against its source: a package's zip has other dates than its files had.

    It is without documentation, which nobody reads there: the sources beside it have it.
    """
    command = [interpreter, "-I", "-m", "compileall", "-q", "-o", "2", "-s", str(folder)]
    subprocess.run([*command, "--invalidation-mode", "unchecked-hash", str(folder)], check=True)
    for bare in folder.rglob("*.opt-2.pyc"):
        bare.replace(bare.with_name(bare.name.replace(".opt-2", "")))  # where this interpreter looks for it


def _candidates() -> Iterator[str]:
    if f"{sys.version_info[0]}.{sys.version_info[1]}" == RUNTIME:
        yield sys.executable
    if on_path := shutil.which(f"python{RUNTIME}"):
        yield on_path
    for pattern in _INSTALLED:
        folder = Path(os.path.expanduser(pattern.format(version=RUNTIME)))
        yield from map(str, sorted(Path(folder.anchor).glob(f"{folder.relative_to(folder.anchor)}/python{RUNTIME}")))


def _is_runtime(command: str) -> bool:
    """Run it: a version manager's shim is there without the version behind it."""
    asked = [command, "-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        done = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout.strip() == RUNTIME
