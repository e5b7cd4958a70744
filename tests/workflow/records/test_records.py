"""The specification's three queries, as written, beside each the one that scales, and what logs and metrics show."""

import json
from collections.abc import Callable
from typing import Any

from local.instance_tags import FAILS, SNAPSHOT_TAG
from tests.workflow.service import Service, reboot_of, snapshot_of, window_of

SPECIFIED = {
    "audit_id": str,
    "timestamp": str,
    "operation": str,
    "instance_id": str,
    "parameters": str,
    "user_identity": str,
    "result": str,
    "success": bool,
}
OF_NO_OPERATION = ("Sweep", "Inventory", "Lists", "Instances", "Publish", "Digest")


def dynamodb(service: Service) -> Any:
    """Return a client that takes plain values, which the specification calls `dynamodb`."""
    return service.audit_log.meta.client


def test_query_by_instance(service: Service) -> None:
    instance = service.new_instance()
    service.result(service.accepted(window_of(instance)))
    response = dynamodb(service).query(
        TableName="rds_audit_log",
        KeyConditionExpression="instance_id = :id",
        ExpressionAttributeValues={":id": instance},
    )
    assert [item["event"] for item in response["Items"]] == ["accepted", "completed"]
    # It scales as it is: one partition. Newest first, as many as one wants, since a day:
    newest = dynamodb(service).query(
        TableName="rds_audit_log",
        KeyConditionExpression="instance_id = :id AND audit_id > :since",
        ExpressionAttributeValues={":id": instance, ":since": f"{instance}#2025-11-13"},
        ScanIndexForward=False,
        Limit=1,
    )
    assert newest["Items"] == [response["Items"][-1]]
    for item in response["Items"]:
        assert {name: type(item[name]) for name in SPECIFIED} == SPECIFIED
        assert int(item["ttl"]) == item["ttl"]
        for name in ("parameters", "user_identity", "result"):
            assert isinstance(json.loads(item[name]), dict)


def test_query_by_user(service: Service) -> None:
    instance = service.new_instance()
    service.post(reboot_of(instance, force_failover=True))
    user = json.loads(service.records(instance)[-1]["user_identity"])["userId"]
    response = dynamodb(service).scan(
        TableName="rds_audit_log",
        FilterExpression="contains(user_identity, :user)",
        ExpressionAttributeValues={":user": user},
    )
    assert instance in [item["instance_id"] for item in response["Items"]]
    # The one that scales reads this caller's records alone.
    principal = service.records(instance)[-1]["principal"]
    scaling = {
        "TableName": "rds_audit_log",
        "IndexName": "by_principal",
        "KeyConditionExpression": "principal = :principal",
        "ExpressionAttributeValues": {":principal": principal},
        "ScanIndexForward": False,
    }
    found = dynamodb(service).query(**scaling)["Items"]
    assert {item["principal"] for item in found} == {principal}
    assert [item["timestamp"] for item in found] == sorted((item["timestamp"] for item in found), reverse=True)
    assert instance in [item["instance_id"] for item in found]


def test_query_of_failed_operations(service: Service) -> None:
    good, bad = service.new_instance(), service.new_instance(tags={"Environment": "dev", SNAPSHOT_TAG: FAILS})
    for instance in (good, bad):
        service.result(service.accepted(snapshot_of(instance)))
    response = dynamodb(service).scan(
        TableName="rds_audit_log",
        FilterExpression="success = :false",
        ExpressionAttributeValues={":false": False},
    )
    found = [item["instance_id"] for item in response["Items"]]
    assert bad in found
    assert good not in found
    # The one that scales reads one month's refusals and failures alone.
    month = service.records(bad)[-1]["timestamp"][: len("2026-11")]
    response = dynamodb(service).query(
        TableName="rds_audit_log",
        IndexName="failed",
        KeyConditionExpression="failed_month = :month",
        ExpressionAttributeValues={":month": month},
        ScanIndexForward=False,
    )
    assert {item["success"] for item in response["Items"]} == {False}
    found = [item["instance_id"] for item in response["Items"]]
    assert bad in found
    assert good not in found


def log_lines(service: Service) -> list[dict[str, Any]]:
    messages = service.log_messages("/aws/lambda/rds-operations-service")
    return [json.loads(line) for message in messages for line in message.splitlines() if line.startswith("{")]


def eventually(service: Service, told: Callable[[], bool]) -> bool:
    """Run more operations: the emulator may deliver a function's last lines only with its next invocation."""
    for _ in range(10):
        if told():
            return True
        service.result(service.accepted(reboot_of(service.new_instance())))
    return False


def test_every_line_of_an_operation_carries_its_id(service: Service) -> None:
    instance = service.new_instance()
    operation_id = service.accepted(reboot_of(instance))
    service.result(operation_id)
    expected = {
        ("Validate", "done"),
        ("Classify", "classified"),
        ("Classify", "AWS answered"),
        ("Admit", "done"),
        ("Execute", "AWS answered"),
        ("Poll", "polled"),
        ("Audit", "recorded"),
    }

    def told() -> bool:
        lines = [line for line in log_lines(service) if "level" in line]
        assert all(line["operation_id"] for line in lines if line["state"] not in OF_NO_OPERATION)
        return expected <= {(line["state"], line["message"]) for line in lines if line["operation_id"] == operation_id}

    assert eventually(service, told)


def test_the_four_metrics_in_their_three_dimensions(service: Service) -> None:
    good, bad = service.new_instance(), service.new_instance(tags={"Environment": "poc", SNAPSHOT_TAG: FAILS})
    service.result(service.accepted(window_of(good)))
    service.result(service.accepted(snapshot_of(bad)))
    wanted = {("modify_backup_window", "development"), ("create_snapshot", "poc")}
    metrics: list[dict[str, Any]] = []

    def told() -> bool:
        metrics[:] = [line for line in log_lines(service) if "OperationsExecuted" in line]
        return wanted <= {(line["Operation"], line["Environment"]) for line in metrics}

    assert eventually(service, told)
    for line in metrics:
        (given,) = line["_aws"]["CloudWatchMetrics"]
        assert given["Namespace"] == "RDSOperations"
        three, region = given["Dimensions"]  # the second is for alarms
        assert (sorted(three), region) == (["Environment", "Operation", "Region"], ["Region"])
        assert {metric["Name"]: metric["Unit"] for metric in given["Metrics"]} == {
            "OperationsExecuted": "Count",
            "OperationErrors": "Count",
            "OperationTimeouts": "Count",
            "OperationSuccessRate": "Percent",
            "OperationDuration": "Seconds",
        }
    (failed,) = [line for line in metrics if line["Environment"] == "poc" and line["Operation"] == "create_snapshot"]
    assert (failed["OperationErrors"], failed["OperationSuccessRate"]) == ([1.0], [0.0])
    assert any(line["OperationSuccessRate"] == [100.0] for line in metrics)
