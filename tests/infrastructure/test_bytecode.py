"""The functions' bytecode: of the interpreter that runs them, or none."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from aws_cdk.assertions import Annotations, Match

from stacks import bytecode, package
from stacks.bytecode import NO_BYTECODE, runtime_interpreter
from stacks.service_stack import ServiceStack
from stacks.settings import Settings
from tests.infrastructure.conftest import new_app


def kinds(folder: Path) -> set[str]:
    """`cpython-313` and the like."""
    return {path.name.split(".")[-2] for path in folder.rglob("*.pyc")}


def sources(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*.py")}


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Without any Python of the runtime's version. Returns its home."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(bytecode, "_INSTALLED", bytecode._INSTALLED[:4])
    monkeypatch.setattr(sys, "version_info", (3, 11, 7, "final", 0))
    return tmp_path


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!{sys.executable}\n{text}\n")
    path.chmod(0o755)


def test_what_goes_to_aws_has_bytecode_of_its_runtime() -> None:
    if not runtime_interpreter():
        pytest.skip(NO_BYTECODE)
    built = package.build(Settings())
    assert kinds(built) == {"cpython-313"}
    compiled = {path.parent.parent / f"{path.name.split('.')[0]}.py" for path in built.rglob("*.pyc")}
    assert {path.relative_to(built) for path in compiled} == sources(built)


def test_what_goes_to_the_local_cloud_has_bytecode_of_this_interpreter() -> None:
    built = package.build(Settings(stage="local"))
    assert kinds(built) == {sys.implementation.cache_tag}


def test_a_shim_without_its_version_is_none(bare_machine: Path) -> None:
    program(bare_machine / "bin" / "python3.13", "import sys; sys.exit('python3.13: command not found')")
    assert runtime_interpreter() == ""
    assert kinds(package.build(Settings())) == set()


def test_a_python_of_another_version_is_none(bare_machine: Path) -> None:
    program(bare_machine / "bin" / "python3.13", "print('3.12')")
    assert runtime_interpreter() == ""


@pytest.mark.parametrize("manager", bytecode._INSTALLED[:4])
def test_what_a_version_manager_keeps_is_found_behind_its_shim(bare_machine: Path, manager: str) -> None:
    program(bare_machine / "bin" / "python3.13", "import sys; sys.exit(127)")
    kept = bare_machine / manager.removeprefix("~/").format(version="3.13").replace("*", ".4") / "python3.13"
    program(kept, "print('3.13')")
    assert runtime_interpreter() == str(kept)


def test_without_bytecode_the_deployer_is_warned(bare_machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.defpath)
    monkeypatch.setattr("stacks.functions.runtime_interpreter", lambda: "")
    stack = ServiceStack(new_app(bare_machine / "cdk.out"), "RdsOperations", Settings())
    Annotations.from_stack(stack).has_warning("*", Match.string_like_regexp("No Python 3.13 runs on this machine"))
