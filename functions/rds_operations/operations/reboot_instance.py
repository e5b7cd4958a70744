"""reboot_instance: a reboot, with failover if asked, watched until the instance is really back."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rds_operations.faults import RdsUnavailable
from rds_operations.operations.operation import (
    INSTANCE,
    Operation,
    Parameter,
    Parameters,
    Permission,
    cluster_member,
    flag,
)
from rds_operations.order import Order
from rds_operations.progress import Progress, done, failed, not_found
from rds_operations.refusals import Refusal, not_supported

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef

    from rds_operations.rds import Rds

# The states from which AWS's own CloudFormation handler does not expect an instance to come back.
# https://github.com/aws-cloudformation/aws-cloudformation-resource-providers-rds (DBInstanceStatus)
FAILED_STATES = frozenset(
    {
        "failed",
        "inaccessible-encryption-credentials",
        "inaccessible-encryption-credentials-recoverable",
        "incompatible-create",
        "incompatible-credentials",
        "incompatible-network",
        "incompatible-parameters",
        "incompatible-restore",
        "modify-failed",
        "upgrade-failed",
    }
)
_UNAPPLIED = frozenset({"pending-reboot", "applying", "pending-apply", "pending-removal", "removing"})
_SEEN_REBOOTING = "rebooting"
# RDS-EVENT-0006 "DB instance restarted", RDS-EVENT-0049/0065 "... failover completed/complete".
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
_RESTARTED = re.compile(r"restarted|failover.*complete", re.IGNORECASE)


class RebootInstance(Operation):
    name = "reboot_instance"
    position = 2
    summary = "Reboot an instance, with failover to the standby if asked (Multi-AZ only)"
    parameters = (
        Parameter("force_failover", flag("force_failover"), "fail over to the standby (Multi-AZ only)", default=False),
    )
    working_status = "rebooting"
    ready_states = frozenset({"available"})
    acts_with = (Permission("rds:RebootDBInstance", (INSTANCE,)),)
    watches_with = (Permission("rds:DescribeDBInstances", (INSTANCE,)), Permission("rds:DescribeEvents"))

    def impossible(self, instance: DBInstanceTypeDef, parameters: Parameters) -> Refusal | None:
        if refusal := cluster_member(instance, "Reboot or fail over the cluster instead."):
            return refusal
        if parameters["force_failover"] and not instance.get("MultiAZ"):
            return not_supported(
                f"Instance {instance['DBInstanceIdentifier']} is not Multi-AZ, so it has no standby to fail over to. "
                "Send force_failover: false, or leave it out."
            )
        return None

    def start(self, rds: Rds, order: Order) -> Progress:
        with suppress(RdsUnavailable):  # RDS may have taken the call: the polls look for evidence of a restart
            rds.call(
                rds.client.reboot_db_instance,
                DBInstanceIdentifier=order.instance_id,
                ForceFailover=order.parameters["force_failover"],
            )
        return Progress(self.working_status)

    def resume(self, rds: Rds, order: Order, since: datetime) -> Progress:
        """Never a second reboot: the polls find the evidence of the first one, or the operation times out."""
        return Progress(self.working_status)

    def look(self, rds: Rds, order: Order, since: datetime, previous: Progress) -> Progress:
        instance = rds.instance(order.instance_id, order.resource_id)
        if instance is None:
            return not_found(previous, f"Instance {order.instance_id} is gone")
        status = instance.get("DBInstanceStatus", "")
        if status in FAILED_STATES:
            return self._failed(rds, order, since, status)
        if status == "rebooting":
            return Progress(self.working_status, evidence=_SEEN_REBOOTING)
        working = Progress(self.working_status, evidence=previous.evidence)
        if status != "available" or not _in_sync(instance):
            return working
        if previous.evidence == _SEEN_REBOOTING or _restarted(rds, order.instance_id, since):
            return done()
        return working  # a stale `available`, from before the reboot

    def _failed(self, rds: Rds, order: Order, since: datetime, status: str) -> Progress:
        """Ask for the restart first: an instance that fails after it was back has not failed by this reboot."""
        if _restarted(rds, order.instance_id, since):
            return done()
        return failed(f"Instance {order.instance_id} is in the state {status}")

    def document(self, order: Order, progress: Progress) -> dict[str, Any]:
        return {"instance_id": order.instance_id, "force_failover": order.parameters["force_failover"]}


def _in_sync(instance: DBInstanceTypeDef) -> bool:
    """Nothing is left that a reboot applies. Other states than these, no reboot would change."""
    parameters = (group.get("ParameterApplyStatus") for group in instance.get("DBParameterGroups", []))
    options = (group.get("Status") for group in instance.get("OptionGroupMemberships", []))
    return _UNAPPLIED.isdisjoint((*parameters, *options))


def _restarted(rds: Rds, instance_id: str, since: datetime) -> bool:
    events = rds.call(
        rds.client.describe_events, SourceIdentifier=instance_id, SourceType="db-instance", StartTime=since
    )
    return any(_RESTARTED.search(event.get("Message", "")) for event in events["Events"])


OPERATION = RebootInstance()
