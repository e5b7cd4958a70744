"""An empty local cloud for these tests, with two accounts."""

from collections.abc import Iterator

import pytest

from local import cloud
from tests.local.account import HUB, SPOKE, Caller


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("cloud")
    try:
        yield cloud.start(folder, cloud.free_port(), 60.0).endpoint
    finally:
        cloud.stop(folder)


@pytest.fixture(scope="session")
def hub(endpoint: str) -> Caller:
    return Caller(endpoint, HUB)


@pytest.fixture(scope="session")
def spoke(endpoint: str) -> Caller:
    return Caller(endpoint, SPOKE)
