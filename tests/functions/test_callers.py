"""Who may request what, through ADMISSION and by a direct start, and who may see whose operations."""

from __future__ import annotations

import json

import pytest

from rds_operations.settings.callers import CallerSettings
from tests.builders import ACCOUNT, ROLE_SESSION, a_body, a_context
from tests.functions.fake_aws import Document, FakeAws

KEY = "apikey:key-id-1"
DIRECT = "states:StartExecution"
GRANT = {"operations": ["create_snapshot"], "environments": ["development"]}
IAM = a_context(authentication="iam", userArn=ROLE_SESSION, accountId=ACCOUNT)
COGNITO = a_context(
    authentication="cognito", sub="sub-1", issuer="https://issuer/pool", username="jane", groups="dba,ops"
)


def deploy(aws: FakeAws, *names: str, **grant: list[str]) -> None:
    aws.deploy(callers=CallerSettings(dict.fromkeys(names, grant or GRANT)))


# ADMISSION.


@pytest.mark.parametrize(
    ("name", "caller"),
    [
        (KEY, a_context()),
        (f"arn:aws:iam::{ACCOUNT}:role/Dba", IAM),
        ("group:dba", COGNITO),
    ],
)
def test_a_caller_who_has_the_permission_is_served_to_the_end(aws: FakeAws, name: str, caller: Document) -> None:
    """OPERATION, which runs under another name, does not check it again."""
    deploy(aws, name)
    aws.create_instance()
    request = aws.admit(a_body(), caller=caller)
    assert request["reply"]["statusCode"] == 202
    work = aws.execute(aws.begin(request["start"]))
    assert aws.audit(work)["success"] is True
    assert aws.events() == ["accepted", "completed"]


@pytest.mark.parametrize(
    ("operation", "environment", "text"),
    [
        ("reboot_instance", "dev", f"{KEY} is not permitted to run reboot_instance. "),
        ("create_snapshot", "qa", f"{KEY} is not permitted to run create_snapshot in test. "),
    ],
)
def test_a_caller_who_lacks_it_is_refused_with_a_record(
    aws: FakeAws, operation: str, environment: str, text: str
) -> None:
    deploy(aws, KEY)
    aws.create_instance(environment)
    work = aws.admit(a_body(operation))
    answer = aws.answer(work)
    assert (answer["statusCode"], answer["code"]) == (403, "caller_not_permitted")
    assert answer["error"].startswith(text)
    (record,) = aws.records()
    assert (record["event"], record["success"], record["operation"]) == ("refused", False, operation)
    assert json.loads(record["user_identity"])["userId"] == KEY
    assert json.loads(record["result"])["code"] == "caller_not_permitted"
    assert aws.items() == []


def test_who_may_not_ask_for_an_operation_learns_nothing_of_the_instance(aws: FakeAws) -> None:
    deploy(aws, KEY)
    for environment in (None, "prod"):
        if environment:
            aws.create_instance(environment)
        assert aws.admit(a_body("reboot_instance"))["refusal"]["code"] == "caller_not_permitted"
    assert aws.calls.of("classify", "rds") == []


def test_a_token_of_another_app_client_learns_nothing_by_a_key_either(aws: FakeAws) -> None:
    """The token names the same person, who would be the same caller with the same key."""
    aws.deploy(callers=CallerSettings(user_pool_client_ids=("ours",)))
    aws.create_instance()
    ours, theirs = COGNITO | {"clientId": "ours"}, COGNITO | {"clientId": "theirs"}
    accepted = aws.admit(a_body(), "my-key", caller=ours)["start"]["name"]
    for request in (a_body(), a_body("reboot_instance")):
        work = aws.admit(request, "my-key", request_id="request-2", caller=theirs)
        assert work["refusal"]["code"] == "caller_not_permitted"
        assert accepted not in json.dumps(work["reply"])
        assert "start" not in work


@pytest.mark.parametrize("caller", [a_context(apiKeyId="another"), IAM, COGNITO])
def test_a_caller_who_is_not_named_may_do_nothing_once_there_are_permissions(aws: FakeAws, caller: Document) -> None:
    deploy(aws, KEY)
    aws.create_instance()
    assert aws.admit(a_body(), caller=caller)["refusal"]["code"] == "caller_not_permitted"


@pytest.mark.parametrize(("tag", "code"), [("prod", "production_instance"), ("", "environment_unknown")])
def test_no_permission_opens_what_the_gate_refuses(aws: FakeAws, tag: str, code: str) -> None:
    deploy(aws, KEY, DIRECT, environments=["production", "unknown"])
    aws.create_instance(tag)
    assert aws.admit(a_body())["refusal"]["code"] == code
    assert aws.start_directly()["refusal"]["code"] == code


@pytest.mark.parametrize("caller", [a_context(authentication=""), a_context(authentication="iam"), {}])
def test_a_caller_without_a_name_is_refused_with_a_record(aws: FakeAws, caller: Document) -> None:
    aws.create_instance()
    answer = aws.answer(aws.admit(a_body(), caller=caller))
    assert (answer["statusCode"], answer["code"]) == (403, "caller_not_permitted")
    (record,) = aws.records()
    assert json.loads(record["user_identity"])["userId"] == "anonymous"
    assert aws.items() == []


# OPERATION, started directly.


def test_a_direct_start_that_is_permitted_is_served(aws: FakeAws) -> None:
    deploy(aws, DIRECT)
    aws.create_instance()
    assert aws.audit(aws.execute(aws.start_directly()), "by-hand")["success"] is True


@pytest.mark.parametrize(
    ("names", "operation", "environment"),
    [((KEY,), "create_snapshot", "dev"), ((DIRECT,), "reboot_instance", "dev"), ((DIRECT,), "create_snapshot", "qa")],
)
def test_a_direct_start_that_is_not_permitted_does_nothing(
    aws: FakeAws, names: tuple[str, ...], operation: str, environment: str
) -> None:
    deploy(aws, *names)
    aws.create_instance(environment)
    work = aws.execute(aws.start_directly(operation))
    assert work["refusal"]["code"] == "caller_not_permitted"
    assert aws.audit(work, "by-hand")["error"] == "OperationRefused"
    assert (aws.actions, aws.items(), aws.snapshots()) == ([], [], [])
    assert aws.calls.of("execute", "sts") == []
    (record,) = aws.records()
    assert (record["event"], record["success"]) == ("refused", False)
    assert json.loads(record["user_identity"])["userId"] == DIRECT


# GET.


def test_somebody_elses_operation_is_answered_as_an_unknown_one(aws: FakeAws) -> None:
    aws.create_instance()
    operation_id = aws.accept()["request"]["operation_id"]
    assert aws.status(operation_id)["statusCode"] == 200
    strangers: list[Document] = [
        {"apiKeyId": "another"},
        {"authentication": "iam", "userArn": ROLE_SESSION, "accountId": ACCOUNT},
        {"authentication": "iam", "userArn": "apikey:key-id-2"},
        {"authentication": "cognito", "claims": {"sub": "s", "iss": "https://i", "cognito:username": KEY}},
        {"authentication": ""},
        {"apiKeyId": None},
    ]
    seen = [aws.status(operation_id, **stranger) for stranger in strangers]
    aws.drop(operation_id)
    unknown = aws.status(operation_id)
    assert unknown["statusCode"] == 404
    assert seen == [unknown] * len(strangers)


def test_a_role_session_sees_its_own_and_not_that_of_another_person_in_the_role(aws: FakeAws) -> None:
    aws.create_instance()
    operation_id = aws.admit(a_body(), caller=IAM)["request"]["operation_id"]
    mine = {"authentication": "iam", "userArn": ROLE_SESSION, "accountId": ACCOUNT}
    theirs = mine | {"userArn": ROLE_SESSION.replace("john.doe", "jane.roe")}
    assert aws.status(operation_id, **mine)["statusCode"] == 200
    assert aws.status(operation_id, **theirs)["statusCode"] == 404


@pytest.mark.parametrize(
    ("auditor", "caller"),
    [
        ("apikey:auditor", {"apiKeyId": "auditor"}),
        (f"arn:aws:iam::{ACCOUNT}:role/Dba", {"authentication": "iam", "userArn": ROLE_SESSION}),
        (
            "group:audit",
            {"authentication": "cognito", "claims": {"sub": "s", "iss": "https://i", "cognito:groups": "audit,dba"}},
        ),
    ],
)
def test_auditors_see_everybodys(aws: FakeAws, auditor: str, caller: Document) -> None:
    aws.create_instance()
    aws.audit(aws.execute(aws.start_directly()), "by-hand")
    operation_ids = ["by-hand", aws.accept(snapshot_id="another")["request"]["operation_id"]]
    assert [aws.status(each, **caller)["statusCode"] for each in operation_ids] == [404, 404]
    aws.deploy(callers=CallerSettings(auditors=(auditor,)))
    assert [aws.status(each, **caller)["statusCode"] for each in operation_ids] == [200, 200]
    assert aws.status(operation_ids[1], apiKeyId="another")["statusCode"] == 404
