"""The exact permissions of each role, so that a review sees every change."""

from typing import Any

import pytest

from rds_operations.operations import OPERATIONS
from rds_operations.rules.classification import ALLOWED_ENVIRONMENTS, FOLDED_TAG_NAMES, WORDS, Environment
from rds_operations.settings.gate import ENVIRONMENT_TAG_NAMES
from stacks.functions import SPECS
from tests.infrastructure.conftest import Document, Template

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
OPERATIONS_TABLE, AUDIT_TABLE, INVENTORY_TABLE = "TablesOperations", "TablesAuditLog", "TablesInventory"
ASSUME, NAME_THE_PERSON = "sts:AssumeRole", "sts:SetSourceIdentity"

CLOSES = {
    "dynamodb:GetItem": [OPERATIONS_TABLE],
    "dynamodb:UpdateItem": [OPERATIONS_TABLE],
    "dynamodb:PutItem": [AUDIT_TABLE],
    "states:StartExecution": ["stateMachine:rds-operations-late-watch"],
}
# role -> action -> resources, as the last part of an ARN or the start of a logical id.
EXPECTED: dict[str, dict[str, list[str]]] = {
    "Validate": {},
    "Console": {},
    "Classify": {
        "rds:DescribeDBInstances": ["db:*"],
        "rds:ListTagsForResource": ["db:*"],
        "rds:DescribeDBSnapshots": ["*"],  # what a dry run warns of
        "dynamodb:Query": [INVENTORY_TABLE],
        "dynamodb:GetItem": [OPERATIONS_TABLE],
    },
    "Admit": {
        "dynamodb:GetItem": [OPERATIONS_TABLE],
        "dynamodb:PutItem": [OPERATIONS_TABLE, AUDIT_TABLE],
        "dynamodb:UpdateItem": [OPERATIONS_TABLE],
    },
    # It has no acting action: for those it assumes the acting role.
    "Execute": {
        "rds:DescribeDBInstances": ["db:*"],
        "rds:ListTagsForResource": ["db:*"],
        ASSUME: ["ActingRole"],
        NAME_THE_PERSON: ["ActingRole"],
        "dynamodb:GetItem": [OPERATIONS_TABLE],
        "dynamodb:PutItem": [OPERATIONS_TABLE, AUDIT_TABLE],
        "dynamodb:UpdateItem": [OPERATIONS_TABLE],
    },
    "Poll": {
        "rds:DescribeDBSnapshots": ["*"],
        "rds:DescribeDBInstances": ["db:*"],
        "rds:ListTagsForResource": ["db:*"],
        "rds:DescribeEvents": ["*"],
        "dynamodb:GetItem": [OPERATIONS_TABLE],
        "dynamodb:UpdateItem": [OPERATIONS_TABLE],
    },
    "Audit": {**CLOSES, **{action: ["BackstopsDeadLetters"] for action in SEND}},
    "Sweep": {
        **CLOSES,
        "dynamodb:Query": ["index/unfinished"],
        "states:DescribeExecution": [
            "execution:rds-operations-operation:*",
            "execution:rds-operations-late-watch:*",
        ],
        "states:ListExecutions": ["stateMachine:rds-operations-operation"],
        "rds:DescribeDBSnapshots": ["*"],
        "rds:DescribeDBInstances": ["db:*"],
        "rds:ListTagsForResource": ["db:*"],
        "rds:DescribeEvents": ["*"],
        "sqs:ReceiveMessage": ["Refusals"],
        "sqs:DeleteMessage": ["Refusals"],
        "sqs:SendMessage": ["RefusalDeadLetters"],
    },
    "Inventory": {
        "rds:DescribeDBInstances": ["db:*"],
        "rds:ListTagsForResource": ["db:*"],
        "dynamodb:PutItem": [INVENTORY_TABLE],
        "dynamodb:UpdateItem": [INVENTORY_TABLE],
        "dynamodb:Query": ["TablesInventory", "index/place"],
    },
    "Publish": {
        "events:PutEvents": ["event-bus/default"],
        "s3:PutObject": ["records/*"],
        # The stream, and what it gives up.
        "dynamodb:ListStreams": ["*"],
        **{f"dynamodb:{action}": [AUDIT_TABLE] for action in ("DescribeStream", "GetRecords", "GetShardIterator")},
        **{action: ["ArchiveDeadLetters"] for action in SEND},
    },
    "Digest": {
        "dynamodb:Query": ["index/by_day"],
        "events:PutEvents": ["event-bus/default"],
        "s3:ListBucket": ["ArchiveBucket"],
        "s3:GetObject": ["digests/*", "records/*"],
        "s3:PutObject": ["digests/*", "packs/*", "records/*"],
    },
    "Status": {"dynamodb:GetItem": [OPERATIONS_TABLE]},
    "Instances": {
        "rds:DescribeDBInstances": ["db:*"],
        "rds:ListTagsForResource": ["db:*"],
        "rds:DescribeDBSnapshots": ["*"],
        "dynamodb:Query": [AUDIT_TABLE, INVENTORY_TABLE, "index/place"],
        "dynamodb:GetItem": [OPERATIONS_TABLE],
    },
    "Lists": {
        "dynamodb:Query": [
            AUDIT_TABLE,
            "index/by_principal",
            "index/by_day",
            "index/failed",
            "index/unfinished",
        ],
        "dynamodb:BatchGetItem": [OPERATIONS_TABLE],
    },
}
READERS = ("Classify", "Execute", "Poll", "Sweep", "Inventory", "Instances")
READING = {
    "rds:DescribeDBInstances": ["db:*"],
    "rds:ListTagsForResource": ["db:*"],
    "rds:DescribeDBSnapshots": ["*"],
    "rds:DescribeEvents": ["*"],
}
STREAM = ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"]
ACTS = ["rds:CreateDBSnapshot", "rds:ModifyDBInstance", "rds:RebootDBInstance"]
TAGGING = ["rds:AddTagsToResource", "rds:RemoveTagsFromResource"]
TARGETS = ("222233334444", "333344445555")


def granted(template: Template, role: str) -> dict[str, list[str]]:
    """Return action -> resources, as short names."""
    found: dict[str, list[str]] = {}
    for statement in statements(template, role):
        assert statement["Effect"] == "Allow"
        assert set(statement) <= {"Effect", "Action", "Resource", "Condition"}
        for action in as_list(statement["Action"]):
            found.setdefault(action, []).extend(short(item) for item in as_list(statement["Resource"]))
    return found


def statements(template: Template, role: str) -> list[Document]:
    policies = [*template.of_type("AWS::IAM::Policy"), *template.of_type("AWS::IAM::ManagedPolicy")]
    attached = [policy for policy in policies if any(item["Ref"].startswith(role) for item in policy["Roles"])]
    return [statement for policy in attached for statement in policy["PolicyDocument"]["Statement"]]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def short(resource: Any) -> str:
    if isinstance(resource, str):
        return resource
    if "Fn::Join" in resource:
        parts = resource["Fn::Join"][1]
        return str(parts[-1]).removeprefix(":").removeprefix("/")
    name = resource.get("Ref") or resource["Fn::GetAtt"][0]
    tables = (OPERATIONS_TABLE, AUDIT_TABLE, INVENTORY_TABLE)
    return next((known for known in tables if name.startswith(known)), str(name)[:-8])


def granted_to_function(template: Template, function: str) -> dict[str, list[str]]:
    """Return what a function may do besides what all may."""
    found = granted(template, f"Functions{function}Role")
    for action in LOGS:
        assert found.pop(action) == ["FunctionsLogGroup"]
    for action in TRACING:
        assert found.pop(action) == ["*"]  # has no resource types
    return {action: sorted(resources) for action, resources in found.items()}


def in_order(permissions: dict[str, list[str]]) -> dict[str, list[str]]:
    return {action: sorted(resources) for action, resources in permissions.items()}


def test_every_function_is_looked_at() -> None:
    assert set(EXPECTED) == {name.capitalize() for name in SPECS}


@pytest.mark.parametrize("function", EXPECTED)
def test_each_function_may_do_exactly_this(template: Template, function: str) -> None:
    assert granted_to_function(template, function) == in_order(EXPECTED[function])


@pytest.mark.parametrize("function", EXPECTED)
def test_with_other_accounts_it_may_take_on_their_roles_too(all_modes_template: Template, function: str) -> None:
    expected = {action: list(resources) for action, resources in EXPECTED[function].items()}
    if function in READERS:
        reading = [f"iam::{account}:role/rds-operations-reading" for account in TARGETS]
        expected[ASSUME] = [*expected.get(ASSUME, []), *reading]
    if function == "Execute":
        acting = [f"iam::{account}:role/rds-operations-acting" for account in TARGETS]
        expected[ASSUME] += acting
        expected[NAME_THE_PERSON] += acting
    assert granted_to_function(all_modes_template, function) == in_order(expected)


def test_execute_acts_on_no_database_itself(all_modes_template: Template) -> None:
    found = granted(all_modes_template, "FunctionsExecuteRole")
    assert [action for action in found if action.startswith("rds:")] == [
        "rds:DescribeDBInstances",
        "rds:ListTagsForResource",
    ]


@pytest.mark.parametrize("function", EXPECTED)
def test_a_role_is_taken_on_by_its_own_function_alone(all_modes_template: Template, function: str) -> None:
    """Another function with the same role cannot."""
    taking_on = [
        statement
        for statement in statements(all_modes_template, f"Functions{function}Role")
        if any(action.startswith("sts:") for action in as_list(statement["Action"]))
    ]
    assert bool(taking_on) is (function in READERS)
    for statement in taking_on:
        parts = statement["Condition"]["ArnEquals"]["lambda:SourceFunctionArn"]["Fn::Join"][1]
        assert parts[-1] == f":function:rds-operations-{function.lower()}"
        for part in ("AWS::Partition", "AWS::Region", "AWS::AccountId"):
            assert {"Ref": part} in parts


def test_the_reading_role_may_do_exactly_this(target_template: Template) -> None:
    assert granted(target_template, "ReadingRole") == READING


OF_THE_ACCOUNT = {"Fn::FindInMap": ["Accounts", {"Ref": "AWS::AccountId"}, "Regions"]}


@pytest.mark.parametrize(
    ("stack", "regions"),
    [("all_modes_template", [{"Ref": "AWS::Region"}, "eu-central-1"]), ("target_template", OF_THE_ACCOUNT)],
)
def test_the_acting_role_may_do_exactly_this(request: pytest.FixtureRequest, stack: str, regions: Any) -> None:
    found = statements(request.getfixturevalue(stack), "ActingRole")
    allows = [statement for statement in found if statement["Effect"] == "Allow"]
    shown = [
        (
            as_list(item["Action"]),
            sorted({short(arn) for arn in as_list(item["Resource"])}),
            list(item["Condition"]),
        )
        for item in allows
    ]
    assert shown == [
        (["rds:DescribeDBSnapshots"], ["*"], ["StringEquals"]),
        (["rds:DescribeDBInstances"], ["db:*"], ["StringEquals"]),
        (ACTS, ["db:*"], ["StringEquals", "StringEqualsIgnoreCaseIfExists"]),
        (["rds:AddTagsToResource", "rds:CreateDBSnapshot"], ["snapshot:*"], ["StringEquals"]),
        (["rds:CreateDBSnapshot"], ["snapshot-tenant-database:*"], ["StringEquals"]),
    ]
    for item in allows:
        assert item["Condition"]["StringEquals"] == {"aws:RequestedRegion": regions}
    for item in allows[1:]:
        # The statement names its own account only, although RDS lets it into no other anyway.
        assert {"Ref": "AWS::AccountId"} in item["Resource"]["Fn::Join"][1]
    folded = [f"aws:ResourceTag/{name}" for name in sorted(FOLDED_TAG_NAMES)]
    exact = [f"rds:db-tag/{name}" for name in ENVIRONMENT_TAG_NAMES]
    allowed = allows[2]["Condition"]["StringEqualsIgnoreCaseIfExists"]
    assert list(allowed) == folded
    words = sorted(word for word, environment in WORDS.items() if environment in ALLOWED_ENVIRONMENTS)
    assert all(value == words for value in allowed.values())
    denies = [statement for statement in found if statement["Effect"] == "Deny"]
    production = sorted(word for word, environment in WORDS.items() if environment is Environment.PRODUCTION)
    *on_tags, on_tagging = denies
    assert [item["Condition"] for item in on_tags] == [
        *({"StringEqualsIgnoreCase": {key: production}} for key in folded),
        *({"Null": {key: ["false"]}, "StringNotEqualsIgnoreCase": {key: words}} for key in exact),
    ]
    for item in on_tags:  # all but reading, of any resource with such a tag
        assert (item["NotAction"], item["Resource"]) == ("rds:Describe*", "*")
    assert (on_tagging["Action"], on_tagging.get("Condition")) == (TAGGING, None)
    assert on_tagging["Resource"]["Fn::Join"][1][2:] == [":rds:*:", {"Ref": "AWS::AccountId"}, ":db:*"]


def trust(template: Template, role: str) -> list[Document]:
    (found,) = [
        item["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        for name, item in template.resources.items()
        if item["Type"] == "AWS::IAM::Role" and name.startswith(role)
    ]
    return list(found)


def trusted(account: Document, region: Document, functions: list[str], **more: Document) -> Document:
    """Return a trust statement's parts besides its action."""

    def arn(kind: str, *rest: Any) -> Document:
        return {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam::", account, kind, *rest]]}

    roles = [arn(f":role/rds-operations-{name}-", region) for name in functions]
    return {
        "Effect": "Allow",
        "Principal": {"AWS": arn(":root")},
        "Condition": {"ArnEquals": {"aws:PrincipalArn": roles}, **more},
    }


def test_the_acting_role_at_home_trusts_execute_alone(all_modes_template: Template) -> None:
    execute = trusted({"Ref": "AWS::AccountId"}, {"Ref": "AWS::Region"}, ["execute"])
    assert trust(all_modes_template, "ActingRole") == [
        {"Action": action, **execute} for action in (ASSUME, NAME_THE_PERSON)
    ]


def test_the_targets_roles_trust_exactly_these(target_template: Template) -> None:
    service = {"Ref": "ServiceAccount"}, {"Ref": "ServiceRegion"}
    external_id = {"sts:ExternalId": {"Ref": "ExternalId"}}
    readers = [name.lower() for name in READERS]
    assert trust(target_template, "ReadingRole") == [
        {"Action": ASSUME, **trusted(*service, readers, StringEquals=external_id)}
    ]
    assert trust(target_template, "ActingRole") == [
        {"Action": ASSUME, **trusted(*service, ["execute"], StringEquals=external_id)},
        {"Action": NAME_THE_PERSON, **trusted(*service, ["execute"])},
    ]


def test_the_target_stack_is_two_roles_and_nothing_else(target_template: Template) -> None:
    kinds = {item["Type"] for item in target_template.resources.values()}
    assert kinds == {"AWS::IAM::Role", "AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}
    names = sorted(role["RoleName"] for role in target_template.of_type("AWS::IAM::Role"))
    assert names == ["rds-operations-acting", "rds-operations-reading"]


@pytest.mark.parametrize(
    ("machine", "invokes", "starts"),
    [
        ("Operation", ["Validate", "Classify", "Execute", "Poll", "Audit"], {}),
        (
            "Admission",
            ["Validate", "Classify", "Admit", "Audit", "Status"],
            {
                "states:StartExecution": ["WorkflowOperation"],
                "sqs:SendMessage": ["Refusals"],
                "dynamodb:GetItem": [OPERATIONS_TABLE],
            },
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


def test_nobody_but_admission_may_send_to_the_queue_of_refusals(template: Template) -> None:
    """Each message becomes a record. No Allow elsewhere helps, not even an administrator's."""
    denies = [
        (statement, policy["Queues"])
        for policy in template.of_type("AWS::SQS::QueuePolicy")
        for statement in policy["PolicyDocument"]["Statement"]
        if statement["Effect"] == "Deny" and statement["Action"] == "sqs:SendMessage"
    ]
    ((deny, (queue,)),) = denies
    assert short(queue) == short(deny["Resource"]) == "Refusals"
    assert deny["Principal"] == {"AWS": "*"}
    assert list(deny["Condition"]) == ["ArnNotEquals"]
    role = deny["Condition"]["ArnNotEquals"]["aws:PrincipalArn"]["Fn::GetAtt"][0]
    machine = template.one("AWS::StepFunctions::StateMachine", StateMachineName="rds-operations-admission")
    assert role == machine["RoleArn"]["Fn::GetAtt"][0]


@pytest.mark.parametrize("api", ["IamApi", "ApiKeyApi", "CognitoApi"])
def test_an_api_may_start_admission_and_nothing_else(all_modes_template: Template, api: str) -> None:
    assert granted(all_modes_template, f"{api}AdmissionRole") == {"states:StartSyncExecution": ["WorkflowAdmission"]}


@pytest.mark.parametrize(
    ("schedule", "function"),
    [("BackstopsSweep", "FunctionsSweep"), ("Inventory", "FunctionsInventory"), ("Digest", "FunctionsDigest")],
)
def test_a_schedule_may_start_its_function_and_nothing_else(template: Template, schedule: str, function: str) -> None:
    assert granted(template, f"{schedule}ScheduleRole") == {"lambda:InvokeFunction": [function]}


def test_the_archives_functions_send_events_of_this_service_alone(template: Template) -> None:
    for function in ("Publish", "Digest"):
        (sends,) = [
            item for item in statements(template, f"Functions{function}Role") if item["Action"] == "events:PutEvents"
        ]
        assert sends["Condition"] == {"ForAllValues:StringEquals": {"events:source": "rds-operations"}}


def test_every_policy_is_in_a_test_of_this_file(all_modes_template: Template) -> None:
    known = (
        "Functions",
        "Workflow",
        "ActingRole",
        "IamApi",
        "ApiKeyApi",
        "CognitoApi",
        "BackstopsSweep",
        "Inventory",
        "Digest",
    )
    roles = [name for name, item in all_modes_template.resources.items() if item["Type"] == "AWS::IAM::Role"]
    assert all(name.startswith(known) for name in roles), roles


def test_nobody_updates_or_deletes_an_audit_record(template: Template) -> None:
    for policy in template.of_type("AWS::IAM::Policy"):
        for statement in policy["PolicyDocument"]["Statement"]:
            if AUDIT_TABLE in [short(item) for item in as_list(statement["Resource"])]:
                assert as_list(statement["Action"]) in (["dynamodb:PutItem"], ["dynamodb:Query"], STREAM)


@pytest.mark.parametrize("stack", ["template", "all_modes_template", "target_template"])
def test_nothing_is_allowed_before_all_that_must_be_is_denied(request: pytest.FixtureRequest, stack: str) -> None:
    """CloudFormation creates a dependency first and deletes it last."""
    resources = request.getfixturevalue(stack).resources
    managed = {name for name, item in resources.items() if item["Type"] == "AWS::IAM::ManagedPolicy"}
    (allowing,) = [item for name, item in resources.items() if name.startswith("ActingRoleAllows")]
    assert managed
    assert managed <= set(allowing["DependsOn"])
    for name in managed:
        document = resources[name]["Properties"]["PolicyDocument"]
        assert {statement["Effect"] for statement in document["Statement"]} == {"Deny"}


def test_no_managed_policies_of_others(all_modes_template: Template, target_template: Template) -> None:
    for template in (all_modes_template, target_template):
        assert not [role for role in template.of_type("AWS::IAM::Role") if role.get("ManagedPolicyArns")]


def test_the_actions_follow_from_the_registry(target_template: Template) -> None:
    declared = {permission.action for operation in OPERATIONS.values() for permission in operation.execute_permissions}
    allows = [item for item in statements(target_template, "ActingRole") if item["Effect"] == "Allow"]
    assert {action for item in allows for action in as_list(item["Action"])} == declared
