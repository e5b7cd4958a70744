"""The settings that travel inside the package: no remote read on the way, and every change is a reviewed deploy."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("packaged_settings.json")
MODELS = Path(__file__).parents[2] / "botocore_models"
"""The part of botocore's service models that the functions need; there in a package alone."""


def section(name: str) -> dict[str, Any]:
    """Read `gate`, `callers` or `targets`, as `stacks.package` wrote them; empty where there is no file."""
    found: dict[str, Any] = json.loads(FILE.read_text())[name] if FILE.exists() else {}
    return found


def digest() -> str:
    """Return the SHA-256 of these settings as text, in hexadecimal; empty where there is no file."""
    return hashlib.sha256(FILE.read_bytes()).hexdigest() if FILE.exists() else ""
