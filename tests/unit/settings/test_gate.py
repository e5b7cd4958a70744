"""The gate's settings inside the deployed functions."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from rds_operations.settings import packaged
from rds_operations.settings.gate import ENVIRONMENT_TAG_NAMES, GateSettings

SOME = GateSettings(
    environment_tag_names=("Tier", "Environment"),
    ignored_tag_names=("Stage",),
    environment_words={"preview": "test"},
    instance_mappings={"dev-postgres-01": "dev"},
    account_mappings={"123456789012": "test"},
    naming_patterns={"^poc-": "poc", "-qa$": "test"},
    default_environment="staging",
    production_veto=True,
)


@pytest.mark.parametrize("settings", [GateSettings(), SOME])
def test_settings_survive_the_file_they_are_shipped_in(
    settings: GateSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "packaged_settings.json"
    file.write_text(json.dumps({"gate": asdict(settings), "callers": {}, "targets": {}}))
    monkeypatch.setattr(packaged, "FILE", file)
    assert GateSettings.packaged() == settings
    assert list(GateSettings.packaged().naming_patterns) == list(settings.naming_patterns)


def test_without_the_file_nothing_but_tags_classifies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packaged, "FILE", tmp_path / "none.json")
    assert GateSettings.packaged() == GateSettings()


def test_an_empty_document_means_the_documented_tag_names_and_no_default() -> None:
    settings = GateSettings.from_document({})
    assert settings.environment_tag_names == ENVIRONMENT_TAG_NAMES
    assert settings.default_environment == ""


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(TypeError, match="defaultenvironment"):
        GateSettings.from_document({"defaultenvironment": "dev"})
