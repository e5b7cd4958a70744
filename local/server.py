"""The server process: `python -m local.server`. MiniStack, unmodified, with the project's extensions installed.

Configured by MiniStack's own environment variables (`local.cloud` sets them) and TIME_SCALE.
"""

import os

from ministack import app
from ministack.services import rds

from local import error_names, rds_time, states_integration


def install(time_scale: float) -> None:
    states_integration.install()
    error_names.install()
    rds_time.install(time_scale)
    rds._get_docker = lambda: None  # no database engine behind an instance, even where Docker is running


if __name__ == "__main__":
    install(float(os.environ["TIME_SCALE"]))
    app.main()
