"""The code of the functions: one package for all, with its dependencies, made without Docker or network."""

from __future__ import annotations

import atexit
import hashlib
import json
import shutil
import sys
import tempfile
from dataclasses import asdict
from functools import cache
from importlib.metadata import Distribution, distribution
from pathlib import Path

from rds_operations.settings.packaged import FILE, MODELS
from stacks.bytecode import compile_all, runtime_interpreter
from stacks.imports import imported_files
from stacks.service_models import check_calls, write_models
from stacks.settings import Settings

FUNCTIONS = Path(__file__).parent.parent / "functions"
# What the functions import beyond the runtime's own botocore. Pure Python, so right for arm64 from any machine.
DEPENDENCIES = ("aws-lambda-powertools", "jmespath", "typing-extensions")


def build(settings: Settings) -> Path:
    """Make a folder with the functions, their settings and the dependencies; gone with the process.

    Byte-compiled for the interpreter that runs them: AWS's, where this machine has one, or the local cloud's own.
    """
    target = _new_folder()
    shutil.copytree(_code(sys.executable if settings.is_local else runtime_interpreter()), target, dirs_exist_ok=True)
    (target / "rds_operations" / "settings" / FILE.name).write_text(packaged(settings))
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


def settings_digest(settings: Settings) -> str:
    """Return the digest that the functions write into each record: see `settings.packaged.digest`."""
    return hashlib.sha256(packaged(settings).encode()).hexdigest()


@cache
def _code(interpreter: str) -> Path:
    """Make what is the same for all settings, once: the tests build some forty packages in a process."""
    target = _new_folder()
    shutil.copytree(FUNCTIONS, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "console"))
    for name in DEPENDENCIES:
        _vendor(distribution(name), target)
    _keep_imported(target)
    check_calls(FUNCTIONS)
    write_models(target / MODELS.name)
    if interpreter:
        compile_all(target, interpreter)
    return target


def _new_folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="rds-operations-package-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _vendor(package: Distribution, target: Path) -> None:
    if "Root-Is-Purelib: true" not in (package.read_text("WHEEL") or ""):
        raise RuntimeError(f"{package.metadata['Name']} is not pure Python: it cannot be copied into an arm64 package")
    for file in package.files or []:
        if file.suffix == ".py" and ".." not in file.parts:
            destination = target / file
            destination.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(file.locate()), destination)


def _keep_imported(folder: Path) -> None:
    """Leave out every module that no function imports: most of Powertools."""
    handlers = [f"{file.parent.name}.{file.stem}" for file in FUNCTIONS.glob("*/handler.py")]
    own = [path.name for path in FUNCTIONS.iterdir()]
    for file in set(folder.rglob("*.py")) - imported_files(folder, handlers, own):
        file.unlink()
    for empty in sorted(folder.rglob("*"), reverse=True):
        if empty.is_dir() and not any(empty.iterdir()):
            empty.rmdir()
