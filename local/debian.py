"""Installs Debian's packages for the whole machine, which only CI does (`make setup` with CI set)."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence

from local.setup import SetupError, run


def install(what: str, packages: Sequence[str], missing: Callable[[], list[str]], advice: str) -> None:
    """Install the packages. SetupError: there is no apt-get, it fails, or something is missing still."""
    if shutil.which("apt-get") is None:
        raise SetupError(f"{advice}; here is no apt-get")
    print(f"Installing {what}", flush=True)
    failed = f"apt-get could not install {what}"
    run(["apt-get", "update", "-qq"], failed)
    run(["apt-get", "install", "-qq", "-y", *packages], failed)
    if still := missing():
        raise SetupError(f"apt-get has installed {', '.join(packages)}. Still missing: {', '.join(still)}")
