"""Backup and maintenance windows: minutes of the day and of the week, in UTC."""

from __future__ import annotations

import re
from dataclasses import dataclass

DAY = 24 * 60
WEEK = 7 * DAY
SHORTEST_BACKUP_WINDOW = 30
_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_BACKUP = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-3]):([0-5][0-9])", re.ASCII)
_MAINTENANCE = re.compile(r"([a-z]{3}):([0-9]{2}):([0-9]{2})-([a-z]{3}):([0-9]{2}):([0-9]{2})", re.ASCII)


@dataclass(frozen=True)
class BackupWindow:
    """A daily window; `start` and `length` in minutes, so a window may cross midnight.

    RDS asks for hh24:mi-hh24:mi in UTC, at least 30 minutes, not in conflict with the maintenance window. `parse`
    checks the form alone.
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
    """

    start: int
    length: int

    @classmethod
    def parse(cls, text: str) -> BackupWindow | None:
        found = _BACKUP.fullmatch(text)
        if not found:
            return None
        from_hour, from_minute, to_hour, to_minute = map(int, found.groups())
        start = from_hour * 60 + from_minute
        return cls(start, (to_hour * 60 + to_minute - start) % DAY)

    @property
    def long_enough(self) -> bool:
        return self.length >= SHORTEST_BACKUP_WINDOW

    def overlaps(self, maintenance: MaintenanceWindow) -> bool:
        """Tell whether any day's run of this window shares a minute with the weekly maintenance window."""
        return any(
            _overlap(day * DAY + self.start, self.length, maintenance.start, maintenance.length) for day in range(7)
        )


@dataclass(frozen=True)
class MaintenanceWindow:
    """A weekly window as RDS reports it, `ddd:hh24:mi-ddd:hh24:mi`; minutes from Monday 00:00."""

    start: int
    length: int

    @classmethod
    def parse(cls, text: str) -> MaintenanceWindow | None:
        found = _MAINTENANCE.fullmatch(text.lower())
        if not found or found[1] not in _WEEKDAYS or found[4] not in _WEEKDAYS:
            return None
        start = _minute_of_week(found[1], found[2], found[3])
        return cls(start, (_minute_of_week(found[4], found[5], found[6]) - start) % WEEK)


def _minute_of_week(weekday: str, hour: str, minute: str) -> int:
    return _WEEKDAYS.index(weekday) * DAY + int(hour) * 60 + int(minute)


def _overlap(start: int, length: int, other_start: int, other_length: int) -> bool:
    """Two spans on the circle of a week: one of them starts inside the other."""
    return (other_start - start) % WEEK < length or (start - other_start) % WEEK < other_length
