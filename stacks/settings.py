"""The settings of one deployment: a JSON file, checked before anything is synthesised, and context overrides."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from rds_operations.classification import ALLOWED_ENVIRONMENTS, Environment, environment_of
from rds_operations.gate_settings import GateSettings
from rds_operations.identifiers import INSTANCE_ID_LENGTH, rds_identifier

LOCAL = "local"
_ENVIRONMENTS = ", ".join(sorted([*(e.value for e in ALLOWED_ENVIRONMENTS), Environment.PRODUCTION.value]))
_LOG_RETENTION_DAYS = (30, 90, 180, 365, 731)
# Beyond the waiting: a Poll with all its attempts, and every other state with all of its.
_LONGEST_POLL_SECONDS = 120
_OTHER_STATES_SECONDS = 900


class SettingsError(ValueError):
    """A sentence that names the setting and what to write instead."""


@dataclass(frozen=True)
class Settings:
    """`stage` names the API's stage, and `local` leaves out what protects data; the rest as docs/settings.md says."""

    stage: str = "v1"
    poll_interval_seconds: int = 30
    max_polls: int = 10
    late_watch_interval_seconds: int = 300
    late_watch_max_polls: int = 288
    allowed_origin: str = "*"
    throttle_rate_per_second: int = 5
    throttle_burst: int = 10
    log_retention_days: int = 90
    gate: GateSettings = field(default_factory=GateSettings)

    @property
    def is_local(self) -> bool:
        return self.stage == LOCAL

    @property
    def longest_execution_seconds(self) -> int:
        """No OPERATION runs for longer than this."""
        return (self.poll_interval_seconds + _LONGEST_POLL_SECONDS) * self.max_polls + _OTHER_STATES_SECONDS

    @property
    def longest_late_watch_seconds(self) -> int:
        """No late watch runs for longer than this."""
        longest_poll = self.late_watch_interval_seconds + _LONGEST_POLL_SECONDS
        return longest_poll * self.late_watch_max_polls + _OTHER_STATES_SECONDS

    @classmethod
    def load(cls, path: Path, overrides: Mapping[str, Any]) -> Settings:
        """`overrides` are context values (`cdk synth -c max_polls=20`), where they name a setting outside the gate."""
        try:
            document = json.loads(path.read_text(), object_pairs_hook=_unique)
        except OSError as error:
            raise SettingsError(f"The settings file {path} cannot be read: {error.strerror}") from error
        except SettingsError:
            raise
        except ValueError as error:
            raise SettingsError(f"The settings file {path} is not JSON: {error}") from error
        if not isinstance(document, dict):
            raise SettingsError(f"The settings file {path} must hold a JSON object")
        return cls.from_document({**document, **overrides})

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Settings:
        gate_names = {item.name for item in fields(GateSettings)}
        own_names = {item.name for item in fields(cls)} - {"gate"}
        if unknown := sorted(set(document) - gate_names - own_names):
            known = ", ".join(sorted(own_names | gate_names))
            raise SettingsError(f"Unknown setting {', '.join(unknown)}. Known: {known}")
        own = {name: value for name, value in document.items() if name in own_names}
        gate = _checked_gate({name: value for name, value in document.items() if name in gate_names})
        return _checked(cls(**{name: _typed(name, value) for name, value in own.items()}, gate=gate))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise SettingsError(f"The settings file names {twice} twice")
    return dict(pairs)


def _typed(name: str, value: Any) -> Any:
    """Context values on the command line are text."""
    is_number = isinstance(getattr(Settings, name), int)
    if is_number and isinstance(value, str) and value.isdecimal():
        return int(value)
    if type(value) is not (int if is_number else str):
        raise SettingsError(f"{name} must be {'a whole number' if is_number else 'text'}, not {value!r}")
    return value


def _checked(settings: Settings) -> Settings:
    is_stage = re.fullmatch(r"[a-z0-9_]{1,30}", settings.stage)
    _require(is_stage, "stage must be 1 to 30 lower-case letters, digits or underscores")
    _require(1 <= settings.poll_interval_seconds <= 3600, "poll_interval_seconds must be 1 to 3600")
    _require(1 <= settings.max_polls <= 500, "max_polls must be 1 to 500")
    _require(60 <= settings.late_watch_interval_seconds <= 3600, "late_watch_interval_seconds must be 60 to 3600")
    # A poll makes about ten events, and an execution has at most 25,000.
    # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    _require(1 <= settings.late_watch_max_polls <= 2000, "late_watch_max_polls must be 1 to 2000")
    _require(settings.throttle_rate_per_second >= 1, "throttle_rate_per_second must be at least 1")
    _require(settings.throttle_burst >= 1, "throttle_burst must be at least 1")
    _require(
        settings.log_retention_days in _LOG_RETENTION_DAYS,
        f"log_retention_days must be one of {', '.join(map(str, _LOG_RETENTION_DAYS))}",
    )
    _require(
        re.fullmatch(r"\*|https?://[A-Za-z0-9.\-]+(:[0-9]+)?", settings.allowed_origin),
        "allowed_origin must be * or an origin such as https://dashboard.example.com",
    )
    return settings


def _checked_gate(document: dict[str, Any]) -> GateSettings:
    names = document.get("environment_tag_names", ["Environment"])
    _require(
        isinstance(names, list) and names and all(isinstance(name, str) and name for name in names),
        "environment_tag_names must be a list of tag names, with at least one",
    )
    for setting in ("instance_mappings", "account_mappings", "naming_patterns"):
        _check_mapping(setting, document.get(setting, {}))
    for instance in document.get("instance_mappings", {}):
        normal = rds_identifier(instance, INSTANCE_ID_LENGTH)
        _require(normal == instance, f"instance_mappings: {instance!r} is not a lower-case RDS instance identifier")
    for account in document.get("account_mappings", {}):
        _require(re.fullmatch(r"[0-9]{12}", account), f"account_mappings: {account!r} is not a 12-digit account id")
    for pattern in document.get("naming_patterns", {}):
        _check_pattern(pattern)
    default = document.get("default_environment", "")
    _require(isinstance(default, str), "default_environment must be text")
    if default:
        _check_environment("default_environment", default)
    _require(isinstance(document.get("production_veto", False), bool), "production_veto must be true or false")
    return GateSettings.from_document(document)


def _check_mapping(setting: str, mapping: Any) -> None:
    _require(isinstance(mapping, dict), f"{setting} must be an object")
    for key, environment in mapping.items():
        _check_environment(f"{setting}: {key!r}", environment)


def _check_environment(where: str, environment: Any) -> None:
    known = isinstance(environment, str) and environment_of(environment) is not Environment.UNKNOWN
    _require(known, f"{where}: {environment!r} is not an environment. Use one of {_ENVIRONMENTS}")


def _check_pattern(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise SettingsError(f"naming_patterns: {pattern!r} is not a regular expression: {error}") from error
    _require(
        not re.search(pattern, ""),
        f"naming_patterns: {pattern!r} fits every instance. If that is meant, set default_environment",
    )


def _require(condition: object, sentence: str) -> None:
    if not condition:
        raise SettingsError(sentence)
