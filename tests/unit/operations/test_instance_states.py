"""The table of an instance's states agrees with the RDS user guide."""

import pytest

from rds_operations.operations import OPERATIONS
from rds_operations.operations.instance_states import STATES, Meaning

# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
DOCUMENTED = [
    "available",
    "backing-up",
    "configuring-enhanced-monitoring",
    "configuring-iam-database-auth",
    "configuring-log-exports",
    "converting-to-vpc",
    "creating",
    "delete-precheck",
    "deleting",
    "failed",
    "inaccessible-encryption-credentials",
    "inaccessible-encryption-credentials-recoverable",
    "incompatible-network",
    "incompatible-option-group",
    "incompatible-parameters",
    "incompatible-restore",
    "insufficient-capacity",
    "maintenance",
    "modifying",
    "moving-to-vpc",
    "rebooting",
    "renaming",
    "resetting-master-credentials",
    "restore-error",
    "starting",
    "stopped",
    "stopping",
    "storage-config-upgrade",
    "storage-full",
    "storage-initialization",
    "storage-optimization",
    "unsupported-configuration",
    "upgrading",
]


@pytest.mark.parametrize("state", DOCUMENTED)
def test_every_documented_state_means_something(state: str) -> None:
    assert state in STATES


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_an_operation_begins_in_a_state_that_is_known(operation: object) -> None:
    ready = operation.ready_states  # type: ignore[attr-defined]
    assert ready <= STATES.keys()
    assert not any(STATES[state] is Meaning.PASSING for state in ready)
