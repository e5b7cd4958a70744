"""The functions as deployed: the code with its settings, and one module for each handler.

Call `install` before anything imports the product, which may be a copy with a fault put back.
"""

from __future__ import annotations

import atexit
import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

Document = dict[str, Any]
ROOT = Path(__file__).parent.parent.parent
Change = tuple[str, str, str]
"""A file below functions/ or statemachine/, a text that occurs in it once, and its replacement."""


def copy(*changes: Change) -> Path:
    """Return a changed temporary copy of the product's two folders."""
    target = Path(tempfile.mkdtemp(prefix="rds-operations-simulation-"))
    atexit.register(shutil.rmtree, target, ignore_errors=True)
    for folder in ("functions", "statemachine"):
        shutil.copytree(ROOT / folder, target / folder, ignore=shutil.ignore_patterns("__pycache__"))
    for name, known, instead in changes:
        file = target / name
        text = file.read_text()
        if known not in text:
            raise ValueError(f"{name} does not have {known!r}: the fault cannot be put back so")
        file.write_text(text.replace(known, instead, 1))
    return target


def install(product: Path) -> None:
    """Make all later imports use this copy."""
    sys.path[:] = [str(product / "functions"), *(path for path in sys.path if Path(path) != ROOT / "functions")]
    from stacks.package import packaged  # noqa: PLC0415 - it imports the product
    from tests.simulation.deployment import ENVIRONMENT, SETTINGS  # noqa: PLC0415

    (product / "functions" / "rds_operations" / "settings" / "packaged_settings.json").write_text(packaged(SETTINGS))
    os.environ.update(ENVIRONMENT)


def handlers(names: list[str]) -> dict[str, Callable[[Document, object], Document]]:
    return {name: importlib.import_module(f"{name}.handler").handler for name in names}
