"""reboot_instance: a reboot, with failover if asked, watched until the instance is really back."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from rds_operations.model import clock
from rds_operations.model.end_codes import EndCode
from rds_operations.model.errors import RdsUnavailable
from rds_operations.model.progress import Progress, done, failed, not_found
from rds_operations.model.refusals import Refusal, not_supported
from rds_operations.model.request import OperationRequest
from rds_operations.operations.base import (
    INSTANCE,
    Operation,
    Parameter,
    Parameters,
    Permission,
    Rds,
    cluster_member,
    flag,
)
from rds_operations.operations.engines import is_sql_server, reboot_of_custom_oracle
from rds_operations.operations.instance_states import Meaning, of_meaning
from rds_operations.operations.rds_events import RebootEvent, first_message, with_last

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef

FAILED_STATES = of_meaning(Meaning.FAILED)
_BACK = of_meaning(Meaning.OPERATIONAL)
_INCOMPATIBLE_PARAMETERS = "incompatible-parameters"
_UNAPPLIED = frozenset({"pending-reboot", "applying", "pending-apply", "pending-removal", "removing"})
# What a poll knows of the ones before it.
_TAKEN = "taken"
_SEEN_REBOOTING = "rebooting"
_STILL_PENDING = "Parameters or options still wait for a reboot: this failover has not applied them"
_SHOWS_BY = timedelta(minutes=2)
"""After the call, `available` no longer means before the reboot. AWS does not say how late a read can be."""
_NO_EVENT = "RDS took the reboot and shows the instance as available, but has told of no restart"


class RebootInstance(Operation):
    name = "reboot_instance"
    summary = "Reboot an instance, with failover to the standby if asked (Multi-AZ only)"
    parameters = (
        Parameter("force_failover", flag("force_failover"), "fail over to the standby (Multi-AZ only)", default=False),
    )
    working_status = "rebooting"
    # What a wrong parameter has stopped, a reboot starts again once it is corrected: RDS-EVENT-0035.
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
    ready_states = frozenset({"available", _INCOMPATIBLE_PARAMETERS})
    execute_permissions = (Permission("rds:RebootDBInstance", (INSTANCE,)),)
    poll_permissions = (Permission("rds:DescribeDBInstances", (INSTANCE,)), Permission("rds:DescribeEvents"))

    def unsupported(self, instance: DBInstanceTypeDef, parameters: Parameters) -> Refusal | None:
        if refusal := cluster_member(instance, "Reboot or fail over the cluster instead."):
            return refusal
        if refusal := reboot_of_custom_oracle(instance):
            return refusal
        if parameters["force_failover"] and not instance.get("MultiAZ"):
            return not_supported(
                f"Instance {instance['DBInstanceIdentifier']} is not Multi-AZ, so it has no standby to fail over to. "
                "Send force_failover: false, or leave it out."
            )
        return None

    def start(self, rds: Rds, request: OperationRequest, instance: DBInstanceTypeDef) -> Progress:
        try:
            answer = rds.call(
                rds.client.reboot_db_instance,
                DBInstanceIdentifier=request.instance_id,
                ForceFailover=request.parameters["force_failover"],
            )
        except RdsUnavailable:  # RDS may have taken the call: the polls look for evidence of a restart
            return Progress(self.working_status)
        taken = answer["DBInstance"].get("DBInstanceStatus") == "rebooting"
        return Progress(self.working_status, evidence=_TAKEN if taken else "")

    def resume(self, rds: Rds, request: OperationRequest, since: datetime, instance: DBInstanceTypeDef) -> Progress:
        """Begin no second reboot: the polls find the evidence of the first one, or the operation times out."""
        return Progress(self.working_status)

    def poll(self, rds: Rds, request: OperationRequest, since: datetime, previous: Progress) -> Progress:
        instance = rds.instance(request.instance_id, request.resource_id)
        if instance is None:
            return not_found(previous, f"Instance {request.instance_id} is gone")
        status = instance.get("DBInstanceStatus", "")
        if status == "rebooting":
            return Progress(self.working_status, evidence=_SEEN_REBOOTING)
        events = _Events(rds, request.instance_id, since)
        if request.parameters["force_failover"] and (abandoned := events.first_message(RebootEvent.FAILOVER_ABANDONED)):
            return failed(abandoned, EndCode.REBOOT_FAILED)
        if status in FAILED_STATES:
            return self._failed(request, events, status, previous)
        if status in _BACK:
            return self._back(request, events, instance, since, previous)
        return Progress(self.working_status, evidence=previous.evidence)

    def _failed(self, request: OperationRequest, events: _Events, status: str, previous: Progress) -> Progress:
        """Ask for the restart first: an instance that fails after it was back has not failed by this reboot."""
        text = f"Instance {request.instance_id} is in the state {status}"
        told = with_last(text, events.messages)
        if events.first_message(RebootEvent.RESTARTED, RebootEvent.FAILED_OVER):
            return done(self.end_status, note=f"{text}. It has restarted before")
        if status == _INCOMPATIBLE_PARAMETERS and previous.evidence != _SEEN_REBOOTING:
            # The first poll may still show the state that the reboot was to end.
            return not_found(previous, told, EndCode.REBOOT_FAILED)
        return failed(told, EndCode.REBOOT_FAILED)

    def _back(
        self,
        request: OperationRequest,
        events: _Events,
        instance: DBInstanceTypeDef,
        since: datetime,
        previous: Progress,
    ) -> Progress:
        """Believe it with evidence of a restart only: right after the call RDS may show the state of before."""
        working, pending = Progress(self.working_status, evidence=previous.evidence), not _in_sync(instance)
        if pending and not (is_sql_server(instance) and request.parameters["force_failover"]):
            return working
        restarted = previous.evidence == _SEEN_REBOOTING or events.first_message(
            RebootEvent.RESTARTED, RebootEvent.FAILED_OVER
        )
        if not restarted and (pending or not _is_over_by_now(previous, since)):
            return working  # a stale `available`, from before the reboot
        if failure := _failed_option_group(instance):
            text = f"Instance {request.instance_id} has restarted, but its option group {failure} failed"
            return failed(with_last(text, events.messages), EndCode.REBOOT_FAILED)
        note = _STILL_PENDING if pending else "" if restarted else _NO_EVENT
        return done(self.end_status, **({"note": note} if note else {}))

    def document(self, request: OperationRequest, progress: Progress) -> dict[str, Any]:
        own = {"instance_id": request.instance_id, "force_failover": request.parameters["force_failover"]}
        return own | progress.details


class _Events:
    """Read when first asked for."""

    def __init__(self, rds: Rds, instance_id: str, since: datetime) -> None:
        self._rds, self._instance_id, self._since = rds, instance_id, since

    def first_message(self, *what: RebootEvent) -> str:
        return first_message(self.messages, *what)

    @cached_property
    def messages(self) -> list[str]:
        return self._rds.messages(self._instance_id, self._since)


def _is_over_by_now(previous: Progress, since: datetime) -> bool:
    """RDS took the reboot at `since`, and told of no restart: its events come at best effort."""
    return previous.evidence == _TAKEN and clock.now() - since >= _SHOWS_BY


def _in_sync(instance: DBInstanceTypeDef) -> bool:
    """Nothing is left that a reboot applies. Other states than these, no reboot would change."""
    parameters = (group.get("ParameterApplyStatus") for group in instance.get("DBParameterGroups", []))
    options = (group.get("Status") for group in instance.get("OptionGroupMemberships", []))
    return _UNAPPLIED.isdisjoint((*parameters, *options))


def _failed_option_group(instance: DBInstanceTypeDef) -> str:
    """Name the one that RDS could not apply; empty where there is none."""
    groups = instance.get("OptionGroupMemberships", [])
    return next((group.get("OptionGroupName", "") for group in groups if group.get("Status") == "failed"), "")
