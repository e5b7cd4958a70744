"""Every permission is needed: if the template lacks one, the local cloud denies the call."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local.cloud import REGION
from local.deployment import STACK, assets_bucket
from tests.workflow.callers import allow, assumed
from tests.workflow.queues import refusal_queue
from tests.workflow.service import Service, reboot_of, snapshot_of, window_of


@contextmanager
def without(service: Service, role: str, action: str) -> Iterator[None]:
    """Remove the action from the deployed role, and restore it at the end."""
    whole = (Path(service.cloud.folder) / "cdk.out" / f"{STACK}.template.json").read_text()
    template = json.loads(whole)
    removed = sum(
        remove(statement, action)
        for resource in template["Resources"].values()
        if resource["Type"] == "AWS::IAM::Policy" and resource["Properties"]["PolicyName"].startswith(role)
        for statement in resource["Properties"]["PolicyDocument"]["Statement"]
    )
    assert removed
    update(service, json.dumps(template))
    try:
        yield
    finally:
        update(service, whole)


def remove(statement: dict[str, Any], action: str) -> int:
    given = statement.get("Action", [])
    actions = given if isinstance(given, list) else [given]
    if statement["Effect"] != "Allow" or action not in actions:
        return 0
    statement["Action"] = [other for other in actions if other != action] or ["rds:DescribeDBLogFiles"]
    return 1


def update(service: Service, template: str) -> None:
    cloudformation = service.aws("cloudformation")
    service.aws("s3").put_object(Bucket=assets_bucket(), Key="changed.template.json", Body=template)
    url = f"{service.cloud.endpoint}/{assets_bucket()}/changed.template.json"  # too large for TemplateBody
    cloudformation.update_stack(StackName=STACK, TemplateURL=url, Capabilities=["CAPABILITY_NAMED_IAM"])
    cloudformation.get_waiter("stack_update_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1})


ACTIONS: dict[str, Callable[..., dict[str, Any]]] = {
    "rds:CreateDBSnapshot": snapshot_of,
    "rds:RebootDBInstance": reboot_of,
    "rds:ModifyDBInstance": window_of,
}


@pytest.mark.parametrize("action", ACTIONS)
def test_without_the_action_the_operation_fails_and_is_recorded(service: Service, action: str) -> None:
    instance = service.new_instance()
    window = service.instance(instance)["PreferredBackupWindow"]
    with without(service, "ActingRole", action):
        operation_id = service.accepted(ACTIONS[action](instance))
        document = service.result(operation_id)
    assert document["success"] is False
    assert document["error"].startswith("AccessDenied: ")
    assert action in document["error"]
    assert service.execution(operation_id)["status"] == "FAILED"
    assert [(record["event"], record["success"]) for record in service.records(instance)] == [
        ("accepted", True),
        ("completed", False),
    ]
    assert not service.is_locked(instance)
    assert service.snapshots(instance) == []
    assert service.instance(instance)["DBInstanceStatus"] == "available"
    assert service.instance(instance)["PreferredBackupWindow"] == window


def test_tags_that_cannot_be_read_close_the_gate(service: Service) -> None:
    instance = service.new_instance()
    with without(service, "FunctionsClassifyRole", "rds:DescribeDBInstances"):
        answer = service.post(reboot_of(instance))
    assert answer.status == 500
    assert answer.body["code"] == "internal_error"
    (record,) = service.records(instance)
    assert record["event"] == "refused"
    assert "AccessDenied" in json.loads(record["result"])["error"]
    assert service.instance(instance)["DBInstanceStatus"] == "available"
    assert not service.is_locked(instance)


def test_without_the_opening_record_nothing_is_done(service: Service) -> None:
    instance = service.new_instance()
    with without(service, "FunctionsAdmitRole", "dynamodb:PutItem"):
        answer = service.post(reboot_of(instance))
    assert (answer.status, answer.body["code"]) == (503, "try_again")
    assert service.instance(instance)["DBInstanceStatus"] == "available"
    assert not service.is_locked(instance)
    assert [record["event"] for record in service.records(instance)] == ["refused"]


def test_without_its_record_a_refusal_still_stands(service: Service) -> None:
    instance = service.new_instance("any", {"Environment": "prod"})
    with without(service, "FunctionsAuditRole", "dynamodb:PutItem"):
        answer = service.post(reboot_of(instance))
    assert answer.status == 403
    assert service.records(instance) == []


def test_nobody_but_admission_sends_to_the_queue_of_refusals(service: Service) -> None:
    """Neither the account's root nor a role that may send to every queue can."""
    given = assumed(service, "sender", "sam", may_call=False).credentials
    allow(service, "sender", "sqs:*", "*")
    session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], REGION)
    sender = session.client("sqs", endpoint_url=service.cloud.endpoint)
    for queues in (service.aws("sqs"), sender):
        with pytest.raises(ClientError) as raised:
            queues.send_message(QueueUrl=refusal_queue(service), MessageBody="forged")
        assert raised.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    sender.get_queue_attributes(QueueUrl=refusal_queue(service), AttributeNames=["QueueArn"])


def test_api_gateway_itself_needs_its_permission(service: Service) -> None:
    with without(service, "ApiKeyApiAdmissionRole", "states:StartSyncExecution"):
        answer = service.post(reboot_of(service.new_instance()))
    assert answer.status == 500
    assert answer.body["code"] == "internal_error"
