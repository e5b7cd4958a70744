"""All rows of the fault table run at the same time, each on its own instance; then the tests check each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from tests.workflow.faults.attempts import observed
from tests.workflow.faults.case import Observation, Row
from tests.workflow.service import Service

_AT_ONCE = 12
Seen = Callable[[Row], Observation]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run the fault rows last: they fill the logs that other tests read."""
    items.sort(key=lambda item: "faults" in item.path.parts)


@pytest.fixture(scope="session")
def running(request: pytest.FixtureRequest, service: Service) -> Iterator[dict[str, Future[Observation]]]:
    rows = [row for item in request.session.items if (row := _row(item))]
    service.warm_up()
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield {row.name: pool.submit(observed, service, row) for row in rows if not row.alone}
        pool.shutdown(cancel_futures=True)


@pytest.fixture
def seen(
    service: Service, running: dict[str, Future[Observation]], record_property: Callable[[str, object], None]
) -> Seen:
    """Return a function that gives a row's observation. It runs an `alone` row itself, after the others."""

    def look(row: Row) -> Observation:
        if row.alone:
            for other in running.values():
                other.exception()
            observation = observed(service, row)
        else:
            observation = running[row.name].result()
        record_property("observation", observation.to_document())
        return observation

    return look


def _row(item: Any) -> Row | None:
    row = getattr(item, "callspec", SimpleNamespace(params={})).params.get("row")
    return row if isinstance(row, Row) else None
