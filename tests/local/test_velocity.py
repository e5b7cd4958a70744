"""In CI, `make setup` installs Apache Velocity, whatever an earlier set-up installed; elsewhere it does not."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from local import velocity
from local.setup import SetupError
from tests.ready_project import program, ready_project

MAKE = shutil.which("make") or "make"
WITHOUT_A_COMPILER = "velocity libcommons-lang-java default-jdk-headless"


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """Return a folder with the only program: an apt-get that records its arguments and installs nothing."""
    folder = tmp_path / "programs"
    folder.mkdir()
    program(folder / "apt-get", 'echo "$@" >> "${0%/*}/asked"')
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project that was set up without CI, and is up to date."""
    return ready_project(tmp_path / "project")


def asked(programs: Path) -> list[str]:
    notes = programs / "asked"
    return notes.read_text().splitlines() if notes.exists() else []


def make_setup(project: Path, programs: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": str(programs), "PYTHONDONTWRITEBYTECODE": "1", **environment}
    return subprocess.run([MAKE, "setup"], cwd=project, env=environment, capture_output=True, text=True, check=False)


def test_a_set_up_that_was_made_without_ci_is_not_ready_for_ci(project: Path, programs: Path) -> None:
    done = make_setup(project, programs, CI="true")
    assert asked(programs) == ["update -qq", f"install -qq -y {WITHOUT_A_COMPILER}"]
    assert done.returncode, "this apt-get has installed nothing"
    assert "Still missing: java, javac" in done.stderr


def test_what_a_set_up_in_ci_has_installed_may_be_gone(project: Path, programs: Path) -> None:
    """A `.venv` kept from an earlier run says nothing about this machine."""
    for _run in range(2):
        make_setup(project, programs, CI="true")
    assert len(asked(programs)) == 4


@pytest.mark.parametrize("environment", [{}, {"CI": ""}], ids=["unset", "empty"])
def test_without_ci_nothing_is_installed_on_the_machine(
    project: Path, programs: Path, environment: dict[str, str]
) -> None:
    assert make_setup(project, programs, **environment).returncode == 0
    assert asked(programs) == []


@pytest.fixture
def parts(tmp_path: Path, programs: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    jars = [tmp_path / jar.name for jar in velocity.JARS]
    for jar in jars:
        jar.touch()
    compiler = [programs / "java", programs / "javac"]
    for path in compiler:
        program(path, "exit 1")
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.setattr(velocity, "JARS", jars)
    return [*jars, *compiler]


def test_what_is_there_is_not_installed_again(programs: Path, parts: list[Path]) -> None:
    velocity.main()
    assert asked(programs) == []


@pytest.mark.parametrize("part", range(5))
def test_without_any_one_part_the_engine_is_installed(programs: Path, parts: list[Path], part: int) -> None:
    """Even a runtime without a compiler is not enough for the tests."""
    parts[part].unlink()
    with pytest.raises(SetupError, match=f"Still missing: .*{parts[part].name}"):
        velocity.main()
    assert asked(programs)[0] == "update -qq"


def test_where_there_is_no_apt_get_it_says_what_to_install(programs: Path, parts: list[Path]) -> None:
    (programs / "apt-get").unlink()
    parts[0].unlink()
    with pytest.raises(SetupError, match=r"missing: .*velocity\.jar.* libcommons-lang-java; here is no apt-get"):
        velocity.main()
