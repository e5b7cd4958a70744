"""Orders and times survive the documents they travel in."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations import clock
from rds_operations.operations import OPERATIONS
from rds_operations.order import Order
from tests.unit.builders import MOMENT, an_order, moments


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_order_survives_its_document(operation: str) -> None:
    assert Order.from_document(an_order(operation).to_document()) == an_order(operation)


def test_equal_requests_have_one_fingerprint_whoever_asks() -> None:
    same = an_order(operation_id="other", caller={"userId": "jane"}, request_id="request-2", execution_arn="arn")
    reordered = an_order(parameters=dict(reversed(an_order().parameters.items())))
    assert an_order().fingerprint == same.fingerprint == reordered.fingerprint


@pytest.mark.parametrize(
    "other",
    [
        an_order(instance_id="dev-postgres-02"),
        an_order("reboot_instance"),
        an_order(parameters={"snapshot_id": "another"}),
        an_order(parameters={"tags": [{"Key": "a", "Value": "b"}]}),
    ],
)
def test_another_request_has_another_fingerprint(other: Order) -> None:
    assert other.fingerprint != an_order().fingerprint


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
