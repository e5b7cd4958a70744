"""`pip install .` brings little, and a start imports less."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import requires, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DEPENDENCIES = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
HEAVY = {"botocore", "rich", "oauthlib", "jmespath", "urllib3"}


def brought(requirements: list[Requirement]) -> set[str]:
    found: set[str] = set()
    waiting = list(requirements)
    while waiting:
        requirement = waiting.pop()
        name = canonicalize_name(requirement.name)
        if name in found or (requirement.marker and not requirement.marker.evaluate({"extra": ""})):
            continue
        found.add(name)
        waiting += map(Requirement, requires(name) or [])
    return found


def test_the_page_says_how_many_packages_it_brings() -> None:
    names = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    assert f"brings {names[len(brought(DEPENDENCIES))]} packages" in (ROOT / "docs" / "cli.md").read_text()


@pytest.mark.parametrize("requirement", DEPENDENCIES, ids=str)
def test_what_is_locked_is_what_it_asks_for(requirement: Requirement) -> None:
    assert requirement.specifier.contains(version(requirement.name))


def test_it_is_packaged_alone() -> None:
    packages = set(PROJECT["tool"]["setuptools"]["packages"])
    folders = {path.parent.relative_to(ROOT / "cli") for path in (ROOT / "cli").rglob("*.py")}
    assert packages == {".".join(folder.parts) for folder in folders}


def test_it_imports_what_it_declares() -> None:
    declared = {canonicalize_name(requirement.name) for requirement in DEPENDENCIES} | {"keyring", "rds-ops"}
    for path in (ROOT / "cli").rglob("*.py"):
        for name in re.findall(r"^\s*(?:from|import) (\w+)", path.read_text(), re.MULTILINE):
            assert name in sys.stdlib_module_names or canonicalize_name(name) in declared, f"{path.name}: {name}"


def test_a_start_imports_nothing_heavy() -> None:
    program = "import sys, rds_ops.program; print(*{name.partition('.')[0] for name in sys.modules})"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, cwd=ROOT / "cli", capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())
