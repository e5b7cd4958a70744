"""The deployment, as the stack describes it to a function in environment variables and in its package."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import timedelta

from rds_operations.model.place import Place
from rds_operations.settings import packaged


@dataclass(frozen=True)
class Polling:
    """The rhythm of the state machine: the first poll comes one `interval` after acting, the last is number `most`."""

    interval: timedelta
    most: int


@dataclass(frozen=True)
class Deployment:
    """`execution_prefix` plus an operation's id is the ARN of its execution.

    No operation is open for longer than `longest`, and none is watched after its end for longer than `late_watch`.
    `late_watch_machine` and `admission_machine` are ARNs, `refusal_queue` and `refusal_dead_letters` URLs.
    `allowed_origin` is for CORS. `home` is the account and Region it runs in, `acting_role` the ARN of the role that
    may act there. `settings_digest` tells two versions of the packaged settings apart; empty outside a package.
    """

    operations_table: str
    audit_table: str
    execution_prefix: str
    longest: timedelta
    late_watch: timedelta
    late_watch_machine: str
    home: Place
    acting_role: str
    inventory_table: str
    admission_machine: str
    refusal_queue: str
    refusal_dead_letters: str
    polling: Polling
    allowed_origin: str
    settings_digest: str = ""

    @classmethod
    def from_env(cls) -> Deployment:
        return cls(
            operations_table=_required("OPERATIONS_TABLE"),
            audit_table=_required("AUDIT_TABLE"),
            execution_prefix=_required("EXECUTION_PREFIX"),
            longest=timedelta(seconds=int(_required("LONGEST_SECONDS"))),
            late_watch=timedelta(seconds=int(_required("LATE_WATCH_SECONDS"))),
            late_watch_machine=_required("LATE_WATCH_MACHINE"),
            home=Place(_required("HOME_ACCOUNT"), _required("AWS_REGION")),
            acting_role=_required("ACTING_ROLE"),
            inventory_table=_required("INVENTORY_TABLE"),
            admission_machine=_required("ADMISSION_MACHINE"),
            refusal_queue=_required("REFUSAL_QUEUE"),
            refusal_dead_letters=_required("REFUSAL_DEAD_LETTERS"),
            polling=Polling(timedelta(seconds=int(_required("POLL_INTERVAL_SECONDS"))), int(_required("MAX_POLLS"))),
            allowed_origin=_required("ALLOWED_ORIGIN"),
            settings_digest=packaged.digest(),
        )

    def execution_arn(self, operation_id: str) -> str:
        return self.execution_prefix + operation_id

    @property
    def operation_machine(self) -> str:
        """Return OPERATION's ARN."""
        return self.execution_prefix.replace(":execution:", ":stateMachine:").rstrip(":")

    @property
    def partition(self) -> str:
        """Return `aws`, `aws-cn` or `aws-us-gov`."""
        return self.execution_prefix.split(":")[1]


def _required(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise RuntimeError(f"The environment variable {name} is missing: the stack sets it on every function")
    return value
