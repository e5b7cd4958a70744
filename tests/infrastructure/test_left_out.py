"""`make test` ends with a line on what was not tested, if anything."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.infrastructure.conftest import ROOT
from tests.left_out import told
from tests.ready_project import program, ready_project

SKIPPED = """
import pytest

@pytest.fixture(scope="session")
def engine():
    pytest.skip("no engine here. To get it: apt-get install engine")

@pytest.mark.parametrize("number", range(3))
def test_on_the_engine(engine, number):
    pass
"""
COMPUTING = ["unit", "cli", "functions", "infrastructure", "local", "local_commands", "simulation"]
WAITING = ["people", "workflow", "workflow/records", "workflow/observability", "workflow/faults"]
PASSED = "def test_that_passes():\n    pass\n"
LEFT_OUT = "Not tested: 3 tests, because: no engine here. To get it: apt-get install engine"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    ready_project(tmp_path)
    for part in COMPUTING + WAITING:
        folder = tmp_path / "tests" / part
        folder.mkdir(parents=True)
        (folder / f"test_{folder.name}.py").write_text(PASSED)
    shutil.copy2(ROOT / "tests" / "left_out.py", tmp_path / "tests")
    (tmp_path / "node_modules" / ".bin").mkdir(parents=True)
    for tool in (".venv/bin/ruff", ".venv/bin/mypy", "node_modules/.bin/openapi-typescript", "node_modules/.bin/tsc"):
        program(tmp_path / tool, "exit 0")
    return tmp_path


def make_test(project: Path) -> subprocess.CompletedProcess[str]:
    outer = ("CI", "MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    environment = {name: value for name, value in os.environ.items() if name not in outer}
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # loading plugins takes most of the time
    return subprocess.run(["make", "test"], cwd=project, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("part", ["infrastructure", *WAITING])
def test_what_any_part_leaves_out_is_the_last_line_of_the_whole(project: Path, part: str) -> None:
    (project / "tests" / part / "test_skipped.py").write_text(SKIPPED)
    done = make_test(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == LEFT_OUT


def test_where_nothing_was_left_out_nothing_is_said(project: Path) -> None:
    done = make_test(project)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Not tested" not in done.stdout


def test_a_failure_is_not_hidden_behind_it(project: Path) -> None:
    (project / "tests" / "unit" / "test_skipped.py").write_text(SKIPPED + "\ndef test_that_fails():\n    assert 0\n")
    assert make_test(project).returncode


def report(path: Path, *outcomes: str) -> Path:
    path.write_text(f"<testsuites><testsuite>{''.join(outcomes)}</testsuite></testsuites>")
    return path


def skipped(reason: str, kind: str = "pytest.skip") -> str:
    return f'<testcase><skipped type="{kind}" message="{reason}">where</skipped></testcase>'


def test_every_reason_is_told_with_its_number_in_one_line(tmp_path: Path) -> None:
    one = report(tmp_path / "one.xml", skipped("no\nengine"), skipped("no cloud"), "<testcase/>")
    other = report(tmp_path / "other.xml", skipped("no\nengine"))
    assert told([one, other]) == "Not tested: 2 tests, because: no engine; 1 test, because: no cloud"


def test_an_expected_failure_is_not_left_out(tmp_path: Path) -> None:
    assert told([report(tmp_path / "one.xml", skipped("known", "pytest.xfail"))]) == ""
