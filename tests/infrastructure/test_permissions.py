"""What each role may do, exactly. A change here is a change of the service's power, and is reviewed as one."""

from typing import Any

import pytest

from rds_operations.operations import OPERATIONS
from tests.infrastructure.conftest import Template

LOGS = ["logs:CreateLogStream", "logs:PutLogEvents"]
TRACING = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
LOG_DELIVERY = [
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
]
SEND = ("sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl")
OPERATIONS_TABLE, AUDIT_TABLE = "TablesOperations", "TablesAuditLog"

CLOSES = {
    "dynamodb:GetItem": [OPERATIONS_TABLE],
    "dynamodb:UpdateItem": [OPERATIONS_TABLE],
    "dynamodb:DeleteItem": [OPERATIONS_TABLE],
    "dynamodb:PutItem": [AUDIT_TABLE],
    "states:StartExecution": ["stateMachine:rds-operations-late-watch"],
}
# role -> action -> resources, by the last part of an ARN or the start of a logical id.
EXPECTED: dict[str, dict[str, list[str]]] = {
    "Validate": {},
    "Classify": {"rds:DescribeDBInstances": ["db:*"]},
    "Admit": {"dynamodb:GetItem": [OPERATIONS_TABLE], "dynamodb:PutItem": [OPERATIONS_TABLE, AUDIT_TABLE]},
    "Execute": {
        "rds:CreateDBSnapshot": ["db:*", "snapshot:*"],
        "rds:AddTagsToResource": ["snapshot:*"],
        "rds:DescribeDBSnapshots": ["*"],
        "rds:RebootDBInstance": ["db:*"],
        "rds:ModifyDBInstance": ["db:*"],
        "rds:DescribeDBInstances": ["db:*"],
        "dynamodb:GetItem": [OPERATIONS_TABLE],
        "dynamodb:PutItem": [OPERATIONS_TABLE, AUDIT_TABLE],
        "dynamodb:UpdateItem": [OPERATIONS_TABLE],
    },
    "Poll": {
        "rds:DescribeDBSnapshots": ["*"],
        "rds:DescribeDBInstances": ["db:*"],
        "rds:DescribeEvents": ["*"],
        "dynamodb:UpdateItem": [OPERATIONS_TABLE],
    },
    "Audit": {**CLOSES, **{action: ["BackstopsDeadLetters"] for action in SEND}},
    "Sweep": {
        **CLOSES,
        "dynamodb:Query": ["index/unfinished"],
        "states:DescribeExecution": ["execution:rds-operations-operation:*"],
        "rds:DescribeDBSnapshots": ["*"],
        "rds:DescribeDBInstances": ["db:*"],
        "rds:DescribeEvents": ["*"],
        "sqs:ReceiveMessage": ["Unrecorded"],
        "sqs:DeleteMessage": ["Unrecorded"],
    },
    "Status": {"dynamodb:GetItem": [OPERATIONS_TABLE]},
}


def granted(template: Template, role: str) -> dict[str, list[str]]:
    """Action -> resources, as short names."""
    found: dict[str, list[str]] = {}
    for policy in template.of_type("AWS::IAM::Policy"):
        if not policy["PolicyName"].startswith(role):
            continue
        for statement in policy["PolicyDocument"]["Statement"]:
            assert statement["Effect"] == "Allow"
            for action in as_list(statement["Action"]):
                found.setdefault(action, []).extend(short(item) for item in as_list(statement["Resource"]))
    return found


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def short(resource: Any) -> str:
    if isinstance(resource, str):
        return resource
    if "Fn::Join" in resource:
        parts = resource["Fn::Join"][1]
        return str(parts[-1]).removeprefix(":").removeprefix("/")
    name = resource.get("Ref") or resource["Fn::GetAtt"][0]
    return next((known for known in (OPERATIONS_TABLE, AUDIT_TABLE) if name.startswith(known)), str(name)[:-8])


@pytest.mark.parametrize("function", EXPECTED)
def test_each_function_may_do_exactly_this(template: Template, function: str) -> None:
    found = granted(template, f"Functions{function}Role")
    for action in LOGS:
        assert found.pop(action) == ["FunctionsLogGroup"]
    for action in TRACING:
        assert found.pop(action) == ["*"]  # has no resource types
    assert {action: sorted(resources) for action, resources in found.items()} == {
        action: sorted(resources) for action, resources in EXPECTED[function].items()
    }


@pytest.mark.parametrize(
    ("machine", "invokes", "starts"),
    [
        ("Operation", ["Validate", "Classify", "Execute", "Poll", "Audit"], {}),
        (
            "Admission",
            ["Validate", "Classify", "Admit", "Audit"],
            {"states:StartExecution": ["WorkflowOperation"], "sqs:SendMessage": ["Unrecorded"]},
        ),
        ("LateWatch", ["Poll", "Audit"], {}),
    ],
)
def test_each_machine_may_do_exactly_this(
    template: Template, machine: str, invokes: list[str], starts: dict[str, list[str]]
) -> None:
    found = granted(template, f"Workflow{machine}Role")
    for action in [*LOG_DELIVERY, *TRACING]:
        assert found.pop(action) == ["*"]  # has no resource types
    assert sorted(found.pop("lambda:InvokeFunction")) == sorted(f"Functions{name}" for name in invokes)
    assert found == starts


def test_the_api_may_start_admission_and_nothing_else(template: Template) -> None:
    assert granted(template, "ApiAdmissionRole") == {"states:StartSyncExecution": ["WorkflowAdmission"]}


def test_the_schedule_may_start_the_sweep_and_nothing_else(template: Template) -> None:
    assert granted(template, "BackstopsSweepScheduleRole") == {"lambda:InvokeFunction": ["FunctionsSweep"]}


def test_locks_and_keys_are_deleted_and_nothing_else(template: Template) -> None:
    deleting = [
        statement
        for policy in template.of_type("AWS::IAM::Policy")
        for statement in policy["PolicyDocument"]["Statement"]
        if "dynamodb:DeleteItem" in as_list(statement["Action"])
    ]
    assert len(deleting) == 2  # Audit and the sweep
    for statement in deleting:
        assert statement["Condition"] == {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["lock#*", "key#*"]}}


def test_nobody_updates_or_deletes_an_audit_record(template: Template) -> None:
    for policy in template.of_type("AWS::IAM::Policy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            if AUDIT_TABLE in [short(item) for item in as_list(statement["Resource"])]:
                assert as_list(statement["Action"]) == ["dynamodb:PutItem"]


def test_no_managed_policies(template: Template) -> None:
    assert not [role for role in template.of_type("AWS::IAM::Role") if role.get("ManagedPolicyArns")]


def test_the_actions_follow_from_the_registry(template: Template) -> None:
    declared = {permission.action for operation in OPERATIONS.values() for permission in operation.acts_with}
    found = {action for action in granted(template, "FunctionsExecuteRole") if action.startswith("rds:")}
    assert found == declared
