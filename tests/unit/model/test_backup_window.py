"""Windows, compared with two models: one marks every minute of the week, one follows a clock minute by minute."""

from itertools import pairwise, product, takewhile

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from rds_operations.model.backup_window import DAY, WEEK, BackupWindow, MaintenanceWindow
from rds_operations.model.refusals import Refusal
from rds_operations.operations.modify_backup_window import parse_backup_window

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ALL_WEEK = (1 << WEEK) - 1


CLOCK = [f"{hour:02}:{minute:02}" for hour in range(24) for minute in range(60)]
"""All clock times of a day, and below of a week."""
WEEK_CLOCK = [f"{weekday}:{reading}" for weekday in WEEKDAYS for reading in CLOCK]
readings = st.sampled_from(CLOCK)
week_readings = st.sampled_from(WEEK_CLOCK)


def walked(readings_in_order: list[str], text: str) -> list[str]:
    """Return the clock times from a window's start until just before its end."""
    start, end = text.split("-")
    first = readings_in_order.index(start)
    return list(takewhile(lambda reading: reading != end, readings_in_order[first:] + readings_in_order[:first]))


def meet(daily: str, weekly: str) -> bool:
    """Return whether, on any weekday, the windows share a minute."""
    weekly_minutes = {reading[len("mon:") :] for reading in walked(WEEK_CLOCK, weekly)}
    return bool(weekly_minutes.intersection(walked(CLOCK, daily)))


def clock_time(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def backup_text(start: int, length: int) -> str:
    return f"{clock_time(start)}-{clock_time((start + length) % DAY)}"


def maintenance_text(start: int, length: int) -> str:
    moments = (start, (start + length) % WEEK)
    return "-".join(f"{WEEKDAYS[moment // DAY]}:{clock_time(moment % DAY)}" for moment in moments)


def painted(start: int, length: int) -> int:
    """Return a span's minutes as bits of a week that wraps around."""
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


@given(readings, readings, week_readings, week_readings)
def test_any_two_windows_meet_where_the_clock_says_so(start: str, end: str, from_: str, to: str) -> None:
    assume(start != end and from_ != to)  # a window without minutes is refused in requests, and unknown in RDS
    asked, weekly = BackupWindow.parse(f"{start}-{end}"), MaintenanceWindow.parse(f"{from_}-{to}")
    assert asked
    assert weekly
    assert asked.overlaps(weekly) == meet(f"{start}-{end}", f"{from_}-{to}")


NEXT = dict(pairwise([*WEEK_CLOCK, WEEK_CLOCK[0]]))
BEFORE = {after: before for before, after in NEXT.items()}
MORROW = dict(pairwise([*WEEKDAYS, WEEKDAYS[0]]))


@given(st.sampled_from(WEEKDAYS), readings, readings)
def test_windows_that_touch_are_apart_and_one_minute_more_is_too_much(weekday: str, start: str, end: str) -> None:
    """The maintenance window fills the gap between two backups, or reaches a minute into either."""
    assume(start != end)
    gap_from = f"{weekday}:{end}"
    gap_to = f"{weekday if end < start else MORROW[weekday]}:{start}"
    asked = BackupWindow.parse(f"{start}-{end}")
    assert asked
    for weekly, overlap in (
        (f"{gap_from}-{gap_to}", False),
        (f"{gap_from}-{NEXT[gap_to]}", True),
        (f"{BEFORE[gap_from]}-{gap_to}", True),
    ):
        window = MaintenanceWindow.parse(weekly)
        assert window
        assert asked.overlaps(window) is overlap, weekly


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


def test_the_hours_and_minutes_of_a_clock_are_read_and_no_others() -> None:
    minutes = set(CLOCK)
    for hour, minute in product(range(100), repeat=2):
        time = f"{hour:02}:{minute:02}"
        on_the_clock = time in minutes
        assert (BackupWindow.parse(f"{time}-12:34") is not None) == on_the_clock, time
        assert (BackupWindow.parse(f"12:34-{time}") is not None) == on_the_clock, time


@given(readings, readings)
def test_a_backup_window_begins_and_lasts_as_the_clock_says(start: str, end: str) -> None:
    minutes = walked(CLOCK, f"{start}-{end}")
    assert BackupWindow.parse(f"{start}-{end}") == BackupWindow(CLOCK.index(start), len(minutes))
    taken = parse_backup_window(f"{start}-{end}")
    if len(minutes) >= 30:
        assert taken == f"{start}-{end}"
    else:
        assert isinstance(taken, Refusal)
        assert taken.error.endswith(f"; {start}-{end} has {len(minutes)}")


@given(week_readings, week_readings)
def test_a_maintenance_window_begins_and_lasts_as_the_clock_says(start: str, end: str) -> None:
    expected = MaintenanceWindow(WEEK_CLOCK.index(start), len(walked(WEEK_CLOCK, f"{start}-{end}")))
    assert MaintenanceWindow.parse(f"{start}-{end}") == expected
    assert MaintenanceWindow.parse(f"{start}-{end}".title()) == expected


def test_thirty_minutes_are_enough_from_every_minute_of_the_day() -> None:
    twice = CLOCK + CLOCK
    for position, start in enumerate(CLOCK):
        assert isinstance(parse_backup_window(f"{start}-{twice[position + 29]}"), Refusal), start
        assert parse_backup_window(f"{start}-{twice[position + 30]}") == f"{start}-{twice[position + 30]}"


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
