"""The walker enters what the definitions say, by their own conditions and waits."""

from collections import Counter

import pytest

from stacks.settings import Settings
from tests.bench import walk


def test_a_snapshot_of_125_seconds_is_polled_five_times() -> None:
    path = walk.operation(Settings(), 125)
    assert path.transitions == 21
    assert path.waited == 150
    assert path.invoked == Counter(validate=1, classify=1, execute=1, poll=5, audit=1)
    assert path.states[:5] == ["Validate", "Classify", "Allowed?", "Execute", "Finished?"]
    assert path.states[-1] == "Audit"


def test_it_follows_the_settings() -> None:
    assert walk.operation(Settings(poll_interval_seconds=60), 125).invoked["poll"] == 3


def test_what_never_ends_runs_out_of_polls() -> None:
    path = walk.operation(Settings(), 10**6)
    assert path.invoked["poll"] == Settings().max_polls
    assert path.states[-2:] == ["Audit failure", "Failed"]


@pytest.mark.parametrize(
    ("refused_by", "invoked"),
    [
        ("", ["validate", "classify", "admit", "states:startExecution"]),
        ("Validate", ["validate", "audit"]),
        ("Classify", ["validate", "classify", "audit"]),
        ("Admit", ["validate", "classify", "admit", "audit"]),
    ],
)
def test_a_refusal_starts_nothing(refused_by: str, invoked: list[str]) -> None:
    path = walk.admission(Settings(), refused_by)
    assert path.invoked == Counter(invoked)
    assert path.states[-1] == "Reply"
