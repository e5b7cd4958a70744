"""Why an operation did not succeed, for programs: `code` of its result document."""

from __future__ import annotations

from enum import StrEnum


class EndCode(StrEnum):
    """Beside these, an operation that was refused at the last moment has the `Code` of its refusal."""

    SNAPSHOT_EXISTS = "snapshot_exists"
    SNAPSHOT_FAILED = "snapshot_failed"
    REBOOT_FAILED = "reboot_failed"
    INSTANCE_GONE = "instance_gone"
    """The instance, or the snapshot that was being made, is no longer there."""
    ACCESS_DENIED = "access_denied"
    """IAM or a service control policy denied the call to RDS."""
    ACCOUNT_NOT_REACHABLE = "account_not_reachable"
    """The role in the database's account cannot be assumed."""
    REJECTED_BY_RDS = "rejected_by_rds"
    """`error` begins with RDS's own error code."""
    TRY_AGAIN = "try_again"
    """RDS was too busy or out of reach, and nothing was done."""
    STOPPED = "stopped"
    """Somebody stopped the execution."""
    TIMED_OUT = "timed_out"
    NOT_STARTED = "not_started"
    """The operation was accepted, but never began."""
    INTERNAL_ERROR = "internal_error"


_OF_RDS = {
    "DBSnapshotAlreadyExists": EndCode.SNAPSHOT_EXISTS,
    "AccessDenied": EndCode.ACCESS_DENIED,
    "AccessDeniedException": EndCode.ACCESS_DENIED,
    "UnauthorizedOperation": EndCode.ACCESS_DENIED,
    "DBInstanceNotFound": EndCode.INSTANCE_GONE,
}


def of_rds_error(code: str) -> EndCode:
    """Translate an error code of RDS as botocore gives it.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html
    """
    return _OF_RDS.get(code, EndCode.REJECTED_BY_RDS)
