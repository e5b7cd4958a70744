from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.workflow.faults.case import Observation, Row


def assert_as_expected(row: Row, observation: Observation) -> None:
    """Check the two promises, then what the row expects."""
    assert_promises_kept(observation)
    shown = observation.to_document()
    assert {name: shown[name] for name in row.expected} == row.expected, observation


def assert_promises_kept(observation: Observation) -> None:
    assert not observation.lost, observation
    assert not observation.twice, observation
    assert not observation.locked, observation


def parametrized(rows: Iterable[Row]) -> pytest.MarkDecorator:
    rows = list(rows)
    return pytest.mark.parametrize("row", rows, ids=[row.name.replace(" ", "-") for row in rows])
