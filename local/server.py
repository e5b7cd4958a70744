"""The server process: `python -m local.server`. MiniStack, unmodified, with the project's extensions installed.

Configured by MiniStack's own environment variables (`local.cloud` sets them), TIME_SCALE, and FAULTS for tests.
"""

import os

from ministack import app
from ministack.services import rds

from local import (
    async_invokes,
    error_names,
    executions,
    fault_points,
    rds_time,
    state_on_disk,
    states_integration,
    turns,
)

INVOCATIONS_AT_ONCE = 4


def install(time_scale: float) -> None:
    states_integration.install()
    error_names.install()
    turns.install(INVOCATIONS_AT_ONCE)
    async_invokes.install()
    executions.install()
    rds_time.install(time_scale)
    state_on_disk.install()
    if os.environ.get("FAULTS") == "1":
        fault_points.install()
    rds._get_docker = lambda: None  # no database engine behind an instance, even where Docker is running


if __name__ == "__main__":
    install(float(os.environ["TIME_SCALE"]))
    app.main()
