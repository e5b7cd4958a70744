"""Windows, against a model that paints every minute of the week."""

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.operations.modify_backup_window import parse_backup_window
from rds_operations.refusals import Refusal
from rds_operations.windows import DAY, WEEK, BackupWindow, MaintenanceWindow

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALL_WEEK = (1 << WEEK) - 1


def clock_time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def backup_text(start: int, length: int) -> str:
    return f"{clock_time(start)}-{clock_time((start + length) % DAY)}"


def maintenance_text(start: int, length: int) -> str:
    moments = (start, (start + length) % WEEK)
    return "-".join(f"{WEEKDAYS[moment // DAY]}:{clock_time(moment % DAY)}" for moment in moments)


def painted(start: int, length: int) -> int:
    """The minutes of one span as bits on the circle of a week."""
    line = ((1 << length) - 1) << start
    return (line | line >> WEEK) & ALL_WEEK


def painted_daily(start: int, length: int) -> int:
    bits = 0
    for day in range(7):
        bits |= painted(day * DAY + start, length)
    return bits


def backup(start: int, length: int) -> BackupWindow:
    window = BackupWindow.parse(backup_text(start, length))
    assert window is not None
    return window


def maintenance(start: int, length: int) -> MaintenanceWindow:
    window = MaintenanceWindow.parse(maintenance_text(start, length))
    assert window is not None
    return window


def test_every_half_hour_of_the_week_overlaps_as_the_minutes_do() -> None:
    backups = list(product(range(0, DAY, 30), (30, 31, 90, DAY - 1)))
    maintenances = list(product(range(0, WEEK, 30), (30, 61)))
    painted_backups = [(backup(*span), painted_daily(*span)) for span in backups]
    for span in maintenances:
        window, minutes = maintenance(*span), painted(*span)
        for asked, asked_minutes in painted_backups:
            assert asked.overlaps(window) == bool(asked_minutes & minutes), (asked, window)


@given(st.integers(0, DAY - 1), st.integers(1, DAY - 1), st.integers(0, WEEK - 1), st.integers(1, WEEK - 1))
def test_any_two_windows_overlap_as_the_minutes_do(start: int, length: int, from_: int, long: int) -> None:
    expected = bool(painted_daily(start, length) & painted(from_, long))
    assert backup(start, length).overlaps(maintenance(from_, long)) == expected


@pytest.mark.parametrize(
    ("asked", "weekly", "overlap"),
    [
        ("03:00-04:00", "wed:03:59-wed:04:29", True),
        ("03:00-04:00", "wed:04:00-wed:04:30", False),
        ("23:30-00:30", "tue:00:29-tue:00:59", True),
        ("23:30-00:30", "tue:00:30-tue:01:00", False),
        ("23:30-00:30", "mon:00:00-mon:00:20", True),
        ("00:00-00:30", "sun:23:45-mon:00:15", True),
        ("23:30-00:00", "sun:23:59-mon:00:29", True),
        ("00:30-01:00", "sun:23:45-mon:00:30", False),
    ],
)
def test_the_edges_of_the_day_and_the_week(asked: str, weekly: str, overlap: bool) -> None:
    window, other = BackupWindow.parse(asked), MaintenanceWindow.parse(weekly)
    assert window
    assert other
    assert window.overlaps(other) is overlap


@pytest.mark.parametrize(
    "text",
    [
        "", "03:00", "03:00-", "-04:00", "0300-0400", "3:00-04:00", "03:0-04:00", "003:00-04:00", "24:00-01:00",
        "23:00-24:00", "03:60-04:00", "03:00-04:60", "03:00–04:00", "03:00 - 04:00", " 03:00-04:00", "03:00-04:00 ",
        "03:00-04:00\n", "\n03:00-04:00", "03:00-04:00\x00", "03:00-04:00Z", "03:00-04:00-05:00", "03.00-04.00",
        "-3:00-04:00", "+3:00-04:00", "٠٣:٠٠-٠٤:٠٠", "０３:００-０４:００", "03:00-04:0²", "ab:cd-ef:gh",
    ],
)  # fmt: skip
def test_a_malformed_backup_window_is_refused_with_the_documented_text(text: str) -> None:
    refusal = parse_backup_window(text)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.error) == (400, "Invalid backup_window format. Use HH:MM-HH:MM")


@given(st.from_regex(r"\d\d:\d\d-\d\d:\d\d", fullmatch=True) | st.text(max_size=12))
def test_whatever_parses_is_spelled_exactly_so(text: str) -> None:
    window = BackupWindow.parse(text)
    assert window is None or backup_text(window.start, window.length) == text


@pytest.mark.parametrize(
    ("text", "minutes"),
    [("03:00-03:29", 29), ("23:45-00:14", 29), ("00:00-00:00", 0), ("12:34-12:34", 0), ("00:00-00:01", 1)],
)
def test_a_window_under_thirty_minutes_is_refused_with_its_length(text: str, minutes: int) -> None:
    refusal = parse_backup_window(text)
    assert isinstance(refusal, Refusal)
    expected = f"Invalid backup_window. It must be at least 30 minutes long; {text} has {minutes}"
    assert (refusal.status, refusal.error) == (400, expected)


@pytest.mark.parametrize("text", ["03:00-03:30", "23:45-00:15", "23:30-00:30", "00:00-23:59", "00:01-00:00"])
def test_a_window_of_thirty_minutes_or_more_is_taken_as_it_is_written(text: str) -> None:
    assert parse_backup_window(text) == text


@pytest.mark.parametrize("value", [3, True, None, ["03:00-04:00"], {"start": "03:00"}])
def test_a_window_that_is_not_text_is_refused(value: object) -> None:
    assert isinstance(parse_backup_window(value), Refusal)


@pytest.mark.parametrize("text", ["", "06:38-07:08", "wed:06:38", "xyz:06:38-wed:07:08", "wed:06:38-day:07:08"])
def test_a_maintenance_window_that_rds_would_not_write_is_none(text: str) -> None:
    assert MaintenanceWindow.parse(text) is None


def test_a_maintenance_window_is_read_in_any_case() -> None:
    assert MaintenanceWindow.parse("Sun:23:45-Mon:00:15") == MaintenanceWindow(6 * DAY + 23 * 60 + 45, 30)
