"""One local cloud for the whole suite, on a free port, with its own folder; stopped at the end whatever happens."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from local import cloud, deployment
from tests.workflow.service import Service

TIME_SCALE = 60.0
"""A poll every half second. The definition stays as it is; only waiting is scaled."""


LATE_WATCH = {"late_watch_interval_seconds": 60, "late_watch_max_polls": 3}
"""Shorter than a day."""


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("cloud")
    here = cloud.start(folder, cloud.free_port(), TIME_SCALE, faults=True)
    try:
        yield Service.on(here, deployment.deploy(here, overrides=LATE_WATCH))
    finally:
        cloud.stop(folder)
