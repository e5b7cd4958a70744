"""What the simulated RDS shows and refuses, held against botocore's model of RDS."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.model import OperationModel
from botocore.validate import ParamValidator

from tests.simulation.awserror import AwsError
from tests.simulation.deployment import HOME
from tests.simulation.dice import Dice
from tests.simulation.rds import Rds
from tests.simulation.world import World

Document = dict[str, Any]
NAME = {"DBInstanceIdentifier": "one"}
NOBODY = {"DBInstanceIdentifier": "nobody"}
SNAPSHOT = {"DBSnapshotIdentifier": "snapshot"}
MODEL = boto3.client("rds", region_name=HOME.region).meta.service_model
COMMON = frozenset({"AccessDenied"})
"""https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html"""


class Thrown(Dice):
    """Every throw is this one."""

    def __init__(self, chance: float) -> None:
        super().__init__(0, "")
        self._chance = chance

    def chance(self) -> float:
        return self._chance


LUCKY, UNLUCKY = Thrown(0.5), Thrown(0.001)


@pytest.fixture
def rds() -> Rds:
    found = Rds(World(), lambda _told: None)
    found.create((HOME, "one"), "dev")
    return found


def operation(action: str) -> OperationModel:
    return MODEL.operation_model(action)


@pytest.mark.parametrize(
    ("action", "call"),
    [
        ("DescribeDBInstances", NAME),
        ("DescribeDBInstances", {}),
        ("CreateDBSnapshot", {**NAME, **SNAPSHOT, "Tags": [{"Key": "key", "Value": "value"}]}),
        ("RebootDBInstance", NAME),
        ("ModifyDBInstance", {**NAME, "PreferredBackupWindow": "03:00-04:00"}),
    ],
)
def test_an_answer_has_the_shape_of_rds(rds: Rds, action: str, call: Document) -> None:
    answer = rds.call(action, call, LUCKY, HOME)
    assert answer
    assert_has_shape(action, answer)


def test_snapshots_and_events_have_the_shape_of_rds(rds: Rds) -> None:
    rds.call("CreateDBSnapshot", {**NAME, **SNAPSHOT}, LUCKY, HOME)
    assert_has_shape("DescribeDBSnapshots", rds.call("DescribeDBSnapshots", SNAPSHOT, LUCKY, HOME))
    rds._tell((HOME, "one"), "DB instance restarted", 0)
    events = rds.call("DescribeEvents", {"SourceIdentifier": "one", "SourceType": "db-instance"}, LUCKY, HOME)
    assert len(events["Events"]) == 1
    assert_has_shape("DescribeEvents", events)


@pytest.mark.parametrize(
    ("action", "call", "code"),
    [
        ("DescribeDBInstances", NOBODY, "DBInstanceNotFound"),
        ("DescribeDBSnapshots", SNAPSHOT, "DBSnapshotNotFound"),
        ("CreateDBSnapshot", {**NOBODY, **SNAPSHOT}, "DBInstanceNotFound"),
        ("RebootDBInstance", NOBODY, "DBInstanceNotFound"),
        ("ModifyDBInstance", NOBODY, "DBInstanceNotFound"),
    ],
)
def test_what_is_not_there_is_refused_as_by_rds(rds: Rds, action: str, call: Document, code: str) -> None:
    assert refused(rds, action, call, LUCKY) == code


@pytest.mark.parametrize("action", ["CreateDBSnapshot", "RebootDBInstance", "ModifyDBInstance"])
def test_a_busy_instance_is_refused_as_by_rds(rds: Rds, action: str) -> None:
    rds.change((HOME, "one"), DBInstanceStatus="modifying")
    assert refused(rds, action, {**NAME, **SNAPSHOT}, LUCKY) == "InvalidDBInstanceState"


def test_names_and_quotas_of_snapshots_are_refused_as_by_rds(rds: Rds) -> None:
    assert refused(rds, "CreateDBSnapshot", {**NAME, **SNAPSHOT}, UNLUCKY) == "SnapshotQuotaExceeded"
    rds.call("CreateDBSnapshot", {**NAME, **SNAPSHOT}, LUCKY, HOME)
    assert refused(rds, "CreateDBSnapshot", {**NAME, **SNAPSHOT}, LUCKY) == "DBSnapshotAlreadyExists"


def test_the_production_tag_is_refused_as_by_iam(rds: Rds) -> None:
    rds.create((HOME, "one"), "production")
    assert refused(rds, "RebootDBInstance", NAME, LUCKY, by="an operation") == "AccessDenied"


def refused(rds: Rds, action: str, call: Document, dice: Dice, by: str = "") -> str:
    """The code, which is one that RDS has for this call, with its HTTP status."""
    with pytest.raises(AwsError) as raised:
        rds.call(action, call, dice, HOME, by)
    errors = {shape.metadata["error"]["code"]: shape.metadata["error"] for shape in operation(action).error_shapes}
    code = raised.value.code
    if code not in COMMON:
        assert raised.value.status == errors[code]["httpStatusCode"]
    return code


def assert_has_shape(action: str, answer: Document) -> None:
    """As botocore checks what is sent: every field is known, and of its type."""
    shape: Any = operation(action).output_shape
    assert not ParamValidator().validate(answer, shape).has_errors()
    assert unknown(shape, answer) == set()


def unknown(shape: Any, value: Any) -> set[str]:
    if shape.type_name == "structure":
        found = {name for name in value if name not in shape.members}
        return found.union(*(unknown(shape.members[name], value[name]) for name in value.keys() - found))
    if shape.type_name == "list":
        return set().union(*(unknown(shape.member, one) for one in value))
    return set()
