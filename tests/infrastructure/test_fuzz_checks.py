"""The fuzz campaign's checks find the errors that they are for."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import requests
import urllib3

from local.cloud import ACCOUNT, REGION
from tests import api_document
from tests.api_document import INSTANCE, LISTS, START
from tests.fuzz.attempt import PLACES, SCHEMA, Attempt
from tests.fuzz.attempts import attempts
from tests.fuzz.curl import curl
from tests.fuzz.judge import complaints
from tests.fuzz.world import Accepted, World, accepted_of, changes_without_leave, in_place

Document = dict[str, Any]
BODY = {"operation": "create_snapshot", "instance_id": "dev-1", "parameters": {"snapshot_id": "S-1"}}
NOT_FOUND = {"error": "Instance dev-1 not found", "code": "instance_not_found"}
ACCEPTED = api_document.responses(START, "post")["202"]["content"]["application/json"]["example"]
LOCATION = {"Location": f"/operations/{ACCEPTED['operation_id']}"}


def an_attempt(body: Any = BODY) -> Attempt:
    case = SCHEMA[START]["POST"].Case(body=body, media_type="application/json")
    return Attempt("valid", "POST", START, {"Content-Type": "application/json"}, json.dumps(body).encode(), case)


def an_answer(status: int, body: Any, **headers: str) -> requests.Response:
    answer = requests.Response()
    answer.status_code = status
    answer._content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer.headers.update({"Content-Type": "application/json", **headers})
    answer.raw = urllib3.HTTPResponse(headers=answer.headers, body=answer._content)  # schemathesis reads this
    answer.request = requests.Request("POST", "http://127.0.0.1/operations").prepare()
    answer.url = "http://127.0.0.1/operations"
    answer.elapsed = timedelta(seconds=1)
    return answer


FAULTS = {
    "a 5xx": (BODY, an_answer(500, {"error": "x", "code": "internal_error"})),
    "no JSON": (BODY, an_answer(404, b"<html>")),
    "a message instead of an error": (BODY, an_answer(404, {"message": "Forbidden"})),
    "more than error and code": (BODY, an_answer(404, {**NOT_FOUND, "detail": "x"})),
    "another status's code": (BODY, an_answer(409, NOT_FOUND)),
    "a status that is not described": (BODY, an_answer(418, NOT_FOUND)),
    "another content type": (BODY, an_answer(404, NOT_FOUND, **{"Content-Type": "text/html"})),
    "no Location": (BODY, an_answer(202, ACCEPTED)),
    "a key that is not described": (BODY, an_answer(202, {**ACCEPTED, "fingerprint": "x"}, **LOCATION)),
    "accepted though invalid": ({**BODY, "more": 1}, an_answer(202, ACCEPTED, **LOCATION)),
    "looked up though invalid": ({**BODY, "parameters": {}}, an_answer(404, NOT_FOUND)),
    "no credentials though there are": (BODY, an_answer(403, {"error": "Forbidden", "code": "invalid_api_key"})),
    "no signature though none is asked for": (BODY, an_answer(403, {"error": "Forbidden"})),
    "a place with half a name": (BODY, an_answer(202, {**ACCEPTED, "region": "eu-west-1"}, **LOCATION)),
    "refused though valid": (BODY, an_answer(400, {"error": "no", "code": "invalid_parameter"})),
}


def test_good_answers_pass() -> None:
    assert complaints(an_attempt(), an_answer(404, NOT_FOUND)) == []
    assert complaints(an_attempt(), an_answer(202, ACCEPTED, **LOCATION)) == []
    wrong = {"error": "operation is required", "code": "missing_parameter"}
    assert complaints(an_attempt({}), an_answer(400, wrong)) == []


@pytest.mark.parametrize(("body", "answer"), FAULTS.values(), ids=FAULTS)
def test_every_fault_is_found(body: Any, answer: Any) -> None:
    assert complaints(an_attempt(body), answer)


def test_off_the_road_the_very_status_and_code_are_expected() -> None:
    attempt = Attempt("path", "POST", "/nowhere", {}, b"{}")
    unknown = {"error": "There is no such method and path", "code": "unknown_route"}
    assert complaints(attempt, an_answer(403, unknown)) == []
    assert complaints(attempt, an_answer(404, NOT_FOUND))
    assert complaints(attempt, an_answer(403, {**unknown, "more": 1}))


DEV, ELSEWHERE = in_place(ACCOUNT, REGION, "dev-1"), in_place("222233334444", "eu-central-1", "dev-1")
OLD, NEW, OTHER = (in_place(ACCOUNT, REGION, name) for name in ("s-0", "s-1", "s-2"))
STORED = {"MultiAZ": False, "PreferredBackupWindow": "a"}
WORLD = World({"old"}, {DEV: STORED, ELSEWHERE: STORED}, {OLD: {"Status": "x"}})
DONE = Accepted("new", BODY)


def test_what_an_accepted_operation_does_is_allowed() -> None:
    after = replace(WORLD, executions={"old", "new"}, snapshots={**WORLD.snapshots, NEW: {}})
    assert changes_without_leave(WORLD, WORLD, []) == []
    assert changes_without_leave(WORLD, after, [DONE]) == []


@pytest.mark.parametrize(
    "after",
    [
        replace(WORLD, executions={"old", "new", "unknown"}),
        WORLD,
        replace(WORLD, executions={"old", "new"}, instances={ELSEWHERE: STORED}),
        replace(WORLD, executions={"old", "new"}, instances={**WORLD.instances, DEV: {**STORED, "MultiAZ": True}}),
        replace(
            WORLD,
            executions={"old", "new"},
            instances={**WORLD.instances, DEV: {**STORED, "PreferredBackupWindow": "b"}},
        ),
        replace(
            WORLD,
            executions={"old", "new"},
            instances={**WORLD.instances, ELSEWHERE: {**STORED, "DBInstanceStatus": "backing-up"}},
        ),
        replace(WORLD, executions={"old", "new"}, snapshots={**WORLD.snapshots, OTHER: {}}),
        replace(
            WORLD,
            executions={"old", "new"},
            snapshots={**WORLD.snapshots, in_place(ACCOUNT, "eu-central-1", "s-1"): {}},
        ),
        replace(WORLD, executions={"old", "new"}, snapshots={OLD: {"Status": "y"}}),
        replace(WORLD, executions={"old", "new"}, snapshots={}),
    ],
)
def test_every_other_change_is_found(after: World) -> None:
    assert len(changes_without_leave(WORLD, after, [DONE])) == 1


def test_an_accepted_operation_is_where_its_answer_says() -> None:
    raw = json.dumps(BODY).encode()
    here, there = accepted_of(
        [
            (raw, {"operation_id": "one"}),
            (raw, {"operation_id": "two", "account_id": "222233334444", "region": "eu-central-1"}),
        ]
    )
    assert (here.instance, here.snapshot) == (DEV, NEW)
    assert there.instance == ELSEWHERE


@pytest.fixture(scope="module")
def many() -> list[Attempt]:
    return attempts(200, 1)


def test_places_are_chosen_and_left_open(many: list[Attempt]) -> None:
    bodies = [json.loads(attempt.body or b"") for attempt in many if attempt.kind == "valid"]
    chosen = {(body.get("account_id"), body.get("region")) for body in bodies}
    assert (None, None) in chosen
    assert chosen & set(PLACES)
    known = {account for account, _ in PLACES} | {None}
    assert any(account not in known for account, _ in chosen)


def test_no_attempt_brings_credentials_of_its_own(many: list[Attempt]) -> None:
    for attempt in many:
        assert not {"authorization", "x-api-key"} & {name.lower() for name in attempt.headers}


def test_the_same_seed_makes_the_same_requests() -> None:
    def shown(seed: int) -> list[str]:
        return [curl(attempt, attempt.path) for attempt in attempts(60, seed)]

    assert shown(1) == shown(1)
    assert shown(1) != shown(2)
    assert len(set(shown(1))) > 30


def test_a_request_as_a_curl_line() -> None:
    attempt = Attempt("raw", "POST", START, {"Content-Type": "application/json"}, b"it's\n\x00")
    assert curl(attempt, attempt.path) == (
        'curl -i -X POST "$API"/operations -H "x-api-key: $KEY" '
        "-H 'Content-Type: application/json' --data-binary $'it\\x27s\\x0a\\x00'"
    )


def a_list(path: str) -> Attempt:
    return Attempt("list", "GET", path, {}, None, SCHEMA[path.partition("?")[0]]["GET"].Case())


def documents_of(*callers: str) -> Any:
    document = api_document.responses("/operations", "get")["200"]["content"]["application/json"]["examples"]["page"]
    (operation,) = document["value"]["operations"]
    return {"operations": [{**operation, "requested_by": caller} for caller in callers]}


def test_a_list_of_one_caller_passes() -> None:
    assert complaints(a_list("/operations"), an_answer(200, documents_of("apikey:1", "apikey:1"))) == []
    refused = {"error": "limit must be a whole number from 1 to 100", "code": "invalid_parameter"}
    assert complaints(a_list("/records?limit=0"), an_answer(400, refused)) == []


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/operations", an_answer(200, documents_of("apikey:1", "apikey:2"))),
        ("/operations", an_answer(200, documents_of("jane.doe"))),
        ("/records?next=AAAA", an_answer(200, {"records": []})),
        ("/records", an_answer(200, {"records": [], "more": 1})),
        ("/me", an_answer(200, {"userId": "x"})),
        ("/records", an_answer(404, NOT_FOUND)),
    ],
)
def test_a_list_that_shows_too_much_is_found(path: str, answer: requests.Response) -> None:
    assert complaints(a_list(path), answer)


def an_instance(**query: str) -> Attempt:
    case = SCHEMA[INSTANCE]["GET"].Case(path_parameters={"instance_id": "TEST-mysql-01"}, query=query)
    return Attempt("instance", "GET", "/instances/TEST-mysql-01", case=case)


def test_an_instance_is_the_one_that_was_asked_for() -> None:
    examples = api_document.responses(INSTANCE, "get")["200"]["content"]["application/json"]["examples"]
    shown = examples["instance"]["value"]
    assert complaints(an_instance(region=shown["region"]), an_answer(200, shown)) == []
    assert complaints(an_instance(region="eu-central-1"), an_answer(200, shown))
    assert complaints(an_instance(), an_answer(200, {**shown, "instance_id": "another"}))
    assert complaints(an_instance(), an_answer(503, {"error": "Try again.", "code": "try_again"}))


def test_no_path_leads_round_by_dots_and_slashes() -> None:
    unknown = {"error": "There is no such method and path", "code": "unknown_route"}
    astray = Attempt("astray", "GET", "/instances/..%2Frecords")
    assert complaints(astray, an_answer(403, unknown)) == []
    assert complaints(astray, an_answer(200, {"records": []}))
    assert complaints(astray, an_answer(403, {"error": "x", "code": "production_instance"}))


def test_only_an_auditor_may_see_what_others_did() -> None:
    page = an_answer(200, documents_of("jane.doe", "apikey:1"))
    assert complaints(a_list("/operations"), page)
    assert complaints(replace(a_list("/operations"), auditor=True), page) == []


def test_gets_of_every_route_are_made_with_values_twice_and_paths_astray() -> None:
    made = [attempt for attempt in attempts(800, 1) if attempt.method == "GET"]
    paths = {attempt.path.partition("?")[0] for attempt in made if attempt.kind in ("list", "query")}
    assert paths >= set(LISTS)
    queries = [[pair.partition("=")[0] for pair in attempt.path.partition("?")[2].split("&")] for attempt in made]
    assert any(len(names) > len(set(names)) for names in queries)
    assert {attempt.kind for attempt in made} >= {"look", "instance", "list", "query", "astray"}
    assert {attempt.auditor for attempt in made} == {True, False}
