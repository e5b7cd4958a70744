"""A separate local cloud with the service: on a free port, in its own folder, always stopped at the end."""

from __future__ import annotations

import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from local import cloud, deployment
from tests.workflow.service import Service

TIME_SCALE = 60.0
"""A poll every half second. Only waiting is scaled, not the definition."""


LATE_WATCH = {"late_watch_interval_seconds": 60, "late_watch_max_polls": 3}
"""Shorter than a day."""


@contextmanager
def local_service(folder: Path, *, faults: bool = False) -> Iterator[Service]:
    """Start the cloud and deploy. `faults` lets a test inject faults."""
    here = cloud.start(folder, cloud.free_port(), TIME_SCALE, faults=faults)
    try:
        yield Service.on(here, deployment.deploy(here, overrides=LATE_WATCH))
    finally:
        cloud.stop(folder)


@contextmanager
def passing_service() -> Iterator[Service]:
    """Do the same for a program, in a temporary folder. SIGTERM stops it, too."""
    signal.signal(signal.SIGTERM, _leave)
    with tempfile.TemporaryDirectory(prefix="rds-operations-") as folder, local_service(Path(folder)) as service:
        yield service


def _leave(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)
