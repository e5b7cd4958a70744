"""Changes functions' code or settings for a while, as a mistake of ours or another deployment would."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rds_operations.settings.packaged import MODELS
from tests.workflow.service import Service


@contextmanager
def changed_code(service: Service, functions: Sequence[str], file: str, change: Callable[[str], str]) -> Iterator[None]:
    """Change one file of the functions' package, and restore it at the end. Fail if `change` changes nothing."""
    package = _package(service)
    workspace = Path(service.cloud.folder) / "changed"
    shutil.rmtree(workspace, ignore_errors=True)
    shutil.copytree(package, workspace)
    shutil.rmtree(workspace / MODELS.name)  # changed code may call what the service never does
    source = workspace / file
    before, after = source.read_text(), change(source.read_text())
    assert after != before
    source.write_text(after)
    for compiled in (source.parent / "__pycache__").glob(f"{source.stem}.*.pyc"):
        compiled.unlink()  # Python would use it without a check
    try:
        _update(service, functions, workspace)
        yield
    finally:
        _update(service, functions, package)


@contextmanager
def changed_settings(service: Service, functions: Sequence[str], section: str, **settings: Any) -> Iterator[None]:
    """Change settings in a section of the shipped ones."""

    def change(text: str) -> str:
        shipped = json.loads(text)
        shipped[section] |= settings
        return json.dumps(shipped)

    with changed_code(service, functions, "rds_operations/settings/packaged_settings.json", change):
        yield


def forget_sessions(service: Service, functions: Sequence[str]) -> None:
    """Start new environments, so that functions lose what they keep in memory, such as other accounts' credentials."""
    _update(service, functions, _package(service))


def _package(service: Service) -> Path:
    assets = (Path(service.cloud.folder) / "cdk.out").glob("asset.*")
    (package,) = [item for item in assets if (item / "rds_operations").is_dir()]  # not the console's
    return package


def _update(service: Service, functions: Sequence[str], folder: Path) -> None:
    archive = Path(shutil.make_archive(str(Path(service.cloud.folder) / "package"), "zip", folder))
    for function in functions:
        service.aws("lambda").update_function_code(
            FunctionName=f"rds-operations-{function}", ZipFile=archive.read_bytes()
        )
