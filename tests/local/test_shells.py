"""In CI, `make setup` installs the shells whose completion is tested, where they are missing."""

from pathlib import Path

import pytest

from local import shells
from local.setup import SetupError
from tests.ready_project import program


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder of programs, with an apt-get that notes its arguments and makes what it installs."""
    monkeypatch.setenv("PATH", str(tmp_path))
    script = 'echo "$@" >> "${0%/*}/asked"\nfor name in "$@"; do case $name in zsh|fish|bash)\n'
    script += 'echo "#!/bin/sh" > "${0%/*}/$name"; /bin/chmod +x "${0%/*}/$name";; esac; done'
    program(tmp_path / "apt-get", script)
    return tmp_path


def test_only_what_is_missing_is_installed(programs: Path) -> None:
    program(programs / "bash", "exit")
    shells.install()
    shells.install()
    assert (programs / "asked").read_text().splitlines() == ["update -qq", "install -qq -y fish zsh"]


def test_without_apt_get_it_says_what_to_install(programs: Path) -> None:
    (programs / "apt-get").unlink()
    with pytest.raises(SetupError, match="apt-get install bash fish zsh; here is no apt-get"):
        shells.install()


def test_an_apt_get_that_installs_nothing_is_told(programs: Path) -> None:
    program(programs / "apt-get", "exit")
    with pytest.raises(SetupError, match="Still missing: bash, fish, zsh"):
        shells.install()
