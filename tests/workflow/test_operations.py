"""Each operation to its success, as the caller, the console and the auditor see it."""

import json
from datetime import datetime, timedelta
from typing import Any

from rds_operations.operations.snapshot_tags import OPERATION_TAG
from tests.workflow.service import Service, reboot_of, snapshot_of, window_of


def assert_succeeded(service: Service, operation_id: str, instance_id: str, document: dict[str, Any]) -> None:
    execution = service.execution(operation_id)
    assert execution["status"] == "SUCCEEDED"
    assert json.loads(execution["output"])["operation_id"] == operation_id
    opening, closing = service.records(instance_id)
    assert opening["event"] == "accepted"
    assert closing["event"] == "completed"
    assert closing["success"] is True
    assert json.loads(closing["result"]).items() <= document.items()
    assert json.loads(closing["user_identity"])["userId"].startswith("apikey:")
    moment = datetime.fromisoformat(closing["timestamp"])
    assert int(closing["ttl"]) == int((moment + timedelta(days=90)).timestamp())
    assert closing["audit_id"].startswith(f"{instance_id}#{closing['timestamp']}")
    assert not service.is_locked(instance_id)


def common_keys() -> set[str]:
    own = "operation status duration_seconds success operation_id execution_arn instance_id environment"
    always = "requested_at requested_by parameters started_at ended_at finished polls max_polls steps"
    return {*own.split(), *always.split()}


def test_snapshot_becomes_available(service: Service) -> None:
    instance = service.new_instance()
    tags = [{"Key": "Purpose", "Value": "Pre-upgrade backup"}, {"Key": "CreatedBy", "Value": "john.doe"}]
    operation_id = service.accepted(snapshot_of(instance, tags=tags))
    document = service.result(operation_id)
    assert set(document) == common_keys() | {"snapshot_id", "snapshot_arn", "snapshot_create_time"}
    assert document["status"] == "available"
    assert document["success"] is True
    assert document["snapshot_arn"].endswith(f":snapshot:{instance}-manual")
    assert document["snapshot_create_time"].endswith("Z")
    assert isinstance(document["duration_seconds"], float)
    (snapshot,) = service.snapshots(instance)
    assert snapshot["Status"] == "available"
    assert [tag for tag in snapshot["TagList"] if tag in tags] == tags
    assert_succeeded(service, operation_id, instance, document)


# aws-solutions/instance-scheduler-on-aws#142: any tag in the call, and ours has one, stops RDS from copying tags.
def test_a_snapshot_keeps_the_tags_of_an_instance_that_copies_them(service: Service) -> None:
    own = {"Environment": "Development", "CostCenter": "4711", "Team": "billing"}
    instance = service.new_instance(tags=own, CopyTagsToSnapshot=True)
    service.result(service.accepted(snapshot_of(instance, tags=[{"Key": "Team", "Value": "dba"}])))
    (snapshot,) = service.snapshots(instance)
    tags = {tag["Key"]: tag["Value"] for tag in snapshot["TagList"]}
    assert tags.pop(OPERATION_TAG)
    assert tags == own | {"Team": "dba"}


def test_snapshot_states_are_passed_in_the_order_of_the_story(service: Service) -> None:
    instance = service.new_instance(tags={"Environment": "dev", "local:snapshot": "70"})
    operation_id = service.accepted(snapshot_of(instance))
    execution = service.execution(operation_id)
    states = service.states(execution["executionArn"])
    polled = ["Wait", "Poll", "Finished?"]
    polls = states.count("Poll")
    assert polls >= 2
    assert states == [
        *("Validate", "Classify", "Allowed?", "Execute", "Finished?"),
        *(polled * polls),
        "Audit",
    ]


def test_reboot_comes_back(service: Service) -> None:
    instance = service.new_instance()
    operation_id = service.accepted(reboot_of(instance))
    document = service.result(operation_id)
    assert set(document) == common_keys() | {"force_failover"}
    assert document["status"] == "available"
    assert document["force_failover"] is False
    assert service.instance(instance)["DBInstanceStatus"] == "available"
    assert_succeeded(service, operation_id, instance, document)


def test_reboot_with_failover_of_a_multi_az_instance(service: Service) -> None:
    instance = service.new_instance(MultiAZ=True)
    operation_id = service.accepted(reboot_of(instance, force_failover=True))
    document = service.result(operation_id)
    assert document["force_failover"] is True
    assert document["success"] is True
    assert_succeeded(service, operation_id, instance, document)


def test_backup_window_is_changed_without_polling(service: Service) -> None:
    instance = service.new_instance()
    operation_id = service.accepted(window_of(instance, "23:30-00:30"))
    document = service.result(operation_id)
    assert set(document) == common_keys() | {"backup_window", "apply_immediately", "pending_backup_window"}
    assert document["backup_window"] == "23:30-00:30"
    assert document["apply_immediately"] is True
    assert document["pending_backup_window"] is None
    assert service.instance(instance)["PreferredBackupWindow"] == "23:30-00:30"
    assert "Poll" not in service.states(service.execution(operation_id)["executionArn"])
    assert_succeeded(service, operation_id, instance, document)


def test_pending_changes_do_not_block_a_window_that_is_applied_later(service: Service) -> None:
    instance = service.new_instance()
    service.aws("rds").modify_db_instance(DBInstanceIdentifier=instance, DBInstanceClass="db.r6g.large")
    operation_id = service.accepted(window_of(instance, apply_immediately=False))
    document = service.result(operation_id)
    assert document["success"] is True
    assert service.instance(instance)["PendingModifiedValues"] == {"DBInstanceClass": "db.r6g.large"}
    assert_succeeded(service, operation_id, instance, document)


def test_while_it_runs_the_report_shows_status_polls_and_percent(service: Service) -> None:
    instance = service.new_instance(tags={"Environment": "dev", "local:snapshot": "never"})
    answer = service.post(snapshot_of(instance))
    operation_id = answer.body["operation_id"]
    assert set(answer.body) == {
        *("operation", "instance_id", "operation_id", "execution_arn", "status", "environment"),
    }
    seen = [answer.body["status"]]
    report: dict[str, Any] = {}
    while report.get("polls", 0) < 2:
        found = service.get(operation_id)
        assert 2 <= int(found.headers["Retry-After"]) <= 30
        report = found.body
        seen.append(report["status"])
    assert [status for index, status in enumerate(seen) if status not in seen[:index]] == ["accepted", "creating"]
    assert report["percent"] == 10
    assert report["started_at"].endswith("Z")
    assert report["environment"] == "development"


def test_identifiers_are_lower_cased_as_rds_stores_them(service: Service) -> None:
    instance = service.new_instance()
    document = service.result(service.accepted(snapshot_of(instance.upper(), snapshot_id="UPPER-Case-1")))
    assert document["instance_id"] == instance
    assert document["snapshot_id"] == "upper-case-1"
    assert document["success"] is True


def test_an_instance_classified_by_its_mapping_or_its_name_alone_is_served(service: Service) -> None:
    instance = service.new_instance("sandbox", tags={})
    document = service.result(service.accepted(window_of(instance)))
    assert document["environment"] == "sandbox"
    assert service.records(instance)[-1]["environment_source"] == "naming_patterns ^sandbox-"
