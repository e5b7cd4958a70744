"""Compares what the simulated RDS shows and refuses with botocore's model of RDS."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulation.awserror import AwsError
from tests.simulation.deployment import HOME
from tests.simulation.dice import Dice, Thrown
from tests.simulation.rds import Rds
from tests.simulation.shapes import assert_has_shape, operation
from tests.simulation.world import World

Document = dict[str, Any]
NAME = {"DBInstanceIdentifier": "one"}
NOBODY = {"DBInstanceIdentifier": "nobody"}
SNAPSHOT = {"DBSnapshotIdentifier": "snapshot"}
COMMON = frozenset({"AccessDenied"})
"""https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/CommonErrors.html"""


LUCKY, UNLUCKY = Thrown(0.5), Thrown(0.001)


@pytest.fixture
def rds() -> Rds:
    found = Rds(World(), lambda _told: None)
    found.create((HOME, "one"), "dev")
    return found


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
    assert_has_shape("rds", action, answer)


def test_snapshots_and_events_have_the_shape_of_rds(rds: Rds) -> None:
    rds.call("CreateDBSnapshot", {**NAME, **SNAPSHOT}, LUCKY, HOME)
    assert_has_shape("rds", "DescribeDBSnapshots", rds.call("DescribeDBSnapshots", SNAPSHOT, LUCKY, HOME))
    rds._tell((HOME, "one"), "DB instance restarted", 0)
    events = rds.call("DescribeEvents", {"SourceIdentifier": "one", "SourceType": "db-instance"}, LUCKY, HOME)
    assert len(events["Events"]) == 1
    assert_has_shape("rds", "DescribeEvents", events)


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
    """Return the code, after checking that RDS has it for this call, with its HTTP status."""
    with pytest.raises(AwsError) as raised:
        rds.call(action, call, dice, HOME, by)
    errors = {
        shape.metadata["error"]["code"]: shape.metadata["error"] for shape in operation("rds", action).error_shapes
    }
    code = raised.value.code
    if code not in COMMON:
        assert raised.value.status == errors[code]["httpStatusCode"]
    return code
