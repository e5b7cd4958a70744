import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.rules.preference import LONGEST_WAIT, seconds_to_wait


@pytest.mark.parametrize(
    ("prefer", "seconds"),
    [
        ("wait=1", 1),
        ("wait=15,", 15),
        ("Wait = 7", 7),
        ("respond-async, wait=3", 3),
        ("wait=3; foo=bar", 3),
        ("wait=3, wait=9", 3),
        ("wait=16", 15),
        ("wait=999999999", 15),
        ("wait=0", 0),
        ("wait=-1", 0),
        ("wait=1.5", 0),
        ("wait=\u0663", 0),
        ("wait", 0),
        ("wait=", 0),
        ("await=3", 0),
        ("wait=" + "9" * 10_000, 0),
        ("", 0),
    ],
)
def test_how_long_a_caller_waits(prefer: str, seconds: int) -> None:
    assert seconds_to_wait(prefer) == seconds


@given(st.text() | st.text("wait=;, 0123456789"))
def test_whatever_is_sent_the_wait_is_bounded(prefer: str) -> None:
    assert 0 <= seconds_to_wait(prefer) <= LONGEST_WAIT
