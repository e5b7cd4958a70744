"""The demo's databases: one for each answer of the gate and of RDS."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from local.cloud import ACCOUNT, OTHER_ACCOUNT, OTHER_REGION, REGION, Cloud
from local.deployment import client
from local.instance_tags import FAILS, NEVER, REBOOT_TAG, SNAPSHOT_TAG

AURORA_CLUSTER = "dev-aurora"


@dataclass(frozen=True)
class DemoInstance:
    """Describe an instance. `more` are further arguments of CreateDBInstance; `replica_of` is the source's identifier
    or ARN.
    """

    name: str
    shows: str
    engine: str = "postgres"
    tags: dict[str, str] = field(default_factory=dict)
    more: dict[str, Any] = field(default_factory=dict)
    account: str = ACCOUNT
    region: str = REGION
    replica_of: str = ""


DEVELOPMENT = {"Environment": "Development"}

INSTANCES = (
    DemoInstance("dev-postgres-01", "development, Multi-AZ", tags=DEVELOPMENT, more={"MultiAZ": True}),
    DemoInstance("test-mysql-01", "test, single-AZ", "mysql", {"Environment": "Test"}),
    DemoInstance("dev-oracle-01", "development by the tag Env: dev", "oracle-se2", {"Env": "dev"}),
    DemoInstance("prod-orders-01", "production by tag", tags={"Environment": "Production"}),
    DemoInstance("prod-billing-01", "production by ENV: PRD", "mysql", {"ENV": "PRD"}),
    DemoInstance("untagged-01", "nothing classifies it"),
    DemoInstance("sandbox-mysql-01", "sandbox by its name alone", "mysql"),
    DemoInstance("reporting-mysql-01", "staging by the instance mapping", "mysql"),
    DemoInstance(
        "dev-aurora-01",
        "a member of an Aurora cluster",
        "aurora-postgresql",
        DEVELOPMENT,
        {"DBClusterIdentifier": AURORA_CLUSTER},
    ),
    DemoInstance("dev-stopped-01", "stopped", tags=DEVELOPMENT),
    DemoInstance("dev-snapshot-fails-01", "its snapshots fail", tags={**DEVELOPMENT, SNAPSHOT_TAG: FAILS}),
    DemoInstance("dev-snapshot-never-ends-01", "its snapshots never end", tags={**DEVELOPMENT, SNAPSHOT_TAG: NEVER}),
    DemoInstance("dev-reboot-fails-01", "it does not come back from a reboot", tags={**DEVELOPMENT, REBOOT_TAG: FAILS}),
    DemoInstance("dev-pending-01", "another change is pending", tags=DEVELOPMENT),
    DemoInstance("dev-orders-replica-01", "a replica of production", tags=DEVELOPMENT, replica_of="prod-orders-01"),
    DemoInstance(
        "dev-orders-replica-02",
        "a replica of production, in another Region",
        tags=DEVELOPMENT,
        region=OTHER_REGION,
        replica_of=f"arn:aws:rds:{REGION}:{ACCOUNT}:db:prod-orders-01",
    ),
    DemoInstance("dev-frankfurt-01", "in another Region", tags=DEVELOPMENT, region=OTHER_REGION),
    DemoInstance("team-b-mysql-01", "in another account", "mysql", DEVELOPMENT, account=OTHER_ACCOUNT),
    DemoInstance("team-b-frankfurt-01", "there and then", tags=DEVELOPMENT, account=OTHER_ACCOUNT, region=OTHER_REGION),
    DemoInstance("prod-team-b-01", "production of another account", tags={"env": "Live"}, account=OTHER_ACCOUNT),
    DemoInstance("shared-name-01", "one of two of this name", tags=DEVELOPMENT),
    DemoInstance("shared-name-01", "the other one", tags=DEVELOPMENT, account=OTHER_ACCOUNT),
)


def create_all(cloud: Cloud) -> None:
    clients = {place: client(cloud, "rds", *place) for place in {(item.account, item.region) for item in INSTANCES}}
    rds = clients[ACCOUNT, REGION]
    _create_cluster(rds)
    there = {place: _names(found) for place, found in clients.items()}
    for instance in INSTANCES:
        place = instance.account, instance.region
        if instance.name not in there[place]:
            create(clients[place], instance)
    at_home = there[ACCOUNT, REGION]
    if "dev-stopped-01" not in at_home:
        rds.stop_db_instance(DBInstanceIdentifier="dev-stopped-01")
    if "dev-pending-01" not in at_home:
        rds.modify_db_instance(DBInstanceIdentifier="dev-pending-01", DBInstanceClass="db.r6g.large")


def create(rds: Any, instance: DemoInstance) -> None:
    """Create it with a client of its account and Region."""
    if instance.replica_of:
        rds.create_db_instance_read_replica(
            DBInstanceIdentifier=instance.name,
            SourceDBInstanceIdentifier=instance.replica_of,
            Tags=_tags(instance),
            **instance.more,
        )
    else:
        rds.create_db_instance(**_arguments(instance))


def _names(rds: Any) -> set[str]:
    return {instance["DBInstanceIdentifier"] for instance in rds.describe_db_instances()["DBInstances"]}


def _tags(instance: DemoInstance) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in instance.tags.items()]


def _arguments(instance: DemoInstance) -> dict[str, Any]:
    arguments = {
        "DBInstanceIdentifier": instance.name,
        "DBInstanceClass": "db.t4g.medium",
        "Engine": instance.engine,
        "PreferredBackupWindow": "02:00-02:30",
        "PreferredMaintenanceWindow": "sun:05:00-sun:06:00",
        "Tags": _tags(instance),
        **instance.more,
    }
    if "DBClusterIdentifier" in instance.more:
        return arguments
    return arguments | {"AllocatedStorage": 20, "MasterUsername": "dba", "ManageMasterUserPassword": True}


def _create_cluster(rds: Any) -> None:
    there = [cluster["DBClusterIdentifier"] for cluster in rds.describe_db_clusters()["DBClusters"]]
    if AURORA_CLUSTER not in there:
        rds.create_db_cluster(
            DBClusterIdentifier=AURORA_CLUSTER,
            Engine="aurora-postgresql",
            MasterUsername="dba",
            ManageMasterUserPassword=True,
        )
