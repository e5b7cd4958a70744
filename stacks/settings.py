"""The settings of one deployment: a JSON file and context overrides, checked before synthesis."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from rds_operations.rules.identity import Authentication
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.gate import GateSettings
from rds_operations.settings.targets import Account
from stacks.alarm_settings import AlarmSettings, checked_alarms
from stacks.archive_settings import ArchiveSettings, checked_archive
from stacks.console_settings import ConsoleSettings, checked_console
from stacks.setting_checks import (
    SettingsError,
    checked_authentication,
    checked_callers,
    checked_gate,
    checked_targets,
    require,
)

LOCAL = "local"
_LOG_RETENTION_DAYS = (30, 90, 180, 365, 731)
# Besides the waiting: one Poll with all its attempts, and all other states with theirs.
_LONGEST_POLL_SECONDS = 120
_OTHER_STATES_SECONDS = 1800
_FIRST_LATE_POLL_SECONDS, _RAREST_LATE_POLL_SECONDS = 30, 3600
_POLLS_OF_A_KIND, _TIMES_LONGER = 12, (1, 2, 4, 8, 12)


@dataclass(frozen=True)
class Settings:
    """Hold what docs/settings.md describes; `stage` names the API's stage, `local` leaves out what protects data."""

    stage: str = "v1"
    poll_interval_seconds: int = 30
    max_polls: int = 10
    late_watch_interval_seconds: int = 300
    late_watch_max_polls: int = 58
    allowed_origin: str = "*"
    authentication: tuple[str, ...] = (Authentication.IAM.value,)
    user_pool_arn: str = ""
    web_acl_arn: str = ""
    requests_per_address_in_five_minutes: int = 0
    throttle_rate_per_second: int = 5
    read_throttle_rate_per_second: int = 40
    live_throttle_rate_per_second: int = 5
    page_throttle_rate_per_second: int = 10
    log_retention_days: int = 90
    gate: GateSettings = field(default_factory=GateSettings)
    callers: CallerSettings = field(default_factory=CallerSettings)
    regions: tuple[str, ...] = ()
    accounts: Mapping[str, Account] = field(default_factory=dict)
    alarms: AlarmSettings = field(default_factory=AlarmSettings)
    console: ConsoleSettings = field(default_factory=ConsoleSettings)
    archive: ArchiveSettings = field(default_factory=ArchiveSettings)

    @property
    def is_local(self) -> bool:
        return self.stage == LOCAL

    @property
    def longest_execution_seconds(self) -> int:
        return (self.poll_interval_seconds + _LONGEST_POLL_SECONDS) * self.max_polls + _OTHER_STATES_SECONDS

    @property
    def longest_late_watch_seconds(self) -> int:
        waits = sum(map(self.late_watch_wait_seconds, range(self.late_watch_max_polls)))
        return waits + _LONGEST_POLL_SECONDS * self.late_watch_max_polls + _OTHER_STATES_SECONDS

    def late_watch_wait_seconds(self, polls: int) -> int:
        """Return the wait after so many polls, as the definition has it: a stuck operation must not cost dollars."""
        if polls == 0:
            return _FIRST_LATE_POLL_SECONDS
        longer = _TIMES_LONGER[min(polls // _POLLS_OF_A_KIND, len(_TIMES_LONGER) - 1)]
        return min(self.late_watch_interval_seconds * longer, _RAREST_LATE_POLL_SECONDS)

    @classmethod
    def load(cls, path: Path, overrides: Mapping[str, Any]) -> Settings:
        """Load a file. `overrides` are context values (`cdk synth -c max_polls=20`)."""
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
        if unknown := sorted(set(document) - KNOWN):
            raise SettingsError(f"Unknown setting {', '.join(unknown)}. Known: {', '.join(sorted(KNOWN))}")
        regions, accounts = checked_targets(document)
        return _checked(
            cls(
                **{name: _typed(name, document[name]) for name in SIMPLE_SETTINGS if name in document},
                authentication=checked_authentication(document.get("authentication", list(cls.authentication))),
                gate=checked_gate(
                    {name: document[name] for name in _GATE if name in document}, many_places=bool(regions or accounts)
                ),
                callers=checked_callers(document),
                regions=regions,
                accounts=accounts,
                alarms=checked_alarms(document.get("alarms", {})),
                console=checked_console(document.get("console", {})),
                archive=checked_archive(document.get("archive", {})),
            )
        )


_GATE = frozenset(item.name for item in fields(GateSettings))
_FILE_ONLY = (
    frozenset(
        {
            "authentication",
            "permissions",
            "auditors",
            "user_pool_client_ids",
            "regions",
            "accounts",
            "alarms",
            "console",
            "archive",
        }
    )
    | _GATE
)
SIMPLE_SETTINGS = frozenset(item.name for item in fields(Settings)) - {"gate", "callers"} - _FILE_ONLY
"""Numbers and texts; the others have their own checks."""
KNOWN = SIMPLE_SETTINGS | _FILE_ONLY
FILE_ONLY_SETTINGS = _FILE_ONLY | {"user_pool_arn"}
"""Who may do what, where, and who is told: only in the file, where a review sees it."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    names = [name for name, _ in pairs]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise SettingsError(f"The settings file names {twice} twice")
    return dict(pairs)


def _typed(name: str, value: Any) -> Any:
    """Check the value; on the command line numbers are text."""
    is_number = isinstance(getattr(Settings, name), int)
    if is_number and isinstance(value, str) and value.isdecimal():
        return int(value)
    if type(value) is not (int if is_number else str):
        raise SettingsError(f"{name} must be {'a whole number' if is_number else 'text'}, not {value!r}")
    return value


def _checked(settings: Settings) -> Settings:
    is_stage = re.fullmatch(r"[a-z0-9_]{1,30}", settings.stage)
    require(is_stage, "stage must be 1 to 30 lower-case letters, digits or underscores")
    require(1 <= settings.poll_interval_seconds <= 3600, "poll_interval_seconds must be 1 to 3600")
    require(1 <= settings.max_polls <= 500, "max_polls must be 1 to 500")
    require(60 <= settings.late_watch_interval_seconds <= 3600, "late_watch_interval_seconds must be 60 to 3600")
    # A poll makes about ten events, and an execution has at most 25,000.
    # https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
    require(1 <= settings.late_watch_max_polls <= 2000, "late_watch_max_polls must be 1 to 2000")
    for rate in ("throttle_rate", "read_throttle_rate", "live_throttle_rate", "page_throttle_rate"):
        require(getattr(settings, f"{rate}_per_second") >= 1, f"{rate}_per_second must be at least 1")
    require(
        re.fullmatch(r"(arn:aws[a-z\-]*:cognito-idp:[a-z0-9\-]+:[0-9]{12}:userpool/\S+)?", settings.user_pool_arn),
        "user_pool_arn must be the ARN of a Cognito user pool, or left out to have one made",
    )
    _check_pool(settings)
    require(
        re.fullmatch(r"(arn:aws[a-z\-]*:wafv2:[a-z0-9\-]+:[0-9]{12}:regional/webacl/\S+)?", settings.web_acl_arn),
        "web_acl_arn must be the ARN of a regional AWS WAF web ACL",
    )
    # https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based-high-level-settings.html
    limit = settings.requests_per_address_in_five_minutes
    require(limit == 0 or limit >= 10, "requests_per_address_in_five_minutes must be 0 (no limit), or at least 10")
    require(
        not (limit and settings.web_acl_arn),
        "web_acl_arn and requests_per_address_in_five_minutes exclude each other: an API has one web ACL",
    )
    require(
        not (limit and settings.is_local), "requests_per_address_in_five_minutes needs AWS: the local cloud has no WAF"
    )
    require(
        settings.log_retention_days in _LOG_RETENTION_DAYS,
        f"log_retention_days must be one of {', '.join(map(str, _LOG_RETENTION_DAYS))}",
    )
    require(
        re.fullmatch(r"\*|https?://[A-Za-z0-9.\-]+(:[0-9]+)?", settings.allowed_origin),
        "allowed_origin must be * or an origin such as https://dashboard.example.com",
    )
    return settings


def _check_pool(settings: Settings) -> None:
    console, given = settings.console, settings.user_pool_arn
    require(
        not (console.domain_prefix and given),
        "console: domain_prefix is for a pool of the stack's own; name the domain of user_pool_arn in pool_domain",
    )
    require(
        given or not console.pool_domain,
        "console: pool_domain is the domain of user_pool_arn; a pool of the stack's own takes domain_prefix",
    )
    require(
        not given or settings.callers.user_pool_client_ids or console.pool_domain,
        "user_pool_client_ids must name the app clients of user_pool_arn whose tokens are let in, or console its "
        "pool_domain: otherwise nobody can sign in",
    )
