"""Installs, in CI, the shells whose completion the tests try: Debian installs them for the whole machine.

Elsewhere the tests of a missing shell are skipped, and the last line of `make test` says so.
"""

from __future__ import annotations

import shutil
import sys

from local.setup import SetupError, run

SHELLS = ("bash", "fish", "zsh")


def missing() -> list[str]:
    return [name for name in SHELLS if shutil.which(name) is None]


def advice(names: list[str]) -> str:
    return f"The shell {' and '.join(names)} is not installed. On Debian: apt-get install {' '.join(names)}"


def install() -> None:
    wanted = missing()
    if not wanted:
        return
    if shutil.which("apt-get") is None:
        raise SetupError(f"{advice(wanted)}; here is no apt-get")
    print("Installing", ", ".join(wanted), flush=True)
    failed = "apt-get could not install " + ", ".join(wanted)
    run(["apt-get", "update", "-qq"], failed)
    run(["apt-get", "install", "-qq", "-y", *wanted], failed)
    if still := missing():
        raise SetupError(f"apt-get has installed {', '.join(wanted)}. Still missing: {', '.join(still)}")


if __name__ == "__main__":
    try:
        install()
    except SetupError as error:
        sys.exit(f"setup: {error}")
