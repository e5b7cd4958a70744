"""Tests without sockets, AWS, or a clock that a rule reads."""

from collections.abc import Iterator

import pytest
import pytest_socket
from hypothesis import settings

# Every run has the same examples, so that only a change can fail it.
settings.register_profile("unit", deadline=None, derandomize=True, max_examples=80)
settings.load_profile("unit")


@pytest.fixture(autouse=True)
def _no_sockets() -> Iterator[None]:
    pytest_socket.disable_socket()
    yield
    pytest_socket.enable_socket()
