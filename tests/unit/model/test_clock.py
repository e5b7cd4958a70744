from datetime import UTC, datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model import clock
from tests.builders import MOMENT, moments


def test_times_are_written_in_utc_with_milliseconds_and_z() -> None:
    east = datetime(2025, 11, 13, 18, 30, tzinfo=timezone(timedelta(hours=8)))
    assert clock.to_text(MOMENT) == clock.to_text(east) == "2025-11-13T10:30:00.000Z"


@given(moments)
def test_a_time_survives_its_text_to_the_millisecond(moment: datetime) -> None:
    assert moment - clock.from_text(clock.to_text(moment)) < timedelta(milliseconds=1)


@given(st.integers(1_577_836_800_000, 3_786_912_000_000))
def test_an_execution_starts_at_one_time_in_both_spellings(milliseconds: int) -> None:
    text = clock.to_text(clock.from_start(milliseconds))
    seconds, rest = divmod(milliseconds, 1000)
    assert text == datetime.fromtimestamp(seconds, UTC).strftime(f"%Y-%m-%dT%H:%M:%S.{rest:03}Z")
    assert clock.from_start(text) == clock.from_start(milliseconds)


def test_an_item_expires_after_ninety_days_in_epoch_seconds() -> None:
    assert clock.expiry(MOMENT) == 1763029800 + 90 * 86400
