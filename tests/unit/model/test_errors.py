"""What a caller may do after an error."""

import pytest

from rds_operations.model.errors import (
    NoEffect,
    QueueUnavailable,
    RdsRejected,
    RdsThrottled,
    RdsUnavailable,
    RdsUnreachable,
    Retryable,
    ServiceError,
    TableBusy,
    TableUnavailable,
)


def test_an_error_keeps_its_message_for_the_cause() -> None:
    throttled = RdsThrottled("Throttling", "Rate exceeded")
    assert str(throttled) == "Throttling: Rate exceeded"
    assert throttled.code == "Throttling"


@pytest.mark.parametrize("retryable", [RdsThrottled("Throttling", "x"), RdsUnreachable("x"), TableBusy("x")])
def test_what_may_be_repeated_had_no_effect(retryable: ServiceError) -> None:
    assert isinstance(retryable, Retryable)
    assert isinstance(retryable, NoEffect)


@pytest.mark.parametrize("unknown", [RdsUnavailable("x"), TableUnavailable("x"), QueueUnavailable("x")])
def test_what_may_have_had_its_effect_is_none_of_those(unknown: ServiceError) -> None:
    assert not isinstance(unknown, NoEffect)


def test_a_rejection_may_not_be_repeated() -> None:
    assert not isinstance(RdsRejected("AccessDenied", "x"), Retryable)
    assert not isinstance(RdsThrottled("Throttling", "x"), RdsRejected)
