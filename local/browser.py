"""Installs, in CI, what the tests of the pages need: Debian's Chromium, and Playwright, which drives it.

Elsewhere these tests are skipped where something is missing, and the last line of `make test` says so.
"""

from __future__ import annotations

import shutil
import sys
from importlib.util import find_spec

from local import debian
from local.setup import BROWSER, SetupError, pip

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def chromium() -> str:
    """Return the path of the program, empty where there is none."""
    return next((found for name in _NAMES if (found := shutil.which(name))), "")


def missing() -> list[str]:
    return [
        *([] if chromium() else ["Chromium (on Debian: apt-get install chromium)"]),
        *([] if find_spec("playwright") else ["Playwright (.venv/bin/pip install -r local/browser.lock)"]),
    ]


def install() -> None:
    if find_spec("playwright") is None:
        print("Installing Playwright", flush=True)
        pip("--only-binary", ":all:", "--requirement", str(BROWSER))
    if not chromium():
        debian.install("Chromium", ["chromium"], missing, f"Missing: {', '.join(missing())}")


if __name__ == "__main__":
    try:
        install()
    except SetupError as error:
        sys.exit(f"setup: {error}")
