from collections.abc import Iterator

import pytest

from tests.local_service import local_service
from tests.workflow.service import Service
from tests.workflow.watch import Watch


@pytest.fixture(scope="module")
def watch(service: Service) -> Iterator[Watch]:
    found = Watch(service)
    yield found
    found.heal()


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with local_service(tmp_path_factory.mktemp("cloud"), faults=True) as found:
        yield found
