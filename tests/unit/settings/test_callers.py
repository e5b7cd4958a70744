"""Who may request what, by a deployment's settings."""

import pytest

from rds_operations.settings import packaged
from rds_operations.settings.callers import CallerSettings
from tests.builders import ROLE


def test_settings_are_read_as_they_were_packaged(monkeypatch: pytest.MonkeyPatch) -> None:
    document = {"permissions": {ROLE: {"operations": ["reboot_instance"]}}, "auditors": ["group:audit"]}
    monkeypatch.setattr(packaged, "section", {"callers": document, "gate": {}, "targets": {}}.__getitem__)
    assert CallerSettings.packaged() == CallerSettings({ROLE: {"operations": ["reboot_instance"]}}, ("group:audit",))
    monkeypatch.setattr(packaged, "section", lambda _name: {})
    assert CallerSettings.packaged() == CallerSettings({}, ())
