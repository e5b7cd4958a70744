"""What the tests know of each operation: a new operation needs a new case here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from string import ascii_letters, digits
from types import NoneType
from typing import Any

from hypothesis import strategies as st

from rds_operations.operations import create_snapshot, reboot_instance

Document = dict[str, Any]
INSTANCE_ID = "dev-postgres-01"
SNAPSHOT_ID = "dev-postgres-01-manual"
SNAPSHOT_ARN = f"arn:aws:rds:ap-southeast-1:123456789012:snapshot:{SNAPSHOT_ID}"
WINDOW = "03:00-04:00"

identifiers = st.builds(
    "{}{}".format,
    st.sampled_from(["d", "Dev-", "test-mysql-"]),
    st.text(ascii_letters + digits, min_size=1, max_size=8),
)
_tag_texts = st.text("aZ9é日 _.:/=+-@", max_size=6)
_tags = st.lists(
    st.fixed_dictionaries({"Key": _tag_texts.map("k{}".format), "Value": _tag_texts}),
    max_size=3,
    unique_by=lambda tag: tag["Key"],
)
_flags = st.none() | st.booleans()


@dataclass(frozen=True)
class Shown:
    """Describe RDS's answer to a poll: the instance's fields, its snapshot's (None: no snapshot), events.

    `gone`: the instance does not exist.
    """

    instance: Mapping[str, Any]
    snapshot: Mapping[str, Any] | None = None
    events: tuple[str, ...] = ()
    gone: bool = False


@dataclass(frozen=True)
class OperationCase:
    """Describe an operation. `given` is the least that a caller must send, `complete` the same with defaults,
    `parameters` whatever may be sent. `acting_call` is the RDS action that changes something. RDS shows `before` until
    the operation has begun, and `failures` when it has failed. `details` is what the result document takes from RDS,
    `shown_details` from none to all of it, and `own_keys` are its own keys with their types.
    """

    given: Document
    complete: Document
    parameters: st.SearchStrategy[Document]
    acting_call: str
    ready_states: frozenset[str]
    before: Shown
    failures: Mapping[str, Shown]
    own_keys: Mapping[str, type]
    shown_details: tuple[Document, ...]
    changes: frozenset[str]
    """Fields of the instance that may change while RDS works, and after it."""
    on: Callable[[str, str], Document]
    """Returns parameters for an instance, and a text that tells two requests apart."""

    @property
    def details(self) -> Document:
        return self.shown_details[-1]


_GONE = Shown({}, gone=True)

CASES: dict[str, OperationCase] = {
    "create_snapshot": OperationCase(
        given={"snapshot_id": SNAPSHOT_ID},
        complete={"snapshot_id": SNAPSHOT_ID, "tags": []},
        parameters=st.fixed_dictionaries({"snapshot_id": identifiers}, optional={"tags": st.none() | _tags}),
        acting_call="CreateDBSnapshot",
        ready_states=frozenset({"available", "storage-optimization"}),
        before=Shown({}),
        failures={state: Shown({}, snapshot={"Status": state}) for state in sorted(create_snapshot.FAILED_STATES)},
        own_keys={"snapshot_id": str},
        shown_details=(
            {},
            {"snapshot_arn": SNAPSHOT_ARN},
            {"snapshot_arn": SNAPSHOT_ARN, "snapshot_create_time": "2025-11-13T10:30:00Z"},
        ),
        changes=frozenset({"DBInstanceStatus"}),
        on=lambda instance, text: {"snapshot_id": f"{instance}-{text}"},
    ),
    "reboot_instance": OperationCase(
        given={},
        complete={"force_failover": False},
        parameters=st.fixed_dictionaries({}, optional={"force_failover": _flags}),
        acting_call="RebootDBInstance",
        ready_states=frozenset({"available"}),
        before=Shown({"DBInstanceStatus": "available"}),
        failures={
            "gone": _GONE,
            **{state: Shown({"DBInstanceStatus": state}) for state in sorted(reboot_instance.FAILED_STATES)},
        },
        own_keys={"force_failover": bool},
        shown_details=({},),
        changes=frozenset({"DBInstanceStatus"}),
        on=lambda _instance, _text: {},
    ),
    "modify_backup_window": OperationCase(
        given={"backup_window": WINDOW},
        complete={"backup_window": WINDOW, "apply_immediately": True},
        parameters=st.fixed_dictionaries(
            {"backup_window": st.sampled_from([WINDOW, "23:45-00:15", "00:00-23:59"])},
            optional={"apply_immediately": _flags},
        ),
        acting_call="ModifyDBInstance",
        ready_states=frozenset({"available", "storage-optimization"}),
        before=Shown({"PreferredBackupWindow": "22:00-22:30"}),
        failures={"gone": _GONE},
        own_keys={"backup_window": str, "apply_immediately": bool, "pending_backup_window": NoneType},
        shown_details=({}, {"backup_window": WINDOW}),
        changes=frozenset({"PreferredBackupWindow"}),
        on=lambda _instance, text: {"backup_window": ("02:00-03:00", WINDOW)[len(text) % 2]},
    ),
}
