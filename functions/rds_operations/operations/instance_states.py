"""The meaning of an instance's states (DBInstanceStatus) to an operation.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/accessing-monitoring.html
"""

from __future__ import annotations

from enum import StrEnum


class Meaning(StrEnum):
    """`OPERATIONAL` works for its users. `PASSING` becomes another state by itself. `FAILED` does not, before somebody
    does something.
    """

    OPERATIONAL = "operational"
    PASSING = "passing"
    FAILED = "failed"


STATES: dict[str, Meaning] = {
    state: meaning
    for meaning, states in {
        # "The DB instance is fully operational", in the words of the page, and may be so for a day and longer.
        Meaning.OPERATIONAL: "available storage-initialization storage-optimization",
        Meaning.PASSING: (
            "backing-up configuring-enhanced-monitoring configuring-iam-database-auth configuring-log-exports "
            "converting-to-vpc creating delete-precheck maintenance modifying moving-to-vpc rebooting renaming "
            "resetting-master-credentials starting storage-config-upgrade upgrading"
        ),
        Meaning.FAILED: (
            "deleting failed inaccessible-encryption-credentials inaccessible-encryption-credentials-recoverable "
            "incompatible-network incompatible-option-group incompatible-parameters incompatible-restore "
            "insufficient-capacity restore-error stopped stopping storage-full unsupported-configuration "
            # Not on the page: AWS's own CloudFormation handler ends with them.
            # https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds (DBInstanceStatus)
            "incompatible-create incompatible-credentials modify-failed upgrade-failed"
        ),
    }.items()
    for state in states.split()
}


def of_meaning(meaning: Meaning) -> frozenset[str]:
    return frozenset(state for state, found in STATES.items() if found is meaning)


_REMEDIES = {
    "deleting": "It is being deleted.",
    "failed": "RDS cannot recover it: restore it to a point in time.",
    "inaccessible-encryption-credentials": "Its KMS key cannot be used any more: restore it from a backup.",
    "inaccessible-encryption-credentials-recoverable": "Enable its KMS key, then start it.",
    "incompatible-network": "Correct its subnets or IP addresses first.",
    "incompatible-option-group": "Correct its option group first.",
    "incompatible-parameters": "Correct its parameter group, then reboot it.",
    "incompatible-restore": "Its restore has failed: restore it again.",
    "restore-error": "Its restore has failed: restore it again.",
    "stopped": "Start it first.",
    "stopping": "Start it when it has stopped.",
    "storage-full": "Give it more storage first.",
}


def remedy(state: str) -> str:
    """Say what makes an instance ready again: to wait, or what the page above says of its state."""
    if STATES.get(state) is not Meaning.FAILED:
        return "Try again when it is."
    return _REMEDIES.get(state, "It does not leave this state by itself: correct the cause in RDS first.")
