"""No execution fails because many were started at once: the definitions wait until RDS takes them."""

import pytest

from tests.bench.throttled_starts import started, steps


@pytest.mark.parametrize("seed", range(5))
def test_of_a_thousand_started_at_once_none_fails(seed: int) -> None:
    """At an assumed rate of 50 RDS calls a second."""
    seen = started(1000, within_seconds=1.0, rate=50.0, seed=seed)
    assert seen.failed == 0
    assert seen.acted_after < 90


def test_the_retries_are_those_of_the_definition() -> None:
    assert [(step.state, step.retries, step.interval, step.longest) for step in steps()] == [
        ("Classify", 8, 4.0, 60.0),
        ("Execute", 8, 4.0, 60.0),
        ("Execute", 8, 4.0, 60.0),
    ]
