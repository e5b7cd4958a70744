"""The console's code: its function, and the pages that `console/build.mjs` makes."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

ROOT = Path(__file__).parent.parent
BUILT = ROOT / ".local" / "console"
_MAKING = "making-"
_SOURCES = ("console", "docs/examples", "docs/openapi.json", "functions/console", "package-lock.json", "statemachine")


class ConsoleError(Exception):
    """Say why the pages could not be built."""


def build() -> Path:
    """Return the folder with the function and its pages, which is made anew where a source has changed.

    `make setup` makes it, so that a deployment finds it there. The same sources give the same bytes.
    """
    target = BUILT / _digest()
    if not target.exists():
        BUILT.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=BUILT, prefix=_MAKING) as folder:
            made = Path(folder) / "package"
            source = ROOT / "functions" / "console"
            shutil.copytree(source, made / "console", ignore=shutil.ignore_patterns("__pycache__"))
            _bundle(made / "console" / "files")
            _put(made, target)
    return target


def _digest() -> str:
    digest = hashlib.sha256()
    for source in _SOURCES:
        path = ROOT / source
        for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
            if file.is_file() and "__pycache__" not in file.parts:
                digest.update(f"{file.relative_to(ROOT)} {file.stat().st_size}\n".encode() + file.read_bytes())
    return digest.hexdigest()[:16]


def _bundle(target: Path) -> None:
    path = os.pathsep.join([str(ROOT / ".venv" / "bin"), os.environ.get("PATH", os.defpath)])
    command = ["node", str(ROOT / "console" / "build.mjs"), str(target)]
    try:
        done = subprocess.run(command, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise ConsoleError("Node.js is not installed. Run: make setup") from error
    if done.returncode:
        raise ConsoleError(f"The pages could not be built. If a module is missing, run: make setup\n{done.stderr}")


def _put(made: Path, target: Path) -> None:
    """Give it its name, which another process may have done meanwhile."""
    with suppress(OSError):
        made.rename(target)
    for old in BUILT.iterdir():
        if old != target and not old.name.startswith(_MAKING):
            shutil.rmtree(old, ignore_errors=True)


if __name__ == "__main__":
    build()
