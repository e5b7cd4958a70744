"""The server process, `python -m local.server`: MiniStack, unmodified, with the project's extensions.

MiniStack's environment variables, which `local.cloud` sets, configure it; so do TIME_SCALE, and FAULTS for tests.
"""

import os

from ministack import app
from ministack.services import rds

from local.extensions import (
    alarm_clock,
    api_addresses,
    api_answers,
    async_invokes,
    callers,
    embedded_metrics,
    error_names,
    execution_metrics,
    executions,
    fault_points,
    function_metrics,
    log_queries,
    metric_alarms,
    metric_filters,
    metric_store,
    query_definitions,
    rds_conditions,
    rds_iam,
    rds_regions,
    rds_time,
    read_replicas,
    renewed_tokens,
    sessions,
    snapshot_tags,
    source_functions,
    state_on_disk,
    states_integration,
    stream_batches,
    task_calls,
    trail,
    turns,
    updated_functions,
)

# Of one function. More than the cores would slow each down; at least two, so that tests meet races.
INVOCATIONS_AT_ONCE = max(2, os.cpu_count() or 1)
HELD_UP = 4
"""Added where faults are injected: the invocations that a fault holds up must not delay the others."""


def install(time_scale: float) -> None:
    states_integration.install()
    callers.install()
    api_addresses.install()
    error_names.install()
    with_faults = os.environ.get("FAULTS") == "1"
    turns.install(INVOCATIONS_AT_ONCE + (HELD_UP if with_faults else 0))
    updated_functions.install()
    async_invokes.install()
    executions.install()
    task_calls.install()
    rds_time.install(time_scale)
    rds_conditions.install()
    rds_iam.install()
    rds_regions.install()
    read_replicas.install()
    renewed_tokens.install()
    sessions.install()
    snapshot_tags.install()
    source_functions.install()
    stream_batches.install()
    trail.install()
    state_on_disk.install()
    _install_monitoring()
    if with_faults:
        fault_points.install()
    rds._get_docker = lambda: None  # no database engine, even where Docker runs


def _install_monitoring() -> None:
    metric_store.install()
    embedded_metrics.install()
    metric_filters.install()
    api_answers.install()
    execution_metrics.install()
    function_metrics.install()
    metric_alarms.install()
    log_queries.install()
    query_definitions.install()
    alarm_clock.install()


if __name__ == "__main__":
    install(float(os.environ["TIME_SCALE"]))
    app.main()
