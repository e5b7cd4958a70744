"""Extension: a read replica of a source in another Region of the account, named by its ARN.

MiniStack searches for the source in the replica's own Region only.
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import rds

Instance = dict[str, Any]
_ACTION = "CreateDBInstanceReadReplica"


def install() -> None:
    rds._ACTION_MAP[_ACTION] = _across_regions(rds._ACTION_MAP[_ACTION])


def _across_regions(within_region: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def create(parameters: Any) -> Any:
        arn = rds._p(parameters, "SourceDBInstanceIdentifier")
        found = rds._same_account_foreign_region_arn(arn, "db")
        if not found:
            return within_region(parameters)
        source = rds._instances.get_scoped(get_account_id(), found.region, arn.split(":")[6])
        name = rds._p(parameters, "DBInstanceIdentifier")
        if not source:
            return rds._error("DBInstanceNotFound", f"DBInstance {arn} not found.", 404)
        if name in rds._instances:
            return rds._error("DBInstanceAlreadyExists", f"DBInstance {name} already exists.", 400)
        replica = _replica(name, source, parameters)
        rds._instances[name] = replica
        rds._tags[replica["DBInstanceArn"]] = list(replica["TagList"])
        source["ReadReplicaDBInstanceIdentifiers"].append(replica["DBInstanceArn"])
        return rds._single_instance_response(f"{_ACTION}Response", f"{_ACTION}Result", replica)

    return create


def _replica(name: str, source: Instance, parameters: Any) -> Instance:
    """Return a replica without backups. What is not given comes from the source."""
    return copy.deepcopy(source) | {
        "DBInstanceIdentifier": name,
        "DBInstanceArn": f"arn:aws:rds:{get_region()}:{get_account_id()}:db:{name}",
        "DBInstanceClass": rds._p(parameters, "DBInstanceClass") or source["DBInstanceClass"],
        "DBInstanceStatus": "available",
        "DbiResourceId": f"db-{new_uuid().replace('-', '')[:20].upper()}",
        "InstanceCreateTime": rds._format_time(time.time()),
        "AvailabilityZone": rds._p(parameters, "AvailabilityZone") or f"{get_region()}a",
        "MultiAZ": rds._p(parameters, "MultiAZ") == "true",
        "BackupRetentionPeriod": 0,
        "PendingModifiedValues": {},
        "ReadReplicaSourceDBInstanceIdentifier": source["DBInstanceArn"],
        "ReadReplicaDBInstanceIdentifiers": [],
        "Endpoint": source["Endpoint"] | {"Port": rds._next_port()},
        "TagList": rds._parse_tags(parameters),
    }
