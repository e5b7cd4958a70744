"""Installs, in CI, the shells whose completion the tests try: Debian installs them for the whole machine.

Elsewhere the tests of a missing shell are skipped, and the last line of `make test` says so.
"""

from __future__ import annotations

import shutil
import sys

from local import debian
from local.setup import SetupError

SHELLS = ("bash", "fish", "zsh")


def missing() -> list[str]:
    return [name for name in SHELLS if shutil.which(name) is None]


def advice(names: list[str]) -> str:
    return f"The shell {' and '.join(names)} is not installed. On Debian: apt-get install {' '.join(names)}"


def install() -> None:
    wanted = missing()
    if wanted:
        debian.install(", ".join(wanted), wanted, missing, advice(wanted))


if __name__ == "__main__":
    try:
        install()
    except SetupError as error:
        sys.exit(f"setup: {error}")
