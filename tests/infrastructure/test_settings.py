"""The settings file is checked before anything is synthesised."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stacks.settings import Settings, SettingsError
from tests.infrastructure.conftest import ROOT

BAD: dict[str, tuple[dict[str, Any], str]] = {
    "unknown key": ({"default_enviroment": "test"}, "Unknown setting default_enviroment. Known: "),
    "bad pattern": ({"naming_patterns": {"(": "test"}}, "naming_patterns: '(' is not a regular expression"),
    "pattern that fits all": ({"naming_patterns": {".*": "test"}}, "naming_patterns: '.*' fits every instance"),
    "empty pattern": ({"naming_patterns": {"": "test"}}, "naming_patterns: '' fits every instance"),
    "unknown environment": ({"account_mappings": {"123456789012": "blue"}}, "'blue' is not an environment. Use one of"),
    "bad default": ({"default_environment": "any"}, "default_environment: 'any' is not an environment"),
    "bad account": ({"account_mappings": {"123": "test"}}, "account_mappings: '123' is not a 12-digit account id"),
    "upper-case instance": ({"instance_mappings": {"Dev-1": "test"}}, "'Dev-1' is not a lower-case RDS instance"),
    "mapping is a list": ({"instance_mappings": []}, "instance_mappings must be an object"),
    "no tag names": (
        {"environment_tag_names": []},
        "environment_tag_names must be a list of tag names, with",
    ),
    "text for a number": ({"max_polls": "many"}, "max_polls must be a whole number, not 'many'"),
    "true for a number": ({"max_polls": True}, "max_polls must be a whole number, not True"),
    "zero polls": ({"max_polls": 0}, "max_polls must be 1 to 500"),
    "bad origin": ({"allowed_origin": "dashboard"}, "allowed_origin must be * or an origin"),
    "odd retention": ({"log_retention_days": 91}, "log_retention_days must be one of 30, 90"),
    "veto as text": ({"production_veto": "yes"}, "production_veto must be true or false"),
    "late watch too often": ({"late_watch_interval_seconds": 5}, "late_watch_interval_seconds must be 60 to 3600"),
    "late watch too long": ({"late_watch_max_polls": 2001}, "late_watch_max_polls must be 1 to 2000"),
}


@pytest.mark.parametrize(("document", "sentence"), BAD.values(), ids=BAD.keys())
def test_bad_settings_are_refused_with_a_sentence(tmp_path: Path, document: dict[str, Any], sentence: str) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(document))
    with pytest.raises(SettingsError) as error:
        Settings.load(file, {})
    assert sentence in str(error.value)


def test_missing_or_broken_file(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read: No such file"):
        Settings.load(tmp_path / "none.json", {})
    broken = tmp_path / "broken.json"
    broken.write_text("{")
    with pytest.raises(SettingsError, match="is not JSON"):
        Settings.load(broken, {})


def test_a_setting_named_twice_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"default_environment": "test", "default_environment": "poc"}')
    with pytest.raises(SettingsError, match="names default_environment twice"):
        Settings.load(file, {})


def test_context_overrides_the_file(tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text('{"max_polls": 12, "naming_patterns": {"^dev-": "dev"}}')
    settings = Settings.load(file, {"max_polls": "40", "poll_interval_seconds": 45})
    assert (settings.max_polls, settings.poll_interval_seconds) == (40, 45)
    assert settings.longest_execution_seconds > 40 * 45
    assert settings.gate.naming_patterns == {"^dev-": "dev"}


def test_shipped_settings_classify_nothing_by_default() -> None:
    settings = Settings.load(ROOT / "settings" / "default.json", {})
    assert settings.gate.default_environment == ""
    assert settings.gate.naming_patterns == {}


def test_the_app_says_what_is_wrong_and_stops(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(ROOT / "app.py")],
        cwd=tmp_path,
        env={
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "CDK_CONTEXT_JSON": '{"settings": "nowhere.json"}',
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1].startswith("settings: The settings file ")
