"""The second safeguard: IAM refuses even where our code is wrong, and CloudTrail names the person."""

import io
import itertools
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from local.cloud import ACCOUNT, OTHER_ACCOUNT, REGION
from rds_operations.rules.identity import session_name
from stacks.operating_roles import LOOKS
from tests.workflow.callers import assumed
from tests.workflow.changed_code import changed_code
from tests.workflow.service import Service, reboot_of, snapshot_of, window_of

PLACES = [ACCOUNT, OTHER_ACCOUNT]
ASKED = itertools.cycle((reboot_of, snapshot_of, window_of))
REBOOT = "rds_operations/operations/reboot_instance.py"
ACTS = re.compile(
    r"rds\.client\.reboot_db_instance,\s+DBInstanceIdentifier=request\.instance_id,\s+ForceFailover=[^\n]+"
)


@contextmanager
def instead_of_the_reboot(service: Service, call: str) -> Iterator[None]:
    """Make Execute do something other than it was asked."""
    with changed_code(service, ["execute"], REBOOT, lambda text: ACTS.sub(call, text)):
        yield


@pytest.fixture(scope="class")
def open_gate(service: Service) -> Iterator[None]:
    gate = "    if verdict.allowed:\n        return None\n"

    def open_it(text: str) -> str:
        return text.replace(gate, "    return None\n")

    with changed_code(service, ["classify", "execute"], "rds_operations/rules/eligibility.py", open_it):
        yield


@pytest.mark.parametrize("account", PLACES)
@pytest.mark.parametrize(
    "call",
    [
        "rds.client.reboot_db_instance, DBInstanceIdentifier='{other}'",
        "rds.client.modify_db_instance, DBInstanceIdentifier=request.instance_id, PreferredBackupWindow='01:30-02:30'",
        "rds.client.create_db_snapshot, DBInstanceIdentifier=request.instance_id, DBSnapshotIdentifier='stolen'",
        "rds.client.delete_db_instance, DBInstanceIdentifier=request.instance_id, SkipFinalSnapshot=True",
        "rds.client.remove_tags_from_resource, ResourceName='{arn}', TagKeys=['Environment']",
    ],
    ids=["another instance", "modify", "snapshot", "delete", "relabel"],
)
def test_execute_can_do_nothing_but_what_was_asked(service: Service, account: str, call: str) -> None:
    """Both are development instances, which the acting role itself may reboot, modify and snapshot."""
    instance, other = service.new_instance(account=account), service.new_instance(account=account)
    before = service.instance(instance, account)
    arn = before["DBInstanceArn"]
    with instead_of_the_reboot(service, call.format(other=other, arn=arn)):
        asked = {**reboot_of(instance), "account_id": account, "region": REGION}
        document = service.result(service.accepted(asked))
    assert document["success"] is False
    assert document["error"].startswith("AccessDenied: "), document["error"]
    assert not service.rebooted(other, account)
    after = service.instance(instance, account)
    assert (after["PreferredBackupWindow"], after["TagList"]) == (before["PreferredBackupWindow"], before["TagList"])
    assert service.aws("rds", account).describe_db_snapshots(DBInstanceIdentifier=instance)["DBSnapshots"] == []


class TestWithoutTheGate:
    @pytest.mark.parametrize("account", PLACES)
    @pytest.mark.parametrize(
        "tags",
        [
            {"Environment": "Production"},
            {"ENVIRONMENT": "LIVE"},
            {"eNv": "prd"},
            {"Env": "dev", "stage": "PROD"},
            {"Environ": "whatever"},
        ],
        ids=str,
    )
    def test_iam_says_no(self, service: Service, open_gate: None, account: str, tags: dict[str, str]) -> None:
        instance = service.new_instance("any", tags, account)
        before = service.instance(instance, account)
        asked = next(ASKED)(instance)
        document = service.result(service.accepted({**asked, "account_id": account, "region": REGION}))
        assert document["success"] is False
        assert document["error"].startswith("AccessDenied: "), document["error"]
        assert not service.rebooted(instance, account)
        after = service.instance(instance, account)
        assert after["PreferredBackupWindow"] == before["PreferredBackupWindow"]
        assert service.aws("rds", account).describe_db_snapshots(DBInstanceIdentifier=instance)["DBSnapshots"] == []

    def test_a_development_instance_is_operated(self, service: Service, open_gate: None) -> None:
        """Without this, the test above could not fail."""
        assert service.result(service.accepted(window_of(service.new_instance())))["success"] is True


def test_execute_alone_may_act_and_only_through_its_session(service: Service) -> None:
    """No function's own role has an acting action."""
    iam = service.aws("iam")
    names = [role["RoleName"] for role in iam.list_roles()["Roles"]]
    functions = [name for name in names if name.startswith("rds-operations-")]
    assert len(functions) == 14
    for role in functions:
        documents = [
            iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for name in iam.list_role_policies(RoleName=role)["PolicyNames"]
        ]
        actions = re.findall(r"rds:\w+", json.dumps(documents))
        assert {action for action in actions if not action.startswith("rds:Describe")} <= {*LOOKS}, role


TAKES_ON = """
import boto3

def handler(event, context):
    try:
        made = boto3.client("sts").assume_role(RoleSessionName="any-session", **event["assume"])["Credentials"]
        keys = (made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"])
        boto3.Session(*keys).client("rds").reboot_db_instance(**event["reboot"])
    except Exception as error:
        return str(error)
"""


@pytest.mark.parametrize("account", PLACES)
def test_executes_role_acts_from_execute_alone(service: Service, account: str) -> None:
    """Otherwise a function with that role, made by anyone who may pass it, would need no session policy."""
    instance, name = service.new_instance(account=account), service.new_name("borrower")
    functions = service.aws("lambda")
    execute = functions.get_function_configuration(FunctionName="rds-operations-execute")
    functions.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=execute["Role"],
        Handler="borrower.handler",
        Timeout=30,
        Code={"ZipFile": zipped("borrower.py", TAKES_ON)},
    )
    assume = {"RoleArn": execute["Environment"]["Variables"]["ACTING_ROLE"]}
    if account == OTHER_ACCOUNT:
        role = f"arn:aws:iam::{OTHER_ACCOUNT}:role/rds-operations-acting"
        assume = {"RoleArn": role, "ExternalId": "local-9f2c61d07b"}
    asked = {"assume": assume, "reboot": {"DBInstanceIdentifier": instance}}
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(asked))["Payload"].read().decode()
    assert "AccessDenied" in answer
    assert not service.rebooted(instance, account)


def zipped(file: str, text: str) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as package:
        package.writestr(file, text)
    return archive.getvalue()


@pytest.mark.parametrize("account", PLACES)
def test_cloudtrail_names_the_operation_and_the_person(service: Service, account: str) -> None:
    instance = service.new_instance(account=account)
    jane = assumed(service, "dba", "jane.doe@example.com")
    asked = {**window_of(instance), "account_id": account, "region": REGION}
    answer = jane.send("POST", "/operations", asked)
    assert answer.status == 202, answer
    service.execution(answer.body["operation_id"])
    (event,) = [
        event
        for event in events_on(service, account, instance)
        if event["eventName"] == "ModifyDBInstance" and event["userIdentity"]["type"] == "AssumedRole"
    ]
    session = event["userIdentity"]
    assert session["sessionContext"]["sourceIdentity"] == "jane.doe@example.com"
    assert session["arn"].endswith("/" + session_name(answer.body["operation_id"]))
    assert session["accountId"] == account


def events_on(service: Service, account: str, instance: str) -> list[dict[str, Any]]:
    found = service.aws("cloudtrail", account).lookup_events(
        LookupAttributes=[{"AttributeKey": "ResourceName", "AttributeValue": instance}]
    )["Events"]
    return [json.loads(event["CloudTrailEvent"]) for event in found]


def test_a_redrive_does_not_pass_the_gate_again(service: Service) -> None:
    """The instance became production after the execution stopped and before its redrive."""
    instance = service.new_instance()
    service.fault(point="operation:Execute", effect="break", matching=f'"{instance}"', times=1)
    operation_id = service.accepted(reboot_of(instance))
    assert service.execution(operation_id)["status"] == "FAILED"
    service.result(operation_id)
    arn = service.instance(instance)["DBInstanceArn"]
    service.aws("rds").add_tags_to_resource(ResourceName=arn, Tags=[{"Key": "Environment", "Value": "prod"}])
    execution_arn = service.execution(operation_id)["executionArn"]
    service.aws("stepfunctions").redrive_execution(executionArn=execution_arn)
    assert service.ended(execution_arn)["status"] == "FAILED"
    assert not service.rebooted(instance)
    assert not service.is_locked(instance)


class TestLastLook:
    """The instance changes between OPERATION's Classify and the call to RDS."""

    def between(
        self, service: Service, instance: str, change: str, pattern: str = "(?<=<Value>)Development(?=</Value>)"
    ) -> None:
        """Show Execute the change, and OPERATION's Classify the instance before it."""
        service.fault(
            point="rds:DescribeDBInstances",
            effect="rewrite",
            matching=f"={instance}(&|$)",
            caller="rds-operations-execute",
            pattern=pattern,
            replacement=change,
        )

    @pytest.mark.parametrize(("word", "environment"), [("Production", "production"), ("???", "unknown")])
    def test_a_tag_that_turns_stops_the_operation_with_a_record(
        self, service: Service, word: str, environment: str
    ) -> None:
        instance = service.new_instance()
        self.between(service, instance, word)
        operation_id = service.accepted(reboot_of(instance))
        document = service.result(operation_id)
        assert document["success"] is False
        assert "not allowed on" in document["error"]
        execution = service.execution(operation_id)
        assert (execution["status"], execution["error"]) == ("FAILED", "OperationRefused")
        accepted, completed = service.records(instance)
        assert (accepted["environment"], completed["environment"]) == ("development", environment)
        assert not service.is_locked(instance)
        assert not service.rebooted(instance)

    @pytest.mark.parametrize(
        ("pattern", "change", "code"),
        [
            ("(?<=<DBInstanceStatus>)available", "modifying", "instance_not_ready"),
            (
                "<PendingModifiedValues ?/>|<PendingModifiedValues></PendingModifiedValues>",
                "<PendingModifiedValues><DBInstanceClass>db.m7g.large</DBInstanceClass></PendingModifiedValues>",
                "pending_changes",
            ),
            ("(?<=<PreferredMaintenanceWindow>)[^<]+", "mon:01:00-mon:02:00", "not_supported_by_instance"),
        ],
        ids=["state", "pending change", "maintenance window"],
    )
    def test_what_comes_in_the_way_stops_the_operation_with_a_record(
        self, service: Service, pattern: str, change: str, code: str
    ) -> None:
        instance = service.new_instance()
        before = service.instance(instance)["PreferredBackupWindow"]
        self.between(service, instance, change, pattern)
        document = service.result(service.accepted(window_of(instance)))
        assert (document["success"], document["code"]) == (False, code)
        assert json.loads(service.records(instance)[-1]["result"])["code"] == code
        assert service.instance(instance)["PreferredBackupWindow"] == before
        assert not service.is_locked(instance)
