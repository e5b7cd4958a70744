from typing import Any

import pytest

from tests.local.account import Caller, new_name

OWN = [{"Key": "CostCenter", "Value": "4711"}, {"Key": "Environment", "Value": "Development"}]
MINE = [{"Key": "Purpose", "Value": "x"}]


# aws-solutions/instance-scheduler-on-aws#142: any tag in the call stops the copying.
@pytest.mark.parametrize(
    ("copies", "given", "found"), [(True, [], OWN), (True, MINE, MINE), (False, [], []), (False, MINE, MINE)]
)
def test_one_tag_in_the_call_switches_the_copying_off(hub: Caller, copies: bool, given: Any, found: Any) -> None:
    rds = hub.client("rds")
    instance = hub.database(**{tag["Key"]: tag["Value"] for tag in OWN})
    rds.modify_db_instance(DBInstanceIdentifier=instance, CopyTagsToSnapshot=copies)
    assert rds.describe_db_instances(DBInstanceIdentifier=instance)["DBInstances"][0]["CopyTagsToSnapshot"] is copies
    name = new_name("snapshot")
    made = rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier=instance, Tags=given)["DBSnapshot"]
    (shown,) = rds.describe_db_snapshots(DBSnapshotIdentifier=name)["DBSnapshots"]
    listed = rds.list_tags_for_resource(ResourceName=made["DBSnapshotArn"])["TagList"]
    for tags in (shown["TagList"], listed):
        assert sorted(tags, key=lambda tag: str(tag["Key"])) == found
