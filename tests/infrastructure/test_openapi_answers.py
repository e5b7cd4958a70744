"""The code's answers match docs/openapi.json: the 202, an operation's status, and its result."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rds_operations.model.end_codes import EndCode
from rds_operations.model.place import Place
from rds_operations.model.progress import Progress, done, failed, unknown_end
from rds_operations.model.refusals import Code, Refusal
from rds_operations.operations import OPERATIONS
from rds_operations.records.operation_document import operation_document
from rds_operations.records.operation_item import operation_item
from rds_operations.records.outcome import outcome_of, with_final_status
from rds_operations.records.state_document import as_state_document
from rds_operations.records.stored_operation import StoredOperation
from rds_operations.rules.authorization import not_permitted, unidentified
from rds_operations.settings.callers import CallerSettings
from rds_operations.settings.targets import not_operated
from rds_operations.steps.admit import accepted_reply, dry_reply
from rds_operations.steps.status import unknown
from tests import api_document
from tests.api_document import FOLLOW, START
from tests.builders import DEVELOPMENT, HOME, MANY_TARGETS, MOMENT, OTHER_ACCOUNT, POLLING, a_request
from tests.operation_cases import CASES

Document = dict[str, Any]
ELSEWHERE = Place(OTHER_ACCOUNT, "eu-west-1")
BROKEN: dict[str, Document] = {
    "refused at the last moment": {
        "refusal": Refusal(409, Code.INSTANCE_NOT_READY, "Something was in the way").to_document()
    },
    "a broken state": {"error": {"Error": "States.Timeout", "Cause": ""}},
    "an execution out of time": {"error": {"Error": "ExecutionTimedOut", "Cause": "{}"}},
    "an error of AWS": {"progress": failed("InvalidDBInstanceState: no", EndCode.REJECTED_BY_RDS).to_document()},
    "the polls used up": {"progress": Progress("creating").to_document()},
}


def schema_of(path: str, method: str, status: str) -> Document:
    return api_document.body_schema(api_document.responses(path, method)[status])


def opened(operation: str, place: Place = HOME, **attributes: str | int) -> StoredOperation:
    request = a_request(operation, account_id=place.account_id, region=place.region)
    return StoredOperation.from_item({**operation_item(request, DEVELOPMENT, MOMENT, MOMENT), **attributes})


def result_of(operation: str, work: Document, place: Place = HOME) -> Document:
    outcome = outcome_of(
        as_state_document(work), a_request(operation), "development", MOMENT, MOMENT + timedelta(seconds=90)
    )
    ended = opened(operation, place, ended_at="2025-11-13T10:32:05.300Z", result=json.dumps(outcome.document))
    document = operation_document(ended, HOME, POLLING)
    assert api_document.problems(schema_of(FOLLOW, "get", "200"), document) == []
    return document


def assert_says_where(schema: Document, document: Document) -> None:
    """Check that both parts, and only they, are valid."""
    assert document["account_id"] == ELSEWHERE.account_id
    assert document["region"] == ELSEWHERE.region
    assert api_document.problems(schema, document) == []
    for name, other in (("account_id", "222233"), ("region", "Frankfurt")):
        assert api_document.problems(schema, {**document, name: other})
        assert api_document.problems(schema, {key: value for key, value in document.items() if key != name})


@pytest.mark.parametrize("operation", OPERATIONS)
def test_accepted(operation: str) -> None:
    reply = accepted_reply(opened(operation), HOME)
    assert api_document.problems(schema_of(START, "post", str(reply["statusCode"])), json.loads(reply["body"])) == []
    assert api_document.problems(schema_of(START, "post", "202"), {**json.loads(reply["body"]), "repeated": False})
    location = api_document.responses(START, "post")["202"]["headers"]["Location"]["schema"]
    for path in ("/operations", "/v1/operations", "/restapis/a1/local/_user_request_/operations"):
        assert api_document.problems(location, f"{path}/{reply['operation_id']}") == []


@pytest.mark.parametrize("warnings", [(), ("Snapshot a already exists. Choose another snapshot_id.",)])
def test_a_dry_run(warnings: tuple[str, ...]) -> None:
    reply = dry_reply(DEVELOPMENT, warnings)
    schema, body = schema_of(START, "post", str(reply["statusCode"])), json.loads(reply["body"])
    assert api_document.problems(schema, body) == []
    for name in body:
        assert api_document.problems(schema, {key: value for key, value in body.items() if key != name})
    assert api_document.problems(schema, {**body, "environment": "production"})


@pytest.mark.parametrize("operation", OPERATIONS)
def test_accepted_again(operation: str) -> None:
    schema = schema_of(START, "post", "202")
    for status in ("accepted", OPERATIONS[operation].working_status, "available", "failed", "timeout"):
        reply = accepted_reply(opened(operation, status=status), HOME, repeated=True)
        body = json.loads(reply["body"])
        assert (body["status"], body["repeated"]) == (status, True)
        assert api_document.problems(schema, body) == []


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("seen", [{}, {"polls": 3, "percent": -1}, {"polls": 3, "percent": 40}])
def test_running(operation: str, seen: dict[str, int]) -> None:
    schema = schema_of(FOLLOW, "get", "200")
    for status in ("accepted", OPERATIONS[operation].working_status):
        document = operation_document(opened(operation, HOME, status=status, **seen), HOME, POLLING)
        assert api_document.problems(schema, document) == []
        assert api_document.problems(schema, {**document, "fingerprint": "private"})


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_success(operation: str) -> None:
    document = result_of(operation, {"progress": done("available", **CASES[operation].details).to_document()})
    schema = schema_of(FOLLOW, "get", "200")
    for name in document:
        missing = {key: value for key, value in document.items() if key != name}
        assert name == "snapshot_create_time" or api_document.problems(schema, missing), name
    assert api_document.problems(schema, {**document, "status": "timeout"})
    assert api_document.problems(schema, {**document, "more": 1})


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("work", BROKEN.values(), ids=BROKEN)
def test_a_failure(operation: str, work: Document) -> None:
    document = result_of(operation, work)
    assert api_document.problems(schema_of(FOLLOW, "get", "200"), {**document, "success": True})


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(
    "progress", [done("available"), failed("gone", EndCode.INSTANCE_GONE), Progress("creating"), unknown_end()]
)
def test_what_became_of_it(operation: str, progress: Progress) -> None:
    document = result_of(operation, {"progress": Progress("creating").to_document()})
    seen = replace(progress, details=CASES[operation].details)
    late = with_final_status(document, a_request(operation), seen, MOMENT, MOMENT + timedelta(hours=1))
    schema = schema_of(FOLLOW, "get", "200")
    assert api_document.problems(schema, late) == []
    assert api_document.problems(schema, {**late, "success": True, "status": "available"})
    assert api_document.problems(schema, {**late, "final_status": "creating"})


@pytest.mark.parametrize("operation", OPERATIONS)
def test_answers_say_where_an_instance_is_that_is_elsewhere(operation: str) -> None:
    accepted = json.loads(accepted_reply(opened(operation, ELSEWHERE), HOME)["body"])
    assert_says_where(schema_of(START, "post", "202"), accepted)
    look = schema_of(FOLLOW, "get", "200")
    assert_says_where(look, operation_document(opened(operation, ELSEWHERE), HOME, POLLING))
    assert_says_where(
        look, result_of(operation, {"progress": done("available", **CASES[operation].details).to_document()}, ELSEWHERE)
    )
    assert_says_where(look, result_of(operation, BROKEN["an error of AWS"], ELSEWHERE))


@pytest.mark.parametrize(
    "refusal",
    [
        not_operated(MANY_TARGETS, "999988887777", ""),
        unidentified({"principal": "anonymous"}),
        not_permitted(CallerSettings({"group:dba": {}}), a_request()),
    ],
    ids=lambda refusal: str(refusal and refusal.code.value),
)
def test_refusals_of_callers_and_places(refusal: Refusal | None) -> None:
    assert refusal
    body = refusal.body
    schema = schema_of(START, "post", str(refusal.status))
    assert api_document.problems(schema, body) == []
    assert api_document.problems(schema_of(START, "post", "404"), body)


@pytest.mark.parametrize(
    ("code", "status"),
    [(Code.ACCOUNT_NOT_REACHABLE, "403"), (Code.INSTANCE_AMBIGUOUS, "409"), (Code.NOT_OPERATED, "400")],
)
def test_each_code_belongs_to_its_status(code: Code, status: str) -> None:
    """As classify.py, location.py and targets.py give them."""
    fitting = [
        known
        for known in api_document.responses(START, "post")
        if int(known) >= 400
        and not api_document.problems(schema_of(START, "post", known), {"error": "x", "code": code.value})
    ]
    assert fitting == [status]


def test_not_found() -> None:
    refusal = unknown("nope")
    body = refusal.body
    assert api_document.problems(schema_of(FOLLOW, "get", str(refusal.status)), body) == []
