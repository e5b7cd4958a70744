"""The code of the functions: one package for all, with its dependencies, made without Docker or network."""

from __future__ import annotations

import atexit
import json
import py_compile
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict
from importlib.metadata import Distribution, distribution
from pathlib import Path

from rds_operations.settings.packaged import FILE
from stacks.settings import Settings

FUNCTIONS = Path(__file__).parent.parent / "functions"
RUNTIME = "3.13"
# The runtime has botocore. These are pure Python, so any machine can package them for arm64.
_UNUSED = ("aws_lambda_powertools/event_handler/", "aws_lambda_powertools/utilities/parser/")
DEPENDENCIES = ("aws-lambda-powertools", "jmespath", "typing-extensions")


def build(settings: Settings) -> Path:
    """Return a byte-compiled folder of functions, settings and dependencies, deleted when the process ends."""
    target = Path(tempfile.mkdtemp(prefix="rds-operations-package-"))
    atexit.register(shutil.rmtree, target, ignore_errors=True)
    shutil.copytree(FUNCTIONS, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    (target / "rds_operations" / "settings" / FILE.name).write_text(packaged(settings))
    for name in DEPENDENCIES:
        _vendor(distribution(name), target)
    _compile(target)
    return target


def packaged(settings: Settings) -> str:
    """Return what `settings.packaged` reads. The gate decides by the order of the settings file."""
    accounts = {account_id: asdict(account) for account_id, account in settings.accounts.items()}
    return json.dumps(
        {
            "gate": asdict(settings.gate),
            "callers": asdict(settings.callers),
            "targets": {"regions": settings.regions, "accounts": accounts},
        }
    )


def _vendor(package: Distribution, target: Path) -> None:
    if "Root-Is-Purelib: true" not in (package.read_text("WHEEL") or ""):
        raise RuntimeError(f"{package.metadata['Name']} is not pure Python: it cannot be copied into an arm64 package")
    for file in package.files or []:
        inside = (
            ".dist-info" not in file.parts[0]
            and not str(file).startswith(_UNUSED)
            and ".." not in file.parts
            and "__pycache__" not in file.parts
        )
        if inside:
            destination = target / file
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(file.locate()), destination)


def _compile(target: Path) -> None:
    """Compile for this interpreter, which the local cloud uses, and for the runtime's if installed.

    Python must not check the bytecode against its source: unzipping changes the files' dates.
    """
    for source in sorted(target.rglob("*.py")):
        py_compile.compile(
            str(source),
            dfile=str(source.relative_to(target)),
            doraise=True,
            invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
        )
    runtime = shutil.which(f"python{RUNTIME}")
    if f"{sys.version_info.major}.{sys.version_info.minor}" != RUNTIME and runtime:
        command = [
            runtime,
            "-m",
            "compileall",
            "-q",
            "-s",
            str(target),
            "--invalidation-mode",
            "unchecked-hash",
            str(target),
        ]
        subprocess.run(command, check=False, capture_output=True)
