"""The settings group `alarms`: who is told, and from what number on."""

from __future__ import annotations

import re
from dataclasses import dataclass, fields
from typing import Any

from stacks.setting_checks import require

_TOPIC = re.compile(r"arn:aws[a-z\-]*:sns:[a-z0-9\-]+:[0-9]{12}:[A-Za-z0-9_\-]{1,256}")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_LINK = re.compile(r"[\x21-\x7e]{1,200}")
_MINUTES = {
    "rate_period_minutes": 1,
    "count_period_minutes": 1,
    "refusals_period_minutes": 1,
    "sweep_minutes": 10,
    "inventory_minutes": 30,
    "unreachable_minutes": 15,
    "digest_minutes": 70,
    "publish_minutes": 10,
}
"""The least of each period: of a schedule, its interval and some time for its run."""
_DAY = 1440
_MAY_BE_OFF = ("rate_errors", "refusals", "refused_credentials", "direct_starts")


@dataclass(frozen=True)
class AlarmSettings:
    """Hold what docs/settings.md describes. A number is what raises the alarm, within its period."""

    topic_arn: str = ""
    email: str = ""
    runbook: str = "docs/runbook.md"
    failure_rate_percent: int = 10
    timeout_rate_percent: int = 5
    rate_least_operations: int = 5
    rate_errors: int = 3
    rate_period_minutes: int = 60
    server_errors: int = 1
    function_errors: int = 3
    function_throttles: int = 1
    refused_credentials: int = 20
    direct_starts: int = 1
    count_period_minutes: int = 5
    refusals: int = 20
    refusals_period_minutes: int = 60
    sweep_minutes: int = 15
    inventory_minutes: int = 60
    unreachable_minutes: int = 30
    digest_minutes: int = 120
    publish_minutes: int = 10


def checked_alarms(document: Any) -> AlarmSettings:
    require(isinstance(document, dict), "alarms must be an object")
    known = {item.name: item.default for item in fields(AlarmSettings)}
    unknown = sorted(set(document) - set(known))
    require(not unknown, f"alarms: unknown {', '.join(unknown)}. Known: {', '.join(sorted(known))}")
    for name, value in document.items():
        kind = type(known[name])
        require(type(value) is kind, f"alarms: {name} must be {'a whole number' if kind is int else 'text'}")
        if kind is int:
            _check_number(name, value)
    settings = AlarmSettings(**document)
    _check_receivers(settings)
    return settings


def _check_number(name: str, value: int) -> None:
    if name in _MINUTES:
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
        require(_MINUTES[name] <= value <= _DAY, f"alarms: {name} must be {_MINUTES[name]} to {_DAY}")
    elif name.endswith("_percent"):
        require(0 <= value < 100, f"alarms: {name} must be 0 to 99")
    elif name in _MAY_BE_OFF:
        require(value >= 0, f"alarms: {name} must be at least 1, or 0 for none")
    else:
        require(value >= 1, f"alarms: {name} must be at least 1")


def _check_receivers(settings: AlarmSettings) -> None:
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html
    require(
        not settings.topic_arn or _TOPIC.fullmatch(settings.topic_arn),
        "alarms: topic_arn must be the ARN of a standard SNS topic, or left out to have one made",
    )
    require(
        not settings.email or _EMAIL.fullmatch(settings.email),
        "alarms: email must be an address such as dba@example.com",
    )
    require(
        not (settings.topic_arn and settings.email),
        "alarms: email subscribes to the stack's own topic. With topic_arn, subscribe to that topic yourself",
    )
    require(
        _LINK.fullmatch(settings.runbook),
        "alarms: runbook must be where your people find docs/runbook.md: an address of at most 200 characters",
    )
