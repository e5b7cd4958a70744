"""RDS's answers as really recorded: no rule breaks on a missing, empty or new key.

The shapes come from public recordings (test data of cloud-custodian, cloudsploit, fixinventory and steampipe); names
and values are made up.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.aws.rds import Rds
from rds_operations.model.progress import Progress
from rds_operations.model.refusals import Refusal
from rds_operations.operations import OPERATIONS
from rds_operations.rules.eligibility import contradiction, not_ready, unsupported, verdict_on
from rds_operations.settings.gate import GateSettings
from tests.builders import INSTANCE_ID, MOMENT, a_request, an_instance

Document = dict[str, Any]
PLACE = "eu-west-1:111122223333"
CREATING: Document = {
    "DBInstanceStatus": "creating",
    "Engine": "mysql",
    "PendingModifiedValues": {"MasterUserPassword": "****", "ProcessorFeatures": []},
    "DBParameterGroups": [{"DBParameterGroupName": "default.mysql8.0", "ParameterApplyStatus": "in-sync"}],
    "OptionGroupMemberships": [{"OptionGroupName": "default:mysql-8-0", "Status": "in-sync"}],
    "ReadReplicaDBInstanceIdentifiers": [],
}
SHAPES: dict[str, Document] = {
    "as small as can be": {},
    "still creating": CREATING,
    "before there were tags in it": {"DBInstanceStatus": "available", "Engine": "postgres"},
    "no tags": {"DBInstanceStatus": "available", "TagList": [], "AssociatedRoles": []},
    "a tag without a value": {"TagList": [{"Key": "Environment"}]},
    "empty lists everywhere": {
        "PendingModifiedValues": {},
        "DBParameterGroups": [],
        "OptionGroupMemberships": [],
        "ReadReplicaDBInstanceIdentifiers": [],
        "ReadReplicaDBClusterIdentifiers": [],
        "EnabledCloudwatchLogsExports": [],
        "TagList": [],
    },
    "a SQL Server mirror": {
        "Engine": "sqlserver-se",
        "MultiAZ": True,
        "DBParameterGroups": [{"DBParameterGroupName": "p", "ParameterApplyStatus": "pending-reboot"}],
        "PendingModifiedValues": {"PendingCloudwatchLogsExports": {"LogTypesToEnable": []}},
    },
    "a member of a cluster": {"Engine": "aurora-mysql", "DBClusterIdentifier": "orders", "PromotionTier": 1},
    "RDS Custom": {"Engine": "custom-sqlserver-se", "AutomationMode": "all-paused", "CustomIamInstanceProfile": "x"},
    "keys of next year": {"NextYear": {"Deep": [1, {"er": None}]}, "DBInstanceStatus": "frobnicating"},
}
SNAPSHOTS: dict[str, Document] = {
    "as small as can be": {"DBSnapshotArn": f"arn:aws:rds:{PLACE}:snapshot:s", "DBSnapshotIdentifier": "s"},
    "failed before it began": {
        "DBSnapshotArn": f"arn:aws:rds:{PLACE}:snapshot:s",
        "DBSnapshotIdentifier": "s",
        "Status": "failed",
        "PercentProgress": 0,
        "TagList": [],
    },
}
EVENTS: list[Document] = [
    {},
    {"SourceIdentifier": INSTANCE_ID, "SourceType": "db-instance", "EventCategories": []},
    {"Message": "DB instance shutdown", "EventCategories": ["availability"], "Date": MOMENT},
    {"Message": "", "SourceArn": f"arn:aws:rds:{PLACE}:db:{INSTANCE_ID}"},
]
absent = st.sampled_from(
    [
        "DBInstanceStatus",
        "Engine",
        "MultiAZ",
        "PendingModifiedValues",
        "DBParameterGroups",
        "TagList",
        "PreferredBackupWindow",
    ]
)


def assert_judged(operation: str, instance: Any) -> None:
    request, settings = a_request(operation), GateSettings()
    verdict = verdict_on(instance, settings)
    for found in (
        unsupported(request, instance),
        not_ready(request, instance),
        contradiction(request, verdict, settings),
    ):
        assert found is None or (isinstance(found, Refusal) and found.error)


def shown(**answers: Document) -> Rds:
    methods = {name: (lambda answer=answer, **_call: answer) for name, answer in answers.items()}
    return Rds(cast("Any", SimpleNamespace(**methods)))


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("shape", SHAPES)
def test_an_instance_of_any_shape_is_judged(operation: str, shape: str) -> None:
    assert_judged(operation, an_instance(**SHAPES[shape]))


@given(st.sampled_from(list(OPERATIONS)), st.sets(absent), st.sampled_from(list(SHAPES)))
def test_no_key_has_to_be_there(operation: str, without: set[str], shape: str) -> None:
    shape_of = {name: value for name, value in SHAPES[shape].items() if name not in without}
    assert_judged(operation, an_instance(*without, **shape_of))


@pytest.mark.parametrize("operation", ["reboot_instance", "modify_backup_window"])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("evidence", ["", "taken", "rebooting"])
def test_an_instance_of_any_shape_can_be_watched(operation: str, shape: str, evidence: str) -> None:
    instance = an_instance(**SHAPES[shape])
    rds = shown(describe_db_instances={"DBInstances": [instance]}, describe_events={"Events": EVENTS})
    previous = Progress(OPERATIONS[operation].working_status, evidence=evidence)
    progress = OPERATIONS[operation].poll(rds, a_request(operation), MOMENT, previous)
    assert isinstance(progress, Progress)
    assert progress.finished or not progress.error


@pytest.mark.parametrize("shape", SNAPSHOTS)
def test_a_snapshot_of_any_shape_can_be_watched(shape: str) -> None:
    rds = shown(describe_db_snapshots={"DBSnapshots": [SNAPSHOTS[shape]]}, describe_events={"Events": EVENTS})
    previous = Progress("creating", details={"snapshot_arn": SNAPSHOTS[shape]["DBSnapshotArn"]})
    progress = OPERATIONS["create_snapshot"].poll(rds, a_request(), MOMENT, previous)
    assert progress.finished is (SNAPSHOTS[shape].get("Status") == "failed")
