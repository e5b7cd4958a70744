"""Extension: AWS Backup's hold on the window, RDS Custom's paused automation, the result of a failover, and a reboot
from `incompatible-parameters`.

An instance's tags set these (`local.instance_tags`).
https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html
https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Events.Messages.html
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import rds

from local.extensions.rds_time import tag_of
from local.instance_tags import ABANDONED, AUTOMATION_TAG, AWS_BACKUP_TAG, FAILOVER_TAG

Instance = dict[str, Any]
_ABANDONED = "Abandoning user requested failover since a failover recently occurred on the database instance."
_FAILED_OVER = "Multi-AZ instance failover completed"
_ASKED = "_failover_asked"


def install() -> None:
    rds._instance_xml = _with_conditions(rds._instance_xml)
    rds._ACTION_MAP["ModifyDBInstance"] = _where_it_may(rds._ACTION_MAP["ModifyDBInstance"])
    rds._begin_instance_reboot = _noting_failovers(rds._begin_instance_reboot)
    rds._record_reboot_event = _with_failovers(rds._record_reboot_event)


def _with_conditions(render: Callable[[Instance], str]) -> Callable[[Instance], str]:
    def instance_xml(instance: Instance) -> str:
        mode, point = tag_of(instance, AUTOMATION_TAG), _recovery_point(instance)
        more = f"<AutomationMode>{mode}</AutomationMode>" if mode else ""
        more += f"<AwsBackupRecoveryPointArn>{point}</AwsBackupRecoveryPointArn>" if point else ""
        return render(instance) + more

    return instance_xml


def _recovery_point(instance: Instance) -> str:
    vault = f"arn:aws:backup:{get_region()}:{get_account_id()}:recovery-point:continuous"
    return f"{vault}:{instance['DbiResourceId'].lower()}" if tag_of(instance, AWS_BACKUP_TAG) else ""


def _where_it_may(modify: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def modify_instance(parameters: Any) -> Any:
        instance = rds._resolve_instance(rds._p(parameters, "DBInstanceIdentifier"))
        if instance and tag_of(instance, AUTOMATION_TAG) == "all-paused":
            return rds._error("InvalidDBInstanceState", "The automation mode of the instance is all-paused.", 400)
        if instance and rds._p(parameters, "PreferredBackupWindow") and _recovery_point(instance):
            message = "The backup window of an instance that AWS Backup manages cannot be changed."
            return rds._error("InvalidParameterCombination", message, 400)
        return modify(parameters)

    return modify_instance


def _noting_failovers(begin: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def begin_reboot(parameters: Any) -> Any:
        instance = rds._resolve_instance(rds._p(parameters, "DBInstanceIdentifier"))
        if instance:
            instance[_ASKED] = rds._p(parameters, "ForceFailover") == "true"
            if instance["DBInstanceStatus"] == "incompatible-parameters":
                instance["DBInstanceStatus"] = "available"  # MiniStack accepts the call in no other status
        return begin(parameters)

    return begin_reboot


def _with_failovers(record: Callable[[Instance], None]) -> Callable[[Instance], None]:
    def record_events(instance: Instance) -> None:
        if not instance.pop(_ASKED, False):
            record(instance)
        elif tag_of(instance, FAILOVER_TAG) == ABANDONED:
            _tell(instance, _ABANDONED)
        else:
            record(instance)
            _tell(instance, _FAILED_OVER)

    return record_events


def _tell(instance: Instance, message: str) -> None:
    rds._events[new_uuid()] = {
        "SourceIdentifier": instance["DBInstanceIdentifier"],
        "SourceType": "db-instance",
        "SourceArn": instance["DBInstanceArn"],
        "Message": message,
        "Date": time.time(),
        "EventCategories": ["failover"],
    }
