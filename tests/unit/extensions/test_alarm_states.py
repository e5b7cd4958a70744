"""Alarms against AWS's own tables: oldest datapoint first, X breaches, 0 does not, - is missing."""

from __future__ import annotations

import pytest

from local.extensions.alarm_states import evaluation_range, state_of

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
OK, ALARM, NO_DATA, KEPT = "OK", "ALARM", "INSUFFICIENT_DATA", None


def points(told: str) -> dict[int, float]:
    values = {"X": 11.0, "0": 9.0}
    return {period: values[mark] for period, mark in enumerate(reversed(told.split())) if mark in values}


def alarm(periods: int, needed: int | None = None, treatment: str = "missing", **more: object) -> dict[str, object]:
    return {
        "EvaluationPeriods": periods,
        "DatapointsToAlarm": needed,
        "TreatMissingData": treatment,
        "Threshold": 10.0,
        "ComparisonOperator": "GreaterThanThreshold",
        **more,
    }


# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
THREE_OF_THREE = {
    "0 - X - X": (OK, OK, OK, OK),
    "0 - - - -": (OK, OK, OK, OK),
    "- - - - -": (NO_DATA, KEPT, ALARM, OK),
    "0 X X - X": (ALARM, ALARM, ALARM, ALARM),
    "- - X - -": (ALARM, KEPT, ALARM, OK),
}
TWO_OF_THREE = {
    "0 - X - X": (ALARM, ALARM, ALARM, ALARM),
    "0 0 X 0 X": (ALARM, ALARM, ALARM, ALARM),
    "0 - X - -": (OK, OK, ALARM, OK),
    "- - - - 0": (OK, OK, ALARM, OK),
    "- - - X -": (ALARM, KEPT, ALARM, OK),
}


@pytest.mark.parametrize(("told", "states"), THREE_OF_THREE.items())
def test_three_of_three(told: str, states: tuple[str, ...]) -> None:
    assert tuple(state_of(alarm(3, None, treatment), points(told)) for treatment in TREATMENTS) == states


@pytest.mark.parametrize(("told", "states"), TWO_OF_THREE.items())
def test_two_of_three(told: str, states: tuple[str, ...]) -> None:
    assert tuple(state_of(alarm(3, 2, treatment), points(told)) for treatment in TREATMENTS) == states


def test_one_breaching_point_that_has_just_come_is_not_an_alarm_of_three() -> None:
    assert state_of(alarm(3), points("- - - - X")) is None
    assert state_of(alarm(3), points("- - - X -")) is None


def test_an_old_point_counts_as_long_as_it_is_retrieved_and_nothing_newer_came() -> None:
    assert evaluation_range(alarm(1)) == 3
    assert state_of(alarm(1, treatment="notBreaching"), points("X - -")) == ALARM
    assert state_of(alarm(1, treatment="notBreaching"), points("X - - -")) == OK
    assert state_of(alarm(1, treatment="notBreaching"), points("X - 0")) == OK


@pytest.mark.parametrize(
    ("comparison", "at_threshold", "above"),
    [
        ("GreaterThanThreshold", OK, ALARM),
        ("GreaterThanOrEqualToThreshold", ALARM, ALARM),
        ("LessThanThreshold", OK, OK),
        ("LessThanOrEqualToThreshold", ALARM, OK),
    ],
)
def test_comparisons(comparison: str, at_threshold: str, above: str) -> None:
    told = alarm(1, ComparisonOperator=comparison)
    assert (state_of(told, {0: 10.0}), state_of(told, {0: 10.1})) == (at_threshold, above)
