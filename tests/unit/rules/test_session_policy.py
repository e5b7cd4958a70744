"""Execute's session can do only one thing."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model.place import Place
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.rules.session_policy import session_policy
from tests.builders import ACCOUNT, HOME, INSTANCE_ID, MANY_TARGETS, REGION, SNAPSHOT_ID, a_request, requests

LONGEST = 2_048
"""https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html (Policy)"""
DB = f"arn:aws:rds:{REGION}:{ACCOUNT}:db:{INSTANCE_ID}"
SNAPSHOT = f"arn:aws:rds:{REGION}:{ACCOUNT}:snapshot:{SNAPSHOT_ID}"
TENANTS = f"arn:aws:rds:{REGION}:{ACCOUNT}:snapshot-tenant-database:{SNAPSHOT_ID}:*"
ALLOWED = {
    "create_snapshot": [
        ("rds:CreateDBSnapshot", [DB, SNAPSHOT, TENANTS]),
        ("rds:AddTagsToResource", [SNAPSHOT]),
        ("rds:DescribeDBSnapshots", ["*"]),
    ],
    "reboot_instance": [("rds:RebootDBInstance", [DB])],
    "modify_backup_window": [("rds:ModifyDBInstance", [DB]), ("rds:DescribeDBInstances", [DB])],
}
places = st.sampled_from([*MANY_TARGETS.places, Place("000000000000", "us-gov-west-1")])
partitions = st.sampled_from(["aws", "aws-cn", "aws-us-gov"])


def statements(request: OperationRequest, place: Place = HOME, partition: str = "aws") -> list[dict[str, Any]]:
    document = json.loads(session_policy(request, place, partition))
    assert document.keys() == {"Version", "Statement"}
    assert document["Version"] == "2012-10-17"
    found: list[dict[str, Any]] = document["Statement"]
    return found


@pytest.mark.parametrize("operation", OPERATIONS)
def test_what_each_operation_may_do_and_on_what(operation: str) -> None:
    assert statements(a_request(operation)) == [
        {"Effect": "Allow", "Action": action, "Resource": resources} for action, resources in ALLOWED[operation]
    ]


@given(requests, places, partitions)
def test_a_session_can_do_its_own_operation_and_no_more(
    request: OperationRequest, place: Place, partition: str
) -> None:
    prefix = f"arn:{partition}:rds:{place.region}:{place.account_id}:"
    own = {
        "db": f"{prefix}db:{request.instance_id}",
        "snapshot": f"{prefix}snapshot:{request.parameters.get('snapshot_id')}",
        "snapshot-tenant-database": f"{prefix}snapshot-tenant-database:{request.parameters.get('snapshot_id')}:*",
    }
    needed = {
        permission.action: permission.resources for permission in OPERATIONS[request.operation].execute_permissions
    }
    found = statements(request, place, partition)
    assert [statement["Action"] for statement in found] == list(needed)
    for statement in found:
        assert statement.keys() == {"Effect", "Action", "Resource"}
        assert statement["Effect"] == "Allow"
        assert "*" not in statement["Action"]
        assert statement["Resource"]
        allowed = [own.get(kind, "*") for kind in needed[statement["Action"]]]
        assert statement["Resource"] == allowed
        whole = [resource for resource in statement["Resource"] if "tenant" not in resource]
        assert all(resource == "*" or not {"*", "?", "$"} & set(resource) for resource in whole)


@given(requests, places)
def test_no_session_can_tag_an_instance(request: OperationRequest, place: Place) -> None:
    """Anyone who can tag an instance can make production look like a test."""
    for statement in statements(request, place):
        if statement["Action"] == "rds:AddTagsToResource":
            assert all(":snapshot:" in resource for resource in statement["Resource"])


@pytest.mark.parametrize("operation", OPERATIONS)
def test_nothing_but_a_look_is_allowed_on_everything(operation: str) -> None:
    for statement in statements(a_request(operation)):
        assert statement["Resource"] != ["*"] or statement["Action"].startswith("rds:Describe")
        assert len(statement["Resource"]) == 1 or "*" not in statement["Resource"]


@given(requests, places, partitions, st.sampled_from([1, 63]), st.sampled_from([1, 255]))
def test_a_policy_is_never_longer_than_sts_takes(
    request: OperationRequest, place: Place, partition: str, name_length: int, snapshot_length: int
) -> None:
    longest = {"snapshot_id": "s" * snapshot_length} if request.operation == "create_snapshot" else {}
    request = replace(request, instance_id="i" * name_length, parameters=request.parameters | longest)
    assert len(session_policy(request, place, partition)) <= LONGEST


@given(requests, requests)
def test_another_instance_or_snapshot_is_another_policy(first: OperationRequest, second: OperationRequest) -> None:
    touched = [
        (request.operation, request.instance_id, request.parameters.get("snapshot_id")) for request in (first, second)
    ]
    same = session_policy(first, HOME, "aws") == session_policy(second, HOME, "aws")
    assert same == (touched[0] == touched[1])


def test_the_place_is_where_the_instance_was_found() -> None:
    """The request's own fields may be empty."""
    request = a_request("reboot_instance", account_id="", region="")
    (statement,) = statements(request, Place("210987654321", "eu-west-1"))
    assert statement["Resource"] == [f"arn:aws:rds:eu-west-1:210987654321:db:{INSTANCE_ID}"]
