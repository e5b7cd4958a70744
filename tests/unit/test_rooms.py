"""The rooms of `rds_operations`: each imports only from earlier ones, and none before `aws` imports an SDK."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

FUNCTIONS = Path(__file__).parents[2] / "functions"
PACKAGE = FUNCTIONS / "rds_operations"
ROOMS = ("model", "settings", "operations", "rules", "records", "archive", "aws", "steps")
"""Low to high."""
PURE = ROOMS[: ROOMS.index("aws")]
SDK = ("botocore", "boto3", "aws_lambda_powertools")
MODULES = sorted(
    path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py") if path.parent != PACKAGE and path.name != "__init__.py"
)


def imported_by(module: Path) -> set[str]:
    """Return every module that it imports, including those for the type checker alone."""
    names: set[str] = set()
    for node in ast.walk(ast.parse((PACKAGE / module).read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def rooms_imported_by(module: Path) -> set[str]:
    return {name.split(".")[1] for name in imported_by(module) if name.startswith("rds_operations.")}


def test_every_module_has_a_room() -> None:
    assert {path.name for path in PACKAGE.glob("*.py")} == {"__init__.py"}
    assert {module.parts[0] for module in MODULES} == set(ROOMS)


@pytest.mark.parametrize("module", MODULES, ids=str)
def test_a_room_imports_only_from_those_before_it(module: Path) -> None:
    own = ROOMS.index(module.parts[0])
    assert rooms_imported_by(module) <= set(ROOMS[: own + 1])


@pytest.mark.parametrize("room", PURE)
def test_no_room_below_aws_loads_an_sdk_or_the_logger(room: str) -> None:
    modules = [
        f"rds_operations.{'.'.join(module.with_suffix('').parts)}" for module in MODULES if module.parts[0] == room
    ]
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, {str(FUNCTIONS)!r}); {code}"]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert not [name for name in loaded if name.startswith(SDK)]


def test_no_room_has_names_of_its_own() -> None:
    """A re-export would load what its importer does not need: Validate would import an AWS SDK."""
    filled = [room for room in ROOMS if (PACKAGE / room / "__init__.py").read_text()]
    assert filled == ["operations"]
