"""Times and durations as a person writes them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


def since(text: str) -> str:
    """Turn `today`, `yesterday` or an age such as `7d` into a time; days are UTC's, as in the records.

    All else is left to the service, which reads ISO 8601.
    """
    now = datetime.now(UTC)
    if text in ("today", "yesterday"):
        return str((now - timedelta(days=text == "yesterday")).date())
    if age := re.fullmatch(r"(\d{1,4})([mhdw])", text):
        return f"{now - timedelta(**{_UNITS[age[2]]: int(age[1])}):%Y-%m-%dT%H:%M:%SZ}"
    return text


def duration(text: str) -> float:
    """Return `90`, `90s`, `10m` or `2h` in seconds."""
    found = re.fullmatch(r"(\d{1,6})([smh]?)", text)
    if not found:
        raise click.BadParameter(f"{text!r} is not a duration such as 90s, 10m or 2h")
    return float(found[1]) * _SECONDS[found[2]]
