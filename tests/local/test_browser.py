"""In CI, `make setup` installs the browser that the pages are tested in, where it is missing."""

from pathlib import Path

import pytest

from local import browser
from local.setup import SetupError
from tests.ready_project import program


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder of programs, with an apt-get that notes its arguments and makes a browser."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(browser, "find_spec", lambda _name: object())  # Playwright is there
    script = 'echo "$@" >> "${0%/*}/asked"\necho "#!/bin/sh" > "${0%/*}/chromium"; /bin/chmod +x "${0%/*}/chromium"'
    program(tmp_path / "apt-get", script)
    return tmp_path


def test_it_is_installed_once(programs: Path) -> None:
    browser.install()
    browser.install()
    assert (programs / "asked").read_text().splitlines() == ["update -qq", "install -qq -y chromium"]
    assert browser.missing() == []


def test_a_browser_of_another_name_will_do(programs: Path) -> None:
    program(programs / "google-chrome", "exit")
    browser.install()
    assert browser.chromium() == str(programs / "google-chrome")
    assert not (programs / "asked").exists()


def test_an_apt_get_that_installs_nothing_is_told(programs: Path) -> None:
    program(programs / "apt-get", "exit")
    with pytest.raises(SetupError, match="Still missing: Chromium"):
        browser.install()


def test_without_apt_get_it_says_what_to_install(programs: Path) -> None:
    (programs / "apt-get").unlink()
    with pytest.raises(SetupError, match=r"apt-get install chromium.*here is no apt-get"):
        browser.install()
