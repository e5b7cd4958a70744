"""One local cloud for the whole suite."""

from collections.abc import Iterator

import pytest

from tests.own_cloud import own_service
from tests.workflow.service import Service


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with own_service(tmp_path_factory.mktemp("cloud"), faults=True) as found:
        yield found
