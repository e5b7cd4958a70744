"""The server process: `python -m local.server`. MiniStack, unmodified, with the project's extensions installed.

Configured by MiniStack's own environment variables (`local.cloud` sets them) and TIME_SCALE.
"""

import os

from ministack import app
from ministack.services import rds

from local import error_names, rds_time, states_integration, turns

# Of one function. More than there are cores would only make each of them slower; two, so that there are races to test.
INVOCATIONS_AT_ONCE = max(2, os.cpu_count() or 1)


def install(time_scale: float) -> None:
    states_integration.install()
    error_names.install()
    turns.install(int(os.environ.get("H2_N", INVOCATIONS_AT_ONCE)))
    rds_time.install(time_scale)
    rds._get_docker = lambda: None  # no database engine behind an instance, even where Docker is running


if __name__ == "__main__":
    install(float(os.environ["TIME_SCALE"]))
    app.main()
