"""What IAM allows in RDS on the local cloud: by tag, and on which resources."""

from typing import Any

import pytest

from tests.local.account import OTHER_REGION, Caller, allow, db_arn, deny, new_name, refused, snapshot_arn

REBOOT = "rds:RebootDBInstance"
SNAPSHOT = "rds:CreateDBSnapshot"


def reboot(caller: Caller, name: str) -> Any:
    return caller.client("rds").reboot_db_instance(DBInstanceIdentifier=name)


def denied_reboot(caller: Caller, name: str) -> str:
    return refused(reboot, caller=caller, name=name)


@pytest.mark.parametrize("stored", ["Environment", "environment", "ENVIRONMENT"])
def test_a_resource_tags_name_matches_in_any_case(hub: Caller, stored: str) -> None:
    mine, other = hub.database(**{stored: "Development"}), hub.database(**{stored: "Production"})
    caller = hub.session_allowed(allow(REBOOT, StringEquals={"aws:ResourceTag/Environment": "Development"}))

    assert reboot(caller, mine)["DBInstance"]["DBInstanceStatus"] == "rebooting"
    assert denied_reboot(caller, other).startswith("AccessDenied: User: arn:aws:sts::111122223333:assumed-role/")
    assert f"not authorized to perform: {REBOOT}" in denied_reboot(caller, other)


def test_a_resource_tags_value_matches_in_its_case_only(hub: Caller) -> None:
    caller = hub.session_allowed(allow(REBOOT, StringEquals={"aws:ResourceTag/Environment": "Development"}))

    assert "AccessDenied" in denied_reboot(caller, hub.database(Environment="development"))


def test_of_tags_that_differ_in_case_the_first_counts(hub: Caller) -> None:
    first, second = {"Key": "Env", "Value": "dev"}, {"Key": "ENV", "Value": "prod"}
    caller = hub.session_allowed(allow(REBOOT, StringEquals={"aws:ResourceTag/env": "dev"}))

    assert reboot(caller, hub.tagged_database([first, second]))
    assert "AccessDenied" in denied_reboot(caller, hub.tagged_database([second, first]))


def test_an_absent_tag_is_an_absent_key(hub: Caller) -> None:
    untagged = hub.database()
    required = hub.session_allowed(allow(REBOOT, StringLike={"aws:ResourceTag/Environment": "*"}))
    not_production = hub.session_allowed(
        allow(REBOOT), deny(REBOOT, StringEquals={"aws:ResourceTag/Environment": "Production"})
    )
    null = hub.session_allowed(allow(REBOOT, Null={"aws:ResourceTag/Environment": "true"}))

    assert "AccessDenied" in denied_reboot(required, untagged)
    assert reboot(not_production, untagged)
    assert reboot(null, hub.database())


def test_a_db_tags_name_matches_in_its_case_only(hub: Caller) -> None:
    caller = hub.session_allowed(allow(REBOOT, StringEquals={"rds:db-tag/Environment": "Development"}))

    assert reboot(caller, hub.database(Environment="Development"))
    assert "AccessDenied" in denied_reboot(caller, hub.database(environment="Development"))


def test_a_snapshot_tag_is_no_tag_of_an_instance(hub: Caller) -> None:
    name = hub.database(Environment="Development")
    caller = hub.session_allowed(allow(REBOOT, StringEquals={"rds:snapshot-tag/Environment": "Development"}))

    assert "AccessDenied" in denied_reboot(caller, name)


def test_a_tag_follows_what_is_changed(hub: Caller) -> None:
    name = hub.database(Environment="Development")
    caller = hub.session_allowed(allow(REBOOT, StringEquals={"aws:ResourceTag/Environment": "Development"}))
    hub.client("rds").add_tags_to_resource(
        ResourceName=db_arn(name), Tags=[{"Key": "Environment", "Value": "Production"}]
    )

    assert "AccessDenied" in denied_reboot(caller, name)


@pytest.mark.parametrize("named", [str.upper, str.title, db_arn])
def test_however_an_instance_is_named_its_own_tags_count(hub: Caller, named: Any) -> None:
    production, development = hub.database(Environment="Production"), hub.database(Environment="Development")
    caller = hub.session_allowed(
        allow(REBOOT, db_arn("*")), deny(REBOOT, StringEquals={"aws:ResourceTag/Environment": "Production"})
    )

    assert f"{REBOOT} with an explicit deny" in denied_reboot(caller, named(production))
    # MiniStack finds no instance by a name in another case.
    assert named is db_arn or "DBInstanceNotFound" in denied_reboot(caller, named(development))


def test_a_resource_id_stands_for_its_instance(hub: Caller) -> None:
    name = hub.database(Environment="Production")
    found = hub.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]
    caller = hub.session_allowed(
        allow(REBOOT), deny(REBOOT, StringEquals={"aws:ResourceTag/Environment": "Production"})
    )

    assert "AccessDenied" in denied_reboot(caller, found["DbiResourceId"])


def test_a_policy_names_an_instance(hub: Caller) -> None:
    mine, other = hub.database(), hub.database()
    caller = hub.session_allowed(allow(REBOOT, db_arn(mine)))

    assert reboot(caller, mine)
    assert "AccessDenied" in denied_reboot(caller, other)


def test_a_snapshot_is_authorised_on_the_instance_and_on_the_snapshot(hub: Caller) -> None:
    db, snapshot = hub.database(), new_name("snap")
    arguments = {"DBInstanceIdentifier": db, "DBSnapshotIdentifier": snapshot}
    on_db = hub.session_allowed(allow(SNAPSHOT, db_arn(db)))
    on_snapshot = hub.session_allowed(allow(SNAPSHOT, snapshot_arn("snap-*")))
    on_both = hub.session_allowed(allow(SNAPSHOT, [db_arn(db), snapshot_arn("snap-*")]))

    denial = refused(on_db.client("rds").create_db_snapshot, **arguments)
    assert denial.startswith("AccessDenied: ")
    assert f"not authorized to perform: {SNAPSHOT} on resource: {snapshot_arn(snapshot)} because" in denial
    assert "AccessDenied" in refused(on_snapshot.client("rds").create_db_snapshot, **arguments)
    assert not hub.client("rds").describe_db_snapshots(DBInstanceIdentifier=db)["DBSnapshots"]
    assert on_both.client("rds").create_db_snapshot(**arguments)["DBSnapshot"]["DBSnapshotIdentifier"] == snapshot


def test_a_condition_on_the_instances_tag_does_not_hold_for_the_new_snapshot(hub: Caller) -> None:
    db = hub.database(Environment="Development")
    arguments = {"DBInstanceIdentifier": db, "DBSnapshotIdentifier": new_name("snap")}
    tagged = allow(SNAPSHOT, StringEquals={"aws:ResourceTag/Environment": "Development"})

    denial = refused(hub.session_allowed(tagged).client("rds").create_db_snapshot, **arguments)
    assert f"{SNAPSHOT} on resource: {snapshot_arn(arguments['DBSnapshotIdentifier'])}" in denial
    both = hub.session_allowed(tagged, allow(SNAPSHOT, snapshot_arn("*")))
    assert both.client("rds").create_db_snapshot(**arguments)


def test_a_snapshot_with_tags_needs_tagging_too(hub: Caller) -> None:
    db, snapshot = hub.database(), new_name("snap")
    arguments = {
        "DBInstanceIdentifier": db,
        "DBSnapshotIdentifier": snapshot,
        "Tags": [{"Key": "Team", "Value": "billing"}],
    }
    tagging = allow("rds:AddTagsToResource", snapshot_arn("*"), StringEquals={"aws:RequestTag/Team": "billing"})

    denial = refused(hub.session_allowed(allow(SNAPSHOT)).client("rds").create_db_snapshot, **arguments)
    assert f"not authorized to perform: rds:AddTagsToResource on resource: {snapshot_arn(snapshot)} because" in denial
    assert hub.session_allowed(allow(SNAPSHOT), tagging).client("rds").create_db_snapshot(**arguments)


def test_tags_are_authorised_on_the_resource_that_is_tagged(hub: Caller) -> None:
    mine, other = hub.database(), hub.database()
    actions = ["rds:AddTagsToResource", "rds:RemoveTagsFromResource", "rds:ListTagsForResource"]
    rds = hub.session_allowed(allow(actions, db_arn(mine))).client("rds")

    rds.add_tags_to_resource(ResourceName=db_arn(mine), Tags=[{"Key": "Team", "Value": "billing"}])
    assert rds.list_tags_for_resource(ResourceName=db_arn(mine))["TagList"] == [{"Key": "Team", "Value": "billing"}]
    rds.remove_tags_from_resource(ResourceName=db_arn(mine), TagKeys=["Team"])
    assert actions[0] in refused(rds.add_tags_to_resource, ResourceName=db_arn(other), Tags=[])
    assert actions[1] in refused(rds.remove_tags_from_resource, ResourceName=db_arn(other), TagKeys=["Team"])
    assert actions[2] in refused(rds.list_tags_for_resource, ResourceName=db_arn(other))


def test_a_snapshots_own_tag_and_its_case(hub: Caller) -> None:
    action, db, snapshot = "rds:ListTagsForResource", hub.database(), new_name("snap")
    hub.client("rds").create_db_snapshot(
        DBInstanceIdentifier=db, DBSnapshotIdentifier=snapshot, Tags=[{"Key": "Team", "Value": "billing"}]
    )
    arguments = {"ResourceName": snapshot_arn(snapshot)}
    right = hub.session_allowed(allow(action, StringEquals={"rds:snapshot-tag/Team": "billing"}))
    wrong = hub.session_allowed(allow(action, StringEquals={"rds:snapshot-tag/team": "billing"}))
    any_case = hub.session_allowed(allow(action, StringEquals={"aws:ResourceTag/team": "billing"}))

    assert right.client("rds").list_tags_for_resource(**arguments)["TagList"]
    assert any_case.client("rds").list_tags_for_resource(**arguments)["TagList"]
    assert action in refused(wrong.client("rds").list_tags_for_resource, **arguments)


def test_events_and_a_snapshot_by_name_are_looked_at_on_any_resource(hub: Caller) -> None:
    actions = ["rds:DescribeEvents", "rds:DescribeDBSnapshots"]
    rds = hub.session_allowed(allow(actions, "*")).client("rds")
    on_one = hub.session_allowed(allow(actions, db_arn("one"))).client("rds")
    db = hub.database()

    assert rds.describe_events(SourceIdentifier=db, SourceType="db-instance")["Events"] == []
    assert "DBSnapshotNotFound" in refused(rds.describe_db_snapshots, DBSnapshotIdentifier="none")
    assert "AccessDenied" in refused(on_one.describe_events)


def test_a_call_is_of_the_region_that_it_is_sent_to(hub: Caller) -> None:
    here, there = hub.database(), hub.database(OTHER_REGION)
    caller = hub.session_allowed(allow(REBOOT, StringEquals={"aws:RequestedRegion": [OTHER_REGION]}))

    assert "AccessDenied" in denied_reboot(caller, here)
    assert caller.client("rds", OTHER_REGION).reboot_db_instance(DBInstanceIdentifier=there)
