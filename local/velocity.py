"""Finds and installs what is missing of Apache Velocity, the engine of API Gateway's mapping templates.

Debian installs packages for the whole machine, so only CI does it (`make setup` with CI set). Elsewhere the tests that
need them are skipped, and the last line of `make test` says so.
https://docs.aws.amazon.com/apigateway/latest/developerguide/models-mappings.html
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from local import debian
from local.setup import SetupError

_JAVA = Path("/usr/share/java")
JARS = [_JAVA / name for name in ("velocity.jar", "commons-lang.jar", "commons-collections3.jar")]
_PROGRAMS = ("java", "javac")  # running a source file needs the compiler
_JDK = "default-jdk-headless"
_PACKAGES = ("velocity", "libcommons-lang-java")


def main() -> None:
    if missing():
        install()


def missing() -> list[str]:
    return [*_missing_programs(), *(str(jar) for jar in JARS if not jar.exists())]


def advice() -> str:
    lacking = ", ".join(missing())
    return f"Apache Velocity is not installed (missing: {lacking}). On Debian: apt-get install {' '.join(_packages())}"


def install() -> None:
    debian.install("Apache Velocity", _packages(), missing, advice())


def _missing_programs() -> list[str]:
    return [name for name in _PROGRAMS if shutil.which(name) is None]


def _packages() -> list[str]:
    return [*_PACKAGES, *([_JDK] if _missing_programs() else [])]


if __name__ == "__main__":
    try:
        main()
    except SetupError as error:
        sys.exit(f"setup: {error}")
