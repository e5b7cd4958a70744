"""Read replicas on the local cloud, in one Region and across Regions."""

from typing import Any

from local.cloud import REGION
from tests.local.account import HUB, OTHER_REGION, SPOKE, Caller, db_arn, new_name, refused


def described(caller: Caller, name: str, region: str = REGION) -> dict[str, Any]:
    found = caller.client("rds", region).describe_db_instances(DBInstanceIdentifier=name)["DBInstances"]
    return dict(found[0])


def replicate(caller: Caller, source: str, region: str, **more: Any) -> str:
    name = new_name("replica")
    caller.client("rds", region).create_db_instance_read_replica(
        DBInstanceIdentifier=name, SourceDBInstanceIdentifier=source, **more
    )
    return name


def test_across_regions_the_source_is_named_by_its_arn(hub: Caller) -> None:
    source = hub.database(Environment="Development")
    name = replicate(hub, db_arn(source), OTHER_REGION, Tags=[{"Key": "Team", "Value": "billing"}])

    replica, original = described(hub, name, OTHER_REGION), described(hub, source)
    assert replica["ReadReplicaSourceDBInstanceIdentifier"] == db_arn(source)
    assert replica["DBInstanceArn"] == db_arn(name, HUB, OTHER_REGION)
    assert replica["DBInstanceStatus"] == "available"
    assert replica["TagList"] == [{"Key": "Team", "Value": "billing"}]
    assert replica["BackupRetentionPeriod"] == 0
    assert replica["AvailabilityZone"].startswith(OTHER_REGION)
    assert replica["DbiResourceId"] != original["DbiResourceId"]
    for inherited in ("Engine", "EngineVersion", "DBInstanceClass", "AllocatedStorage", "PreferredBackupWindow"):
        assert replica[inherited] == original[inherited]
    assert original["ReadReplicaDBInstanceIdentifiers"] == [db_arn(name, HUB, OTHER_REGION)]
    assert "DBInstanceNotFound" in refused(hub.client("rds").describe_db_instances, DBInstanceIdentifier=name)


def test_what_changes_on_the_replica_stays_there(hub: Caller) -> None:
    source = hub.database()
    name = replicate(hub, db_arn(source), OTHER_REGION)
    hub.client("rds", OTHER_REGION).modify_db_instance(DBInstanceIdentifier=name, DBInstanceClass="db.r6g.large")

    assert described(hub, name, OTHER_REGION)["PendingModifiedValues"] == {"DBInstanceClass": "db.r6g.large"}
    assert not described(hub, source)["PendingModifiedValues"]


def test_within_a_region_the_source_is_named_by_its_name(hub: Caller) -> None:
    source = hub.database()

    for given in (source, db_arn(source)):
        name = replicate(hub, given, REGION)
        assert described(hub, name)["ReadReplicaSourceDBInstanceIdentifier"] == source


def test_a_source_that_is_not_there(hub: Caller, spoke: Caller) -> None:
    create = hub.client("rds", OTHER_REGION).create_db_instance_read_replica
    elsewhere = db_arn(spoke.database(), SPOKE)

    missing = refused(create, DBInstanceIdentifier=new_name("replica"), SourceDBInstanceIdentifier=db_arn("none"))
    assert missing.startswith("DBInstanceNotFound")
    assert refused(create, DBInstanceIdentifier=new_name("replica"), SourceDBInstanceIdentifier=elsewhere)


def test_a_name_that_is_taken(hub: Caller) -> None:
    source, taken = hub.database(), hub.database(OTHER_REGION)
    create = hub.client("rds", OTHER_REGION).create_db_instance_read_replica

    answer = refused(create, DBInstanceIdentifier=taken, SourceDBInstanceIdentifier=db_arn(source))
    assert answer.startswith("DBInstanceAlreadyExists")
