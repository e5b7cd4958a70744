"""create_snapshot: a manual DB snapshot, watched until RDS says that it is available."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rds_operations.model.end_codes import EndCode
from rds_operations.model.errors import RdsRejected, RdsUnavailable, Retryable
from rds_operations.model.identifiers import SNAPSHOT_ID_LENGTH, rds_identifier
from rds_operations.model.progress import Progress, done, failed, not_found
from rds_operations.model.refusals import Refusal, invalid_parameter
from rds_operations.model.request import OperationRequest
from rds_operations.model.resource_id import is_another_instance
from rds_operations.operations.base import (
    INSTANCE,
    SNAPSHOT,
    SNAPSHOT_TENANTS,
    Operation,
    Parameter,
    Parameters,
    Permission,
    Rds,
    cluster_member,
)
from rds_operations.operations.engines import snapshot_of_replica
from rds_operations.operations.rds_events import of_snapshot, with_last
from rds_operations.operations.snapshot_tags import OPERATION_TAG, parse_tags, tags_of_snapshot, too_many_tags

if TYPE_CHECKING:
    from mypy_boto3_rds.type_defs import DBInstanceTypeDef, DBSnapshotTypeDef

FAILED_STATES = frozenset({"failed", "deleting", "deleted", "incompatible-restore", "incompatible-parameters"})
_SEEN = "seen"
_NOT_FOUND = "DBSnapshotNotFound"
ALREADY_EXISTS = "DBSnapshotAlreadyExists"


def parse_snapshot_id(value: Any) -> str | Refusal:
    name = rds_identifier(value, SNAPSHOT_ID_LENGTH) if isinstance(value, str) else None
    return name or invalid_parameter(
        "Invalid snapshot_id. Use 1 to 255 letters, digits and single hyphens, "
        "starting with a letter and not ending with a hyphen"
    )


class CreateSnapshot(Operation):
    name = "create_snapshot"
    summary = "Create a manual snapshot of an instance"
    parameters = (
        Parameter("snapshot_id", parse_snapshot_id, "unique identifier of the snapshot", required=True),
        Parameter("tags", parse_tags, 'list of `{"Key", "Value"}` for the snapshot', default=[]),
    )
    working_status = "creating"
    ready_states = frozenset({"available", "storage-optimization"})
    # Creating with tags is authorised a second time, as AddTagsToResource on the snapshot.
    # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/security_iam_id-based-policy-examples-create-and-modify-examples.html
    # Of an Oracle database with tenants each tenant's snapshot is a resource, too.
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html
    execute_permissions = (
        Permission("rds:CreateDBSnapshot", (INSTANCE, SNAPSHOT, SNAPSHOT_TENANTS)),
        Permission("rds:AddTagsToResource", (SNAPSHOT,)),
        Permission("rds:DescribeDBSnapshots"),
    )
    poll_permissions = (Permission("rds:DescribeDBSnapshots"), Permission("rds:DescribeEvents"))
    dry_run_permissions = (Permission("rds:DescribeDBSnapshots"),)
    signs = True

    def least_parameters(self, instance: DBInstanceTypeDef) -> Parameters:
        return {**super().least_parameters(instance), "snapshot_id": instance["DBInstanceIdentifier"]}

    def unsupported(self, instance: DBInstanceTypeDef, parameters: Parameters) -> Refusal | None:
        return (
            cluster_member(instance, "Take a cluster snapshot (CreateDBClusterSnapshot) instead.")
            or snapshot_of_replica(instance)
            or too_many_tags(instance, parameters["tags"])
        )

    def warnings(self, rds: Rds, request: OperationRequest) -> list[str]:
        name = request.parameters["snapshot_id"]
        return [f"Snapshot {name} already exists. Choose another snapshot_id."] if self._find(rds, request) else []

    def start(self, rds: Rds, request: OperationRequest, instance: DBInstanceTypeDef) -> Progress:
        tags = tags_of_snapshot(instance, request.parameters["tags"]) | {OPERATION_TAG: request.operation_id}
        try:
            answer = rds.call(
                rds.client.create_db_snapshot,
                DBSnapshotIdentifier=request.parameters["snapshot_id"],
                DBInstanceIdentifier=request.instance_id,
                Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            )
        except RdsUnavailable:
            return Progress(self.working_status)  # the polls will tell whether RDS took the call
        return _progress(answer["DBSnapshot"])

    def resume(self, rds: Rds, request: OperationRequest, since: datetime, instance: DBInstanceTypeDef) -> Progress:
        """Call again where no snapshot shows: its name is unique in RDS, so two calls cannot make two.

        A refusal of the second call says nothing about the first: its own snapshot, which may show only later, can be
        the reason (the name is taken, the instance is `backing-up`, the quota is used up). So a read decides, and
        what is not seen to be ours is left to the polls.
        """
        if seen := self._seen(rds, request):
            return seen
        try:
            return self.start(rds, request, instance)
        except Retryable:
            raise
        except RdsRejected:
            return self._seen(rds, request) or Progress(self.working_status)

    def poll(self, rds: Rds, request: OperationRequest, since: datetime, previous: Progress) -> Progress:
        snapshot = self._find(rds, request)
        if snapshot:
            progress = _read(request, snapshot, previous)
            if progress.code == EndCode.SNAPSHOT_FAILED:
                events = of_snapshot(rds, request.parameters["snapshot_id"], since)
                return replace(progress, error=with_last(progress.error, events))
            return progress if progress.missing else replace(progress, evidence=_SEEN)
        if previous.evidence != _SEEN:
            return previous  # RDS does not show a new snapshot at once
        return not_found(previous, f"Snapshot {request.parameters['snapshot_id']} is gone")

    def resources(self, request: OperationRequest) -> dict[str, str]:
        name = request.parameters["snapshot_id"]
        return super().resources(request) | {SNAPSHOT: name, SNAPSHOT_TENANTS: f"{name}:*"}

    def tags(self, parameters: Parameters) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in parameters["tags"]}

    def document(self, request: OperationRequest, progress: Progress) -> dict[str, Any]:
        return {"snapshot_id": request.parameters["snapshot_id"], **progress.details}

    def _seen(self, rds: Rds, request: OperationRequest) -> Progress | None:
        """Read once in between. Where it is throttled the polls go on looking; nothing is begun again for that.

        It comes a moment after the call, so it does not count among those that do not find our tag.
        """
        unseen = Progress(self.working_status)
        try:
            snapshot = self._find(rds, request)
        except Retryable as error:
            raise RdsUnavailable(str(error)) from error
        return replace(_read(request, snapshot, unseen), missing=0) if snapshot else None

    def _find(self, rds: Rds, request: OperationRequest) -> DBSnapshotTypeDef | None:
        try:
            answer = rds.call(rds.client.describe_db_snapshots, DBSnapshotIdentifier=request.parameters["snapshot_id"])
        except RdsRejected as refused:
            if refused.code == _NOT_FOUND:
                return None
            raise
        return next(iter(answer["DBSnapshots"]), None)


def _has_our_tag(request: OperationRequest, snapshot: DBSnapshotTypeDef) -> bool:
    return {"Key": OPERATION_TAG, "Value": request.operation_id} in snapshot.get("TagList", [])


def _read(request: OperationRequest, snapshot: DBSnapshotTypeDef, previous: Progress) -> Progress:
    """Read the progress of a snapshot found by its name: somebody else's, unless it has our tag or was ours before.

    Its tags may show later than itself, so only a second look without ours makes it somebody else's. One of another
    instance, which has the name by now, is not of the instance that was asked for.
    """
    if is_another_instance(request.resource_id, snapshot):
        return not_found(previous, f"Snapshot {request.parameters['snapshot_id']} is of another instance of that name")
    if "snapshot_arn" in previous.details or _has_our_tag(request, snapshot):
        return _progress(snapshot)
    text = f"{ALREADY_EXISTS}: Snapshot {request.parameters['snapshot_id']} already exists"
    return not_found(previous, text, EndCode.SNAPSHOT_EXISTS)


def _progress(snapshot: DBSnapshotTypeDef) -> Progress:
    status = snapshot.get("Status", "creating")
    details: dict[str, Any] = {"snapshot_arn": snapshot["DBSnapshotArn"]}
    if created := snapshot.get("SnapshotCreateTime"):
        details["snapshot_create_time"] = created.strftime("%Y-%m-%dT%H:%M:%SZ")
    if status == "available":
        return done(CreateSnapshot.end_status, **details)
    if status in FAILED_STATES:
        text = f"Snapshot {snapshot['DBSnapshotIdentifier']} ended in the state {status}"
        return failed(text, EndCode.SNAPSHOT_FAILED, **details)
    return Progress("creating", percent=snapshot.get("PercentProgress", -1), details=details)
