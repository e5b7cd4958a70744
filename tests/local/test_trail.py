import json
from typing import Any

from tests.local.account import HUB, SPOKE, Caller, allow, db_arn, trust

ASSUME = ["sts:AssumeRole", "sts:SetSourceIdentity"]


def events(caller: Caller, name: str, value: str) -> list[dict[str, Any]]:
    attributes = [{"AttributeKey": name, "AttributeValue": value}]
    found = caller.client("cloudtrail").lookup_events(LookupAttributes=attributes)["Events"]
    return [json.loads(event["CloudTrailEvent"]) for event in found]


def test_a_reboot_names_the_person_behind_the_session(hub: Caller, spoke: Caller) -> None:
    db = spoke.database()
    role = spoke.role(trust(HUB, ASSUME), allow("rds:RebootDBInstance"), path="/operations/")
    session = hub.session_allowed(allow(ASSUME)).assume(role, SourceIdentity="alice", RoleSessionName="op-1")
    session.client("rds").reboot_db_instance(DBInstanceIdentifier=db)

    event = next(event for event in events(spoke, "EventName", "RebootDBInstance") if db in json.dumps(event))

    who = event["userIdentity"]
    assert event["eventSource"] == "rds.amazonaws.com"
    assert event["requestParameters"] == {"dBInstanceIdentifier": db}
    assert who["type"] == "AssumedRole"
    assert who["arn"] == f"arn:aws:sts::{SPOKE}:assumed-role/{role.rpartition('/')[2]}/op-1"
    assert who["accountId"] == SPOKE
    assert who["principalId"].endswith(":op-1")
    assert who["accessKeyId"] == session.access_key
    assert who["sessionContext"]["sessionIssuer"]["arn"] == role
    assert who["sessionContext"]["sourceIdentity"] == "alice"
    assert "RebootDBInstance" in {event["eventName"] for event in events(spoke, "ResourceName", db)}
    assert event in events(spoke, "Username", "op-1")
    assert not any(db in json.dumps(event) for event in events(hub, "EventName", "RebootDBInstance"))


def test_where_none_was_set_there_is_no_source_identity(hub: Caller) -> None:
    db = hub.database()
    session = hub.session_allowed(allow("rds:RebootDBInstance", db_arn(db)))
    session.client("rds").reboot_db_instance(DBInstanceIdentifier=db)

    assert "sourceIdentity" not in events(hub, "ResourceName", db)[0]["userIdentity"]["sessionContext"]


def test_root_is_called_root(hub: Caller) -> None:
    created = events(hub, "ResourceName", hub.database())[0]

    assert created["eventName"] == "CreateDBInstance"
    assert created["userIdentity"]["type"] == "Root"
    assert created["userIdentity"]["arn"] == f"arn:aws:iam::{HUB}:root"


def test_an_iam_user_is_called_by_name(hub: Caller) -> None:
    iam = hub.client("iam")
    iam.create_user(UserName="carol")
    policy = {"Version": "2012-10-17", "Statement": [allow("rds:DescribeDBInstances")]}
    iam.put_user_policy(UserName="carol", PolicyName="own", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="carol")["AccessKey"]
    Caller(hub.endpoint, key["AccessKeyId"], key["SecretAccessKey"]).client("rds").describe_db_instances()

    who = events(hub, "Username", "carol")[0]["userIdentity"]
    assert (who["type"], who["userName"], who["arn"]) == ("IAMUser", "carol", f"arn:aws:iam::{HUB}:user/carol")


def test_assuming_a_role_is_on_record_with_the_source_identity(hub: Caller) -> None:
    role = hub.role(trust(HUB, ASSUME))
    hub.assume(role, SourceIdentity="alice")

    assumed = next(event for event in events(hub, "EventName", "AssumeRole") if role in json.dumps(event))
    assert assumed["requestParameters"] == {
        "roleArn": role,
        "roleSessionName": "tester",
        "sourceIdentity": "alice",
    }


def test_other_services_are_not_recorded(hub: Caller) -> None:
    hub.client("iam").list_roles()

    assert events(hub, "EventSource", "iam.amazonaws.com") == []
