"""Compares the simulated RDS's final state with moto's: each call is made on both.

moto does everything at once, so the model gets the time it needs. `test_rds_model.py` tests what moto lacks: states on
the way, and what RDS refuses in them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from tests.simulation.awserror import AwsError
from tests.simulation.deployment import ELSEWHERE, HOME
from tests.simulation.dice import Thrown
from tests.simulation.rds import Rds
from tests.simulation.world import World

Document = dict[str, Any]
LUCKY = Thrown(0.5)
"""Nothing is behind, fails or hangs."""
WINDOWS = {"PreferredBackupWindow": "13:00-13:30", "PreferredMaintenanceWindow": "wed:06:38-wed:07:08"}
SHOWN = {
    "DBInstances": (
        "DBInstanceIdentifier",
        "DBInstanceArn",
        "DBInstanceStatus",
        "Engine",
        "MultiAZ",
        "PreferredBackupWindow",
        "PreferredMaintenanceWindow",
        "TagList",
    ),
    "DBSnapshots": ("DBSnapshotIdentifier", "DBSnapshotArn", "DBInstanceIdentifier", "Status", "TagList"),
}
Answer = Document | str


class Both:
    def __init__(self, client: Any) -> None:
        self._world = World()
        self._rds = Rds(self._world, lambda _told: None)
        self._rds.create((ELSEWHERE, "one"), "dev")  # another place's instance
        self._client = client

    def create(self, name: str, tag: str) -> None:
        """Create the instance unless it exists, as its owner would know."""
        versions = self._rds.instances.get((HOME, name))
        if versions and versions.now:
            return
        self._rds.create((HOME, name), tag, **WINDOWS)
        given: Document = {"DBInstanceIdentifier": name, "DBInstanceClass": "db.t4g.micro", "Engine": "postgres"}
        groups = ["sg-1"]  # without it moto makes a VPC, which is slow
        tags = [{"Key": "Environment", "Value": tag}]
        self._client.create_db_instance(**given, **WINDOWS, VpcSecurityGroupIds=groups, Tags=tags)

    def delete(self, name: str) -> None:
        versions = self._rds.instances.get((HOME, name))
        if versions and versions.now:
            self._rds.delete((HOME, name))
            self._client.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)

    def call(self, action: str, **call: Any) -> None:
        """Call both, and wait until it is done."""
        answers = self._on_moto(action, call), self._on_model(action, call)
        self._world.run(lambda: False)
        if action.startswith("Describe") or any(isinstance(answer, str) for answer in answers):
            on_moto, on_model = map(_essence, answers)
            assert on_moto == on_model, (action, call)

    def _on_moto(self, action: str, call: Document) -> Answer:
        try:
            answer: Document = self._client._make_api_call(action, call)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return answer

    def _on_model(self, action: str, call: Document) -> Answer:
        try:
            return self._rds.call(action, call, LUCKY, HOME)
        except AwsError as error:
            return error.code


def _essence(answer: Answer) -> object:
    """Return what both show, without what RDS makes up: moto's instances all have one resource id."""
    if isinstance(answer, str):
        return answer
    ((kind, found),) = ((kind, answer[kind]) for kind in SHOWN if kind in answer)
    return sorted(([one[name] for name in SHOWN[kind]] for one in found), key=str)


@pytest.fixture
def both() -> Iterator[Callable[[], Both]]:
    with mock_aws() as mocked:
        client = boto3.Session(region_name=HOME.region).client("rds")

        def empty() -> Both:
            mocked.reset()
            return Both(client)

        yield empty


instances, snapshots = st.sampled_from(["one", "two"]), st.sampled_from(["s", "t"])
window = st.sampled_from(["03:00-03:30", "04:00-05:00"])
calls: st.SearchStrategy[Document] = st.one_of(
    st.builds(dict, action=st.just("CreateDBSnapshot"), DBInstanceIdentifier=instances, DBSnapshotIdentifier=snapshots),
    st.builds(dict, action=st.just("RebootDBInstance"), DBInstanceIdentifier=instances),
    st.builds(
        dict,
        action=st.just("ModifyDBInstance"),
        DBInstanceIdentifier=instances,
        PreferredBackupWindow=window,
        ApplyImmediately=st.just(value=True),
    ),
)
people = st.tuples(st.sampled_from(["create", "delete"]), instances)


@settings(
    max_examples=10,
    deadline=None,
    phases=[Phase.generate],  # no shrinking: a failed example says which call it was
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(steps=st.lists(st.one_of(people, calls, calls), min_size=4, max_size=12))
def test_instances_and_snapshots_end_the_same(
    both: Callable[[], Both], steps: list[tuple[str, str] | Document]
) -> None:
    here = both()
    for step in [("create", "one"), *steps]:
        if isinstance(step, dict):
            tags = {"Tags": [{"Key": "key", "Value": "value"}]} if step["action"] == "CreateDBSnapshot" else {}
            whole: Document = {**step, **tags}
            here.call(**whole)
        elif step[0] == "create":
            here.create(step[1], "dev")
        else:
            here.delete(step[1])
    here.call("DescribeDBInstances")
    for name in ("one", "two"):
        here.call("DescribeDBInstances", DBInstanceIdentifier=name)
    for name in ("s", "t"):
        here.call("DescribeDBSnapshots", DBSnapshotIdentifier=name)


def test_an_instance_that_is_made_anew_has_another_resource_id() -> None:
    """Snapshots keep the id of their own instance.

    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html
    """
    world = World()
    rds = Rds(world, lambda _told: None)
    ids = []
    for snapshot in ("s", "t"):
        rds.create((HOME, "one"), "dev")
        rds.call("CreateDBSnapshot", {"DBInstanceIdentifier": "one", "DBSnapshotIdentifier": snapshot}, LUCKY, HOME)
        rds.delete((HOME, "one"))
    for snapshot in ("s", "t"):
        answer = rds.call("DescribeDBSnapshots", {"DBSnapshotIdentifier": snapshot}, LUCKY, HOME)
        ids.append(answer["DBSnapshots"][0]["DbiResourceId"])
    assert len(set(ids)) == 2
