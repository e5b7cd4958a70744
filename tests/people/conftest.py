"""One local cloud and one browser for all, beside the cloud of tests/workflow, so that the two can run at once."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.people.browser import Seen, chromium
from tests.people.console import DESK
from tests.workflow.conftest import service

__all__ = ["service"]


@pytest.fixture(scope="session")
def chrome() -> Iterator[Any]:
    with chromium() as started:
        yield started


@pytest.fixture
def seen(chrome: Any) -> Iterator[Seen]:
    """Return a new page, which knows no key and no token."""
    context = chrome.new_context(viewport=DESK)
    seen = Seen(context.new_page())
    yield seen
    seen.page.unroute_all(behavior="ignoreErrors")  # what a test still answers must not fail the next one
    context.close()
