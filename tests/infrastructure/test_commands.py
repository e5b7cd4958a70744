"""The programs behind the make targets start."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infrastructure.conftest import ROOT

PROGRAMS = sorted(set(re.findall(r"python (?:-W ignore )?-m ([a-z_.]+)", (ROOT / "Makefile").read_text())) - {"pytest"})


def test_they_are_all_found() -> None:
    assert {"local", "tests.load", "tests.fuzz", "tests.bench", "tests.simulation", "tools.smoke"} <= set(PROGRAMS)


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_finds_all_that_it_imports(program: str) -> None:
    """Without pytest's own paths."""
    path = Path(program.replace(".", "/"))
    module = f"{program}.__main__" if (ROOT / path).is_dir() else program
    code = f"import importlib; importlib.import_module('{module}')"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
