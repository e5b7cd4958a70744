"""Validate makes a request or a refusal of whatever arrives."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model.identifiers import INSTANCE_ID_LENGTH, is_execution_name, operation_id, rds_identifier
from rds_operations.model.refusals import Code, Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.rules.identity import caller_identity, direct_start
from rds_operations.rules.request_stub import api_stub, execution_stub
from rds_operations.rules.validation import ParsedRequest, parse_request
from rds_operations.settings.targets import Targets
from rds_operations.steps.validate import validate_api, validate_execution
from tests.builders import (
    ACCOUNT,
    CHOICES,
    COMPLETE,
    EXECUTION_PREFIX,
    INSTANCE_ID,
    MANY_TARGETS,
    OTHER_ACCOUNT,
    OTHER_REGION,
    REQUEST_IDS,
    REQUESTED_AT,
    TARGETS,
    a_body,
    a_context,
    an_admission,
    an_envelope,
    an_execution,
    near_requests,
    valid_requests,
)

ADMISSION = an_admission("request-1")


def ordered(request_id: str = "request-1", targets: Targets = TARGETS, **envelope: Any) -> OperationRequest:
    request = validate_api(an_envelope(**envelope), an_execution(request_id), targets)
    assert isinstance(request, OperationRequest), request
    return request


def refused(targets: Targets = TARGETS, **envelope: Any) -> tuple[OperationRequest, Refusal]:
    result = validate_api(an_envelope(**envelope), ADMISSION, targets)
    assert isinstance(result, tuple), result
    return result


def test_a_body_from_the_api_becomes_a_request() -> None:
    assert ordered() == OperationRequest(
        operation_id=operation_id("create_snapshot", INSTANCE_ID, "request-1"),
        operation="create_snapshot",
        instance_id=INSTANCE_ID,
        parameters=COMPLETE["create_snapshot"],
        caller={
            "userId": "apikey:key-id-1",
            "principal": "apikey:key-id-1",
            "authentication": "api_key",
            "sourceIp": "203.0.113.42",
            "apiKeyId": "key-id-1",
            "userAgent": "curl/8.5.0",
            **REQUEST_IDS,
        },
        requested_at=REQUESTED_AT,
        request_id="request-1",
    )


def test_without_a_key_every_request_is_a_new_operation() -> None:
    assert ordered(request_id="request-1").operation_id != ordered(request_id="request-2").operation_id


def test_the_same_key_of_the_same_caller_has_the_same_digest() -> None:
    requests = [ordered(idempotency_key="my-key", request_id=f"request-{number}") for number in (1, 2)]
    assert requests[0].idempotency_key == requests[1].idempotency_key
    stranger = ordered(idempotency_key="my-key", caller=a_context(apiKeyId="key-id-2"))
    assert stranger.idempotency_key != requests[0].idempotency_key


def test_nothing_in_the_body_is_taken_for_identity() -> None:
    known, refusal = refused(body=json.dumps(a_body() | {"caller": {"userArn": "arn:aws:iam::1:user/ceo"}}))
    assert refusal.code is Code.INVALID_REQUEST
    assert known.caller["userId"] == "apikey:key-id-1"


@pytest.mark.parametrize(
    ("envelope", "status", "code"),
    [
        ({"body": "{}"}, 400, Code.MISSING_PARAMETER),
        ({"body": ""}, 400, Code.INVALID_REQUEST),
        ({"body": "{"}, 400, Code.INVALID_REQUEST),
        ({"body": "[" * 100_000}, 400, Code.INVALID_REQUEST),
        ({"body": '{"operation": NaN}'}, 400, Code.INVALID_REQUEST),
        ({"body": '{"operation": "x", "operation": "y"}'}, 400, Code.INVALID_REQUEST),
        ({"body": json.dumps(a_body("drop"))}, 400, Code.OPERATION_NOT_ALLOWED),
        ({"idempotency_key": "two words"}, 400, Code.INVALID_REQUEST),
        ({"idempotency_key": ""}, 400, Code.INVALID_REQUEST),
        ({"idempotency_key": " "}, 400, Code.INVALID_REQUEST),
        ({"length": 32_769}, 413, Code.REQUEST_TOO_LARGE),
        ({"length": 32_769, "idempotency_key": "two words"}, 413, Code.REQUEST_TOO_LARGE),
    ],
)
def test_a_refused_request_keeps_who_asked_and_what_is_sound(envelope: dict[str, Any], status: int, code: Code) -> None:
    known, refusal = refused(**envelope)
    assert (refusal.status, refusal.code) == (status, code)
    assert known.operation_id == known.request_id == "request-1"
    assert known.caller["sourceIp"] == "203.0.113.42"
    assert known.parameters == {}


ANONYMOUS = "The caller could not be identified. Send credentials of this API"


@pytest.mark.parametrize(
    "caller",
    [
        {},
        a_context(authentication=""),
        a_context(authentication="none"),
        a_context(apiKeyId=""),
        a_context(authentication="iam"),
        a_context(authentication="cognito"),
    ],
)
def test_nothing_is_done_for_a_caller_that_nobody_vouches_for(caller: dict[str, Any]) -> None:
    known, refusal = refused(caller=caller)
    assert refusal == Refusal(403, Code.CALLER_NOT_PERMITTED, ANONYMOUS)
    assert (known.operation_id, known.parameters) == ("request-1", {})
    assert (known.operation, known.instance_id) == ("create_snapshot", INSTANCE_ID)
    assert known.caller["principal"] == "anonymous"


def test_a_request_that_is_none_is_told_so_before_its_caller_is() -> None:
    assert refused(body="{}", caller={})[1].code is Code.MISSING_PARAMETER


ELSEWHERE = [
    ({"account_id": "999999999999"}, "account_id '999999999999'"),
    ({"region": "us-gov-west-1"}, "region 'us-gov-west-1'"),
    ({"account_id": ACCOUNT, "region": "eu-west-1"}, f"account_id '{ACCOUNT}' with region 'eu-west-1'"),
    (
        {"account_id": OTHER_ACCOUNT, "region": OTHER_REGION},
        f"account_id '{OTHER_ACCOUNT}' with region '{OTHER_REGION}'",
    ),
]


@pytest.mark.parametrize(("chosen", "asked"), ELSEWHERE)
def test_a_place_that_is_not_on_the_deployments_list_is_refused_at_both_doors(
    chosen: dict[str, str], asked: str
) -> None:
    body = a_body() | chosen
    known, refusal = refused(MANY_TARGETS, body=json.dumps(body))
    assert (refusal.status, refusal.code) == (400, Code.NOT_OPERATED)
    assert refusal.error.startswith(f"This service does not manage {asked}. Allowed: account ")
    assert (known.account_id, known.region) == (
        chosen.get("account_id", ""),
        chosen.get("region", ""),
    )  # for the record
    by_hand = validate_execution(json.dumps(body), an_execution(), MANY_TARGETS)
    assert isinstance(by_hand, tuple)
    assert by_hand[1] == refusal


def test_a_request_has_the_place_that_was_asked_for() -> None:
    assert (ordered().account_id, ordered().region) == ("", "")
    for chosen in CHOICES:
        body = json.dumps(a_body() | chosen)
        by_api = ordered(targets=MANY_TARGETS, body=body)
        by_hand = validate_execution(body, an_execution(), MANY_TARGETS)
        assert isinstance(by_hand, OperationRequest)
        asked = (chosen.get("account_id") or "", chosen.get("region") or "")
        assert (by_api.account_id, by_api.region) == (by_hand.account_id, by_hand.region) == asked


def test_the_input_of_an_execution_becomes_a_request_of_its_name() -> None:
    request = validate_execution(json.dumps(a_body()), an_execution("by-hand"), TARGETS)
    assert request == OperationRequest(
        operation_id="by-hand",
        operation="create_snapshot",
        instance_id=INSTANCE_ID,
        parameters=COMPLETE["create_snapshot"],
        caller={
            "userId": "states:StartExecution",
            "principal": "states:StartExecution",
            "executionArn": EXECUTION_PREFIX + "by-hand",
        },
        requested_at=REQUESTED_AT,
        execution_arn=EXECUTION_PREFIX + "by-hand",
    )


@pytest.mark.parametrize("given", [None, [], "text", 7, {}, {"operation": "drop"}])
def test_any_other_input_of_an_execution_is_refused(given: Any) -> None:
    result = validate_execution(json.dumps(given), an_execution("by-hand"), TARGETS)
    assert isinstance(result, tuple)
    known, refusal = result
    assert (refusal.status, known.operation_id, known.instance_id) == (400, "by-hand", "")


@pytest.mark.parametrize("envelope", [1, {}, an_envelope()])
def test_an_envelope_forged_for_an_execution_names_neither_caller_nor_operation(envelope: Any) -> None:
    given = {"envelope": envelope}
    result = validate_execution(json.dumps(given), an_execution("by-hand"), TARGETS)
    assert isinstance(result, tuple)
    assert (result[0].operation_id, result[0].caller["userId"]) == ("by-hand", "states:StartExecution")


def broken(text: str, place: int, other: str) -> str:
    place %= len(text)
    return text[:place] + other + text[place + 1 :]


request_texts = st.one_of(
    valid_requests.map(json.dumps),
    near_requests.map(json.dumps),
    st.builds(broken, valid_requests.map(json.dumps), st.integers(0, 200), st.text('"{}[]:,\\ 1nt', max_size=1)),
    st.text(max_size=12),
)
"""Bodies as received: whole, nearly whole, broken, and not JSON."""

FORGED = {
    "caller": {"userId": "ceo", "userArn": "arn:aws:iam::1:user/ceo"},
    "userArn": "arn:aws:iam::1:user/ceo",
    "operation_id": "forged",
    "request_id": "forged",
    "requested_at": "1999-01-01T00:00:00.000Z",
    "execution_arn": "forged",
    "idempotency_key": "forged",
    "envelope": {"caller": {"userArn": "arn:aws:iam::1:user/ceo"}, "request_id": "forged"},
}
"""Claims about itself that a body might make."""

MODES = ["api_key", "iam", "cognito", "none"]
envelopes = st.fixed_dictionaries(
    {
        "body": request_texts,
        "length": st.sampled_from([0, 32_768, 32_769, 10_000_000]),
        "caller": st.just(a_context())
        | st.dictionaries(
            st.sampled_from(
                ["sourceIp", "userArn", "accountId", "apiKeyId", "userAgent", "userId", "sub", "issuer", "username"]
            ),
            st.none() | st.text(max_size=6),
        ).flatmap(lambda said: st.sampled_from(MODES).map(lambda mode: {**said, "authentication": mode})),
    },
    optional={"idempotency_key": st.sampled_from(["", "monday-1"]) | st.text(max_size=4)},
)


def taken_in(result: OperationRequest | tuple[OperationRequest, Refusal]) -> tuple[OperationRequest, Refusal | None]:
    return (result, None) if isinstance(result, OperationRequest) else result


def is_sound(request: OperationRequest) -> bool:
    """Return whether it keeps only a known operation and a possible instance of the body."""
    instance_id = request.instance_id
    return (request.operation == "" or request.operation in OPERATIONS) and (
        instance_id == "" or rds_identifier(instance_id, INSTANCE_ID_LENGTH) == instance_id
    )


@given(envelopes)
def test_any_envelope_becomes_a_request_or_a_refusal_of_its_sender(envelope: dict[str, Any]) -> None:
    request, refusal = taken_in(validate_api(envelope, ADMISSION, MANY_TARGETS))
    assert request.caller == caller_identity(envelope["caller"])
    assert (request.request_id, request.requested_at, request.execution_arn) == ("request-1", REQUESTED_AT, "")
    assert is_sound(request)
    if refusal is None:
        assert envelope["length"] <= 32_768
        assert request.operation_id == operation_id(request.operation, request.instance_id, "request-1")
        assert is_execution_name(request.operation_id)
        assert bool(request.idempotency_key) == ("idempotency_key" in envelope)
        assert request.caller["principal"] != "anonymous"
        asked = parse_request(envelope["body"])
        assert isinstance(asked, ParsedRequest)
        assert (request.account_id, request.region) == (asked.account_id, asked.region)
        assert MANY_TARGETS.fitting(request.account_id, request.region)
    else:
        anonymous = refusal.code is Code.CALLER_NOT_PERMITTED
        assert not anonymous or request.caller["principal"] == "anonymous"
        assert refusal.status == (413 if envelope["length"] > 32_768 else 403 if anonymous else 400)
        assert request.operation_id == "request-1"
        assert (request.parameters, request.idempotency_key) == ({}, "")
    assert OperationRequest.from_document(json.loads(json.dumps(request.to_document()))) == request


@given(request_texts)
def test_any_input_becomes_a_request_or_a_refusal_of_its_execution(text: str) -> None:
    execution = an_execution("by-hand")
    request, refusal = taken_in(validate_execution(text, execution, MANY_TARGETS))
    assert request.caller == direct_start(execution["Id"])
    assert (request.operation_id, request.execution_arn) == ("by-hand", execution["Id"])
    assert (request.request_id, request.idempotency_key, request.requested_at) == ("", "", REQUESTED_AT)
    assert is_sound(request)
    assert refusal is None or (refusal.status, request.parameters) == (400, {})


@given(request_texts)
def test_both_doors_judge_a_request_alike(text: str) -> None:
    by_api, no_by_api = taken_in(validate_api(an_envelope(text), ADMISSION, MANY_TARGETS))
    by_hand, no_by_hand = taken_in(validate_execution(text, an_execution(), MANY_TARGETS))
    assert no_by_api == no_by_hand
    assert (by_api.body, by_api.fingerprint) == (by_hand.body, by_hand.fingerprint)


@given(valid_requests)
def test_what_operation_is_started_with_asks_for_what_was_accepted(body: dict[str, Any]) -> None:
    """The claim compares fingerprints, so a request that changed on its way would never be performed."""
    accepted = validate_api(an_envelope(body), ADMISSION, MANY_TARGETS)
    assert isinstance(accepted, OperationRequest)
    started = validate_execution(json.dumps(accepted.body), an_execution(accepted.operation_id), MANY_TARGETS)
    assert isinstance(started, OperationRequest)
    assert started.body == accepted.body
    assert started.fingerprint == accepted.fingerprint


@given(valid_requests, st.sets(st.sampled_from(sorted(FORGED)), min_size=1))
def test_a_body_that_says_who_sent_it_is_refused_and_not_believed(body: dict[str, Any], claimed: set[str]) -> None:
    claims = {name: FORGED[name] for name in claimed}
    for forged in (body | claims, body | {"parameters": body["parameters"] | claims}):
        known, refusal = taken_in(validate_api(an_envelope(forged), ADMISSION, MANY_TARGETS))
        assert refusal
        assert known == api_stub(body, an_envelope(body), ADMISSION)
        known, refusal = taken_in(validate_execution(json.dumps(forged), an_execution(), MANY_TARGETS))
        assert refusal
        assert known == execution_stub(body, an_execution())


@given(valid_requests, st.text(max_size=4), st.text(max_size=4))
def test_a_request_is_the_same_whatever_id_its_client_has_chosen(body: dict[str, Any], first: str, second: str) -> None:
    """Neither the fingerprint nor the key's digest depends on it; the record has it."""
    envelopes = [
        an_envelope(body, idempotency_key="monday-1", caller=a_context(requestId=text, extendedRequestId=text))
        for text in (first, second)
    ]
    requests = [taken_in(validate_api(envelope, ADMISSION, MANY_TARGETS))[0] for envelope in envelopes]
    assert requests[0].fingerprint == requests[1].fingerprint
    assert requests[0].idempotency_key == requests[1].idempotency_key
    assert requests[0].operation_id == requests[1].operation_id
    assert [request.caller.get("requestId", "") for request in requests] == [first, second]
