"""One answer of RDS and STS for each action."""

from __future__ import annotations

from tests.bench.events import OPERATION_ID, SNAPSHOT_ID, instance_names

_PAGE = 100
_SNAPSHOT = (
    f"<DBSnapshotIdentifier>{SNAPSHOT_ID}</DBSnapshotIdentifier><Status>creating</Status><PercentProgress>40</PercentProgress>"
    f"<DBSnapshotArn>arn:aws:rds:eu-west-1:123456789012:snapshot:{SNAPSHOT_ID}</DBSnapshotArn>"
    "<DbiResourceId>db-1</DbiResourceId>"
    f"<TagList><Tag><Key>rds-operations:operation-id</Key><Value>{OPERATION_ID}</Value></Tag></TagList>"
)
_CREDENTIALS = (
    "<Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>"
    "<SessionToken>token</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>"
)
_ANSWERS = {
    "CreateDBSnapshot": f"<DBSnapshot>{_SNAPSHOT}</DBSnapshot>",
    "DescribeDBSnapshots": f"<DBSnapshots><DBSnapshot>{_SNAPSHOT}</DBSnapshot></DBSnapshots>",
    "AssumeRole": _CREDENTIALS,
}


def query_answer(asked: dict[str, list[str]], instances: int) -> tuple[str, str, str]:
    """Return the service, the action and the answer."""
    action = asked["Action"][0]
    answer = _ANSWERS.get(action) or _described(asked, instances)
    service = "sts" if action == "AssumeRole" else "rds"
    return service, action, f"<{action}Response><{action}Result>{answer}</{action}Result></{action}Response>"


def _described(asked: dict[str, list[str]], instances: int) -> str:
    """Describe one instance, or list a page of all."""
    if "DBInstanceIdentifier" in asked:
        return f"<DBInstances>{_instance(asked['DBInstanceIdentifier'][0])}</DBInstances>"
    first = int(asked.get("Marker", ["0"])[0])
    names = instance_names(instances)[first : first + _PAGE]
    marker = f"<Marker>{first + _PAGE}</Marker>" if first + _PAGE < instances else ""
    return f"{marker}<DBInstances>{''.join(map(_instance, names))}</DBInstances>"


def _instance(name: str) -> str:
    """Describe it with the fields that RDS has for any instance, since reading them takes time."""
    return (
        f"<DBInstance><DBInstanceIdentifier>{name}</DBInstanceIdentifier><Engine>postgres</Engine>"
        "<DBInstanceClass>db.t3.medium</DBInstanceClass><MasterUsername>dba</MasterUsername><DBName>app</DBName>"
        f"<Endpoint><Address>{name}.abc.eu-west-1.rds.amazonaws.com</Address><Port>5432</Port></Endpoint>"
        "<AllocatedStorage>100</AllocatedStorage><InstanceCreateTime>2025-01-01T00:00:00Z</InstanceCreateTime>"
        "<PreferredBackupWindow>03:00-04:00</PreferredBackupWindow><BackupRetentionPeriod>7</BackupRetentionPeriod>"
        "<VpcSecurityGroups><VpcSecurityGroupMembership><VpcSecurityGroupId>sg-1</VpcSecurityGroupId>"
        "<Status>active</Status></VpcSecurityGroupMembership></VpcSecurityGroups>"
        "<AvailabilityZone>eu-west-1a</AvailabilityZone><EngineVersion>15.4</EngineVersion><StorageType>gp3</StorageType>"
        "<PreferredMaintenanceWindow>sun:05:00-sun:06:00</PreferredMaintenanceWindow><MultiAZ>false</MultiAZ>"
        "<DBInstanceStatus>available</DBInstanceStatus><DbiResourceId>db-1</DbiResourceId>"
        f"<DBInstanceArn>arn:aws:rds:eu-west-1:123456789012:db:{name}</DBInstanceArn>"
        "<TagList><Tag><Key>Environment</Key><Value>dev</Value></Tag></TagList></DBInstance>"
    )
