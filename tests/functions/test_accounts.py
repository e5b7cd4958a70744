"""A second account and Region: instances are found, operated and watched there; refusals name the role."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError

from rds_operations.model.errors import RdsRejected, RdsThrottled, RdsUnavailable, RdsUnreachable
from rds_operations.model.place import Place
from rds_operations.rules.session_policy import session_policy
from tests.builders import (
    ACCOUNT,
    EXECUTION_PREFIX,
    EXTERNAL_ID,
    HOME,
    INSTANCE_ID,
    MANY_TARGETS,
    OTHER_ACCOUNT,
    OTHER_REGION,
    REGION,
    ROLE_SESSION,
    SNAPSHOT_ID,
    a_body,
    a_context,
    a_request,
)
from tests.functions.calls import Answer, Call, error
from tests.functions.fake_aws import ACTING_ROLE, OPERATION_MACHINE, Document, FakeAws

THERE, FAR, BESIDE = Place(OTHER_ACCOUNT, REGION), Place(OTHER_ACCOUNT, "eu-west-1"), Place(ACCOUNT, OTHER_REGION)
CHOICE = {"account_id": OTHER_ACCOUNT, "region": REGION}
READING = f"arn:aws:iam::{OTHER_ACCOUNT}:role/rds-operations-reading"
ACTING = f"arn:aws:iam::{OTHER_ACCOUNT}:role/rds-operations-acting"
OPERATIONS = ("create_snapshot", "reboot_instance", "modify_backup_window")


@pytest.fixture(autouse=True)
def _deployed(aws: FakeAws) -> None:
    aws.deploy(MANY_TARGETS)


def accepted_there(aws: FakeAws, operation: str = "create_snapshot", **more: Any) -> Document:
    aws.create_instance(place=THERE)
    return aws.begin(aws.admit(a_body(operation) | CHOICE, **more)["start"])


def item(aws: FakeAws, work: Document) -> Document:
    found = aws.item(work["request"]["operation_id"])
    assert found
    return found


def window(aws: FakeAws, place: Place) -> str:
    (instance,) = aws.rds_at(place).describe_db_instances(DBInstanceIdentifier=INSTANCE_ID)["DBInstances"]
    return str(instance["PreferredBackupWindow"])


def assumptions(aws: FakeAws, state: str, role: str = "") -> list[Call]:
    return [call for call in aws.calls.of(state, "sts") if role in call.params["RoleArn"]]


def sts_says(aws: FakeAws, role: str, said: Answer | Exception) -> AbstractContextManager[None]:
    def answer(call: Call) -> Answer | None:
        if call.service != "sts" or call.params["RoleArn"] != role:
            return None
        if isinstance(said, Exception):
            raise said
        return said

    return aws.calls.answering(answer)


# Only there.


@pytest.mark.parametrize("place", [THERE, FAR, BESIDE])
def test_an_instance_is_found_operated_and_watched_where_it_is(aws: FakeAws, place: Place) -> None:
    aws.create_instance(place=place)
    aws.take_inventory()
    request = aws.admit(a_body())
    assert (request["request"]["account_id"], request["request"]["region"]) == (place.account_id, place.region)
    aws.create_instance()  # a namesake at home, which nobody requested
    work = aws.execute(aws.begin(request["start"]))
    operation_id = work["request"]["operation_id"]
    lock = f"lock#{place.account_id}#{place.region}#{INSTANCE_ID}"
    assert {found["operation_id"] for found in aws.items()} == {operation_id, lock}
    assert aws.held() == [lock]
    (snapshot,) = aws.snapshots(place)
    assert snapshot["DBSnapshotArn"] == f"arn:aws:rds:{place.region}:{place.account_id}:snapshot:{SNAPSHOT_ID}"
    assert aws.snapshots() == []
    work = aws.poll({**work, "progress": {"status": "creating"}}, 1)
    assert work["progress"]["details"]["snapshot_arn"] == snapshot["DBSnapshotArn"]
    assert aws.audit(work)["success"] is True
    assert aws.held() == []
    for record in aws.records():
        assert (record["account_id"], record["region"]) == (place.account_id, place.region)


@pytest.mark.parametrize("place", [THERE, BESIDE])
def test_the_chosen_one_of_two_namesakes_is_changed(aws: FakeAws, place: Place) -> None:
    for each in (HOME, place):
        aws.create_instance(place=each, PreferredBackupWindow="13:00-13:30")
    choice = {"account_id": place.account_id, "region": place.region}
    work = aws.begin(aws.admit(a_body("modify_backup_window") | choice)["start"])
    assert aws.execute(work)["progress"]["success"] is True
    assert (window(aws, place), window(aws, HOME)) == ("03:00-04:00", "13:00-13:30")


def test_two_namesakes_are_operated_at_the_same_time(aws: FakeAws) -> None:
    aws.create_instance()
    accepted_there(aws)
    home = aws.admit(a_body() | {"account_id": ACCOUNT, "region": REGION}, request_id="request-2")
    assert home["reply"]["statusCode"] == 202
    again = aws.admit(a_body("reboot_instance") | CHOICE, request_id="request-3")
    assert again["reply"]["statusCode"] == 409


def test_the_answers_say_where_an_instance_is_when_it_is_elsewhere(aws: FakeAws) -> None:
    aws.create_instance(place=THERE)
    request = aws.admit(a_body() | CHOICE)
    assert json.loads(request["reply"]["body"]).items() >= CHOICE.items()
    assert aws.status(request["request"]["operation_id"])["body"].items() >= CHOICE.items()


def test_the_sweep_looks_where_the_instance_is(aws: FakeAws) -> None:
    work = aws.execute(accepted_there(aws))
    operation_id = work["request"]["operation_id"]
    aws.states.start_execution(stateMachineArn=OPERATION_MACHINE, name=operation_id)
    aws.states.stop_execution(executionArn=EXECUTION_PREFIX + operation_id)
    aws.overdue(operation_id)
    assert aws.sweep() == {"closed": 1}
    record = aws.records()[-1]
    assert (record["recorded_by"], record["success"]) == ("sweep", True)


# The person in whose name it acts.


@pytest.mark.parametrize(
    ("place", "role", "external_id"),
    [(HOME, ACTING_ROLE, None), (BESIDE, ACTING_ROLE, None), (THERE, ACTING, EXTERNAL_ID)],
)
def test_the_session_of_an_operation(aws: FakeAws, place: Place, role: str, external_id: str | None) -> None:
    aws.create_instance(place=place)
    choice = {"account_id": place.account_id, "region": place.region}
    caller = a_context(authentication="iam", userArn=ROLE_SESSION, accountId=ACCOUNT)
    work = aws.begin(aws.admit(a_body() | choice, caller=caller)["start"])
    assert work["request"]["caller"]["userId"] == "states:StartExecution"
    aws.execute(work)
    (call,) = assumptions(aws, "execute", "acting")
    request = a_request(account_id=place.account_id, region=place.region)
    assert {name: value for name, value in call.params.items() if name not in ("Action", "Version")} == {
        "RoleArn": role,
        "RoleSessionName": work["request"]["operation_id"],
        "SourceIdentity": "john.doe",
        "Policy": session_policy(request, place, "aws"),
        "DurationSeconds": 900,
        **({"ExternalId": external_id} if external_id else {}),
    }
    assert call.hand == "own"
    assert f"arn:aws:rds:{place.region}:{place.account_id}:snapshot:{SNAPSHOT_ID}" in call.params["Policy"]


def test_the_session_of_a_direct_start_says_that_it_is_one(aws: FakeAws) -> None:
    aws.create_instance()
    aws.execute(aws.start_directly())
    (call,) = assumptions(aws, "execute")
    assert call.params["SourceIdentity"].startswith("states-StartExecution=")
    assert call.params["RoleSessionName"] == "by-hand"


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("place", [HOME, THERE])
def test_whatever_changes_something_is_called_in_the_session(aws: FakeAws, operation: str, place: Place) -> None:
    aws.create_instance(place=place)
    choice = {"account_id": place.account_id, "region": place.region}
    aws.execute(aws.begin(aws.admit(a_body(operation) | choice)["start"]))
    changes = [call for call in aws.calls.of("execute", "rds") if not call.action.startswith("Describe")]
    assert [(call.hand, call.region) for call in changes] == [("acting", place.region)]


# Credentials for reading.


def look(aws: FakeAws, place: Place) -> None:
    choice = {"account_id": place.account_id, "region": place.region}
    assert aws.admit(a_body() | choice)["refusal"]["code"] == "instance_not_found"


def test_an_account_is_asked_once_for_credentials_to_read(aws: FakeAws) -> None:
    for place in (THERE, FAR, THERE, FAR, HOME, BESIDE):
        look(aws, place)
    (call,) = assumptions(aws, "classify")
    assert (call.params["RoleArn"], call.params["ExternalId"]) == (READING, EXTERNAL_ID)
    assert "Policy" not in call.params
    looks = aws.calls.of("classify", "rds")
    assert [call.hand for call in looks] == ["reading"] * 4 + ["own"] * 2


@pytest.mark.parametrize(("lasting", "renewed"), [(60, False), (16, False), (14, True), (1, True)])
def test_credentials_are_renewed_before_they_expire(aws: FakeAws, lasting: int, renewed: bool) -> None:
    """`lasting` is in minutes; botocore renews in the last fifteen."""
    aws.calls.sessions_last = timedelta(minutes=lasting)
    look(aws, THERE)
    before = len(assumptions(aws, "classify"))
    look(aws, THERE)
    assert (len(assumptions(aws, "classify")) > before) is renewed


def test_credentials_that_cannot_be_renewed_are_used_while_they_last(aws: FakeAws) -> None:
    aws.calls.sessions_last = timedelta(minutes=14)
    look(aws, THERE)
    with sts_says(aws, READING, error("Throttling")):
        look(aws, THERE)


# Out of reach.


def test_an_account_that_does_not_let_us_in_is_a_clear_refusal(aws: FakeAws) -> None:
    aws.create_instance(place=THERE)
    with sts_says(aws, READING, error("AccessDenied", 403)):
        answer = aws.answer(aws.admit(a_body() | CHOICE))
    assert (answer["statusCode"], answer["code"]) == (403, "account_not_reachable")
    assert f"Account {OTHER_ACCOUNT} is out of reach: the role {READING}" in answer["error"]
    (record,) = aws.records()
    assert (record["event"], record["success"], record["account_id"]) == ("refused", False, OTHER_ACCOUNT)
    assert json.loads(record["result"])["error"] == answer["error"]
    assert aws.items() == []


def test_an_account_that_is_known_from_the_inventory_alone_is_refused_alike(aws: FakeAws) -> None:
    aws.create_instance(place=THERE)
    aws.take_inventory()
    with sts_says(aws, READING, error("AccessDenied", 403)):
        assert aws.admit(a_body())["refusal"]["code"] == "account_not_reachable"


# A Region that is not enabled, or closed by a service control policy: boto3#2381 and #2022, aws-cli#8413,
# steampipe-plugin-aws#75.
NOT_ENABLED = ["InvalidClientTokenId", "OptInRequired", "AuthFailure", "UnrecognizedClientException"]
CLOSED = ["AccessDenied", "AccessDeniedException", *NOT_ENABLED]


def closed(aws: FakeAws, place: Place, code: str) -> AbstractContextManager[None]:
    """Let the place's RDS answer only with this error."""
    hand = "own" if place.account_id == ACCOUNT else "reading"

    def refuse(call: Call) -> Answer | None:
        here = (call.service, call.region, call.hand) == ("rds", place.region, hand)
        return error(code, 403) if here else None

    return aws.calls.answering(refuse)


def named(place: Place) -> Document:
    return {"account_id": place.account_id, "region": place.region}


@pytest.mark.parametrize("code", CLOSED)
@pytest.mark.parametrize("place", [THERE, FAR, BESIDE], ids=str)
def test_a_place_that_is_closed_to_us_is_a_clear_refusal(aws: FakeAws, code: str, place: Place) -> None:
    aws.create_instance()
    with closed(aws, place, code):
        refusal = aws.admit(a_body() | named(place))["refusal"]
        assert aws.admit(a_body() | named(HOME))["reply"]["statusCode"] == 202
    assert (refusal["status"], refusal["code"]) == (403, "account_not_reachable")
    said = f"Account {place.account_id} does not let this service read RDS in {place.region} ({code}: "
    assert refusal["error"].startswith(said)
    assert ("The Region may not be enabled there." in refusal["error"]) is (code in NOT_ENABLED)


@pytest.mark.parametrize("code", CLOSED)
def test_what_may_be_in_a_closed_region_has_to_be_named(aws: FakeAws, code: str) -> None:
    """A namesake may be there, so only the caller can say which one is meant."""
    aws.create_instance()
    with closed(aws, BESIDE, code):
        refusal = aws.admit(a_body())["refusal"]
        assert aws.admit(a_body() | {"region": REGION, "account_id": ACCOUNT})["reply"]["statusCode"] == 202
    assert (refusal["status"], refusal["code"]) == (403, "account_not_reachable")
    assert f"read RDS in {OTHER_REGION} ({code}: " in refusal["error"]
    assert "Send account_id and region if the instance is in another place." in refusal["error"]


@pytest.mark.parametrize("code", CLOSED)
def test_where_the_service_itself_runs_it_is_broken(aws: FakeAws, code: str) -> None:
    with closed(aws, HOME, code), pytest.raises(RdsRejected):
        aws.admit(a_body() | named(HOME))


@pytest.mark.parametrize("role", [ACTING, READING])
def test_an_account_that_closed_meanwhile_ends_the_operation_with_nothing_done(aws: FakeAws, role: str) -> None:
    work = accepted_there(aws)
    with sts_says(aws, role, error("AccessDenied", 403)):
        work = aws.execute(work)
    assert aws.actions == []
    outcome = aws.audit(work)
    assert (outcome["success"], outcome["error"]) == (False, "OperationFailed")
    assert f"Account {OTHER_ACCOUNT} is out of reach: the role {role}" in outcome["document"]["error"]
    assert aws.held() == []
    assert aws.events() == ["accepted", "completed"]
    assert aws.late_watches() == []


def test_an_account_that_closes_after_the_act_does_not_make_it_undone(aws: FakeAws) -> None:
    """The first attempt's answer was lost, and the second gets no access."""
    work = accepted_there(aws, "reboot_instance")
    first = aws.execute(work)
    with sts_says(aws, ACTING, error("AccessDenied", 403)):
        second = aws.execute(work)
    assert second == first
    assert aws.audit(second)["error"] == "OperationTimedOut"
    assert aws.late_watches() == [work["request"]["operation_id"]]


UNREACHABLE = EndpointConnectionError(endpoint_url="https://sts")
NO_ANSWER = ReadTimeoutError(endpoint_url="https://sts")


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (error("Throttling"), RdsThrottled),
        (error("ThrottlingException"), RdsThrottled),
        (error("InternalFailure", 500), RdsUnreachable),
        (error("ServiceUnavailable", 503), RdsUnreachable),
        (UNREACHABLE, RdsUnreachable),
        (NO_ANSWER, RdsUnavailable),
    ],
)
def test_an_sts_that_does_not_answer_is_no_refusal(
    aws: FakeAws, said: Answer | Exception, fault: type[Exception]
) -> None:
    with sts_says(aws, READING, said), pytest.raises(fault) as raised:
        aws.admit(a_body() | CHOICE)
    assert type(raised.value) is fault


@pytest.mark.parametrize("role", [ACTING, READING])
@pytest.mark.parametrize(
    ("said", "fault"),
    [
        (error("Throttling"), RdsThrottled),
        (error("InternalFailure", 500), RdsUnreachable),
        (UNREACHABLE, RdsUnreachable),
        (NO_ANSWER, RdsUnreachable),
    ],
)
def test_an_execute_that_sts_kept_from_acting_is_repeated_and_acts_once(
    aws: FakeAws, role: str, said: Answer | Exception, fault: type[Exception]
) -> None:
    work = accepted_there(aws)
    with sts_says(aws, role, said), pytest.raises(fault) as raised:
        aws.execute(work)
    assert type(raised.value) is fault
    assert "acting_at" not in item(aws, work)
    assert aws.execute(work)["progress"]["success"] is True
    assert aws.actions == ["CreateDBSnapshot"]
    assert len(aws.snapshots(THERE)) == 1


# Not in the list.


def test_an_account_that_is_not_in_the_list_is_asked_for_nothing(aws: FakeAws) -> None:
    elsewhere = aws.admit(a_body() | {"account_id": "999999999999"})
    assert (elsewhere["refusal"]["status"], elsewhere["refusal"]["code"]) == (400, "not_operated")
    aws.create_instance()
    aws.replicate("arn:aws:rds:eu-west-1:999999999999:db:orders")
    replica = aws.admit(a_body())
    assert replica["refusal"]["code"] == "environment_unknown"
    assert aws.calls.of("classify", "sts") == []


def test_an_operation_of_an_account_that_left_the_list_does_nothing(aws: FakeAws) -> None:
    work = accepted_there(aws)
    aws.deploy()
    work = aws.execute(work)
    assert work["progress"]["error"] == f"Account {OTHER_ACCOUNT} is not operated by this service"
    assert aws.audit(work)["error"] == "OperationFailed"
    assert aws.actions == []
