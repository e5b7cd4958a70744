"""The mapping templates of POST /operations, on API Gateway's engine and the local cloud's."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.extensions.mapping_templates import Text, render_request, render_response
from local.velocity import advice, missing
from rds_operations.model.refusals import Refusal
from rds_operations.rules.preference import seconds_to_wait
from rds_operations.rules.validation import LARGEST_BODY, idempotency_digest
from tests.infrastructure.engines.velocity_engine import Rendered, TemplateFailed, VelocityEngine

TEMPLATES = Path(__file__).parents[2] / "stacks" / "mapping_templates"
STATE_MACHINE_ARN = "arn:aws:states:eu-central-1:123456789012:stateMachine:ADMISSION"
REQUEST_TEMPLATE = (
    (TEMPLATES / "post_operations.request.vtl")
    .read_text()
    .replace("@StateMachineArn@", STATE_MACHINE_ARN)
    .replace("@Authentication@", "cognito")
)
RESPONSE_TEMPLATE = (TEMPLATES / "post_operations.response.vtl").read_text()
FAILURE_TEMPLATE = (TEMPLATES / "post_operations.failure.vtl").read_text()
IDS = {"requestId": "5f1c1d3e-8a5b-4d6f-9c0e-2b7a4e1f3d90", "extendedRequestId": "JKJaXmPLvHcESHA="}
IDENTITY = {
    "sourceIp": "203.0.113.7",
    "apiKeyId": "a1b2c3d4e5",
    "accountId": "123456789012",
    "userArn": "arn:aws:sts::123456789012:assumed-role/Developer/o'neil",
    "userAgent": 'curl/8.5.0 "quoted"',
}
NOBODY = dict.fromkeys(IDENTITY, "")
CLAIMS = {
    "sub": "8f14e45f-ceea-467f-a9c1-2d3f4b5a6c7d",
    "iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEf123",
    "aud": "1h57kf5cpq17m0eml12EXAMPLE",
    "cognito:username": "john.o'neil",
    "cognito:groups": "dba,on-call",
    "email": "john@example.com",
    "exp": "1796123456",
}
"""Of an identity token. API Gateway passes all of them as texts."""
CLAIMED = {
    "sub": "sub",
    "iss": "issuer",
    "aud": "clientId",
    "cognito:username": "username",
    "cognito:groups": "groups",
}
"""The claims' names, there and in the caller."""
UNCLAIMED = dict.fromkeys(CLAIMED.values(), "")
OWN_CLIENTS = {"sign_in_client": "consoleClient", "cli_client": "cliClient"}
"""The stage variables that name the stack's own app clients, there and in the envelope."""
MAX_INPUT_BYTES = 262_144
"""https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html"""
MAX_HEADER_BYTES = 10_240
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html"""

TEXTS = {
    "apostrophe": "it's '' \\'",
    "double quotes": 'a "quoted" ""',
    "backslashes": "\\ \\\\ \\\\\\ \\n \\u0041 \\",
    "newlines": "one\ntwo\r\nthree\n",
    "tabs": "\tone\ttwo",
    "control characters": "\x00\x01\x07\x08\x0b\x0c\x0f\x10\x1f\x7f\x80",
    "accents": "é ñ Å",
    "CJK": "数据库 データベース 데이터",
    "emoji": "😀 👩\u200d🔧 🇨🇭",
    "line separators": "\u2028\u2029\u0085\ufeff",
    "escape call": '$util.escapeJavaScript("x")',
    "set directive": "#set($x = 1)$x",
    "directives": "#if(true)yes#end #foreach($x in [1..3])$x#end #stop #[[raw]]#",
    "context reference": "$context.requestId ${context.requestId} $!{context.requestId} \\$context.requestId",
    "placeholder": "@@ @StateMachineArn@",
    "line comment": "## all of it",
    "block comment": "#* all of it *# #*",
    "markup": "</script><!-- & --> /",
    "JSON": '{"a": [1, "two", {"three": null}]}',
    "empty": "",
    "blank": "  ",
}
FORGERIES = {
    "closing quote": '","caller":{"userArn":"evil"},"x":"',
    "escaped closing quote": '\\",\\"caller\\":{\\"userArn\\":\\"evil\\"},\\"x\\":\\"',
    "twice escaped closing quote": '\\\\\\",\\\\\\"caller\\\\\\":{\\\\\\"userArn\\\\\\":\\\\\\"evil\\\\\\"},\\\\\\"x',
    "closing braces": '"}},"caller":{"userArn":"evil"},"envelope":{"x":"',
    "closing call": '"}"}","input":"{}","stateMachineArn":"evil","x":"',
    "Unicode escapes": "\\u0022,\\u0022caller\\u0022:{\\u0022userArn\\u0022:\\u0022evil\\u0022},\\u0022x",
    "apostrophes": "\\'\",'caller':{'userArn':'evil'},\"x\":\"\\'",
    "template": '#set($context.identity.userArn = "evil")#set($userArn = "evil")$userArn',
}
CHARACTERS = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | CHARACTERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(CHARACTERS, inner, max_size=4),
    max_leaves=12,
)

each_text = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
each_forgery = pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES.keys())


class LocalEngine:
    """Render on the local cloud's engine, which must do the same."""

    def render(
        self,
        template: str,
        body: str | None = "",
        headers: Mapping[str, str] | None = None,
        context: Mapping[str, Any] | None = None,
    ) -> Rendered:
        given = dict(context or {})
        given = {name: Text(value) if name == "path" else value for name, value in given.items()}
        if template is not RESPONSE_TEMPLATE and template is not FAILURE_TEMPLATE:
            return Rendered(render_request(template, body or "", dict(headers or {}), given), {"header": {}})
        return Rendered(*render_response(template, body or "", given))


Engine = VelocityEngine | LocalEngine


@pytest.fixture(scope="session")
def velocity() -> Iterator[VelocityEngine]:
    if missing():
        pytest.fail(advice()) if os.environ.get("CI") else pytest.skip(advice())
    with VelocityEngine() as engine:
        yield engine


@pytest.fixture(scope="session", params=["velocity", "local"])
def engine(request: pytest.FixtureRequest) -> Engine:
    found: Engine = request.getfixturevalue("velocity") if request.param == "velocity" else LocalEngine()
    return found


def dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def load(text: str) -> Any:
    """Parse like `json.loads`, but fail on a repeated key, on which parsers differ."""
    return json.loads(text, object_pairs_hook=_unique)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs), f"a key comes twice: {[key for key, _ in pairs]}"
    return dict(pairs)


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def call_input(
    engine: Engine,
    body: str | None,
    headers: Mapping[str, str] | None = None,
    identity: Mapping[str, str] | None = None,
    claims: Mapping[str, str] | None = None,
    ids: Mapping[str, str] | None = None,
    stage: Mapping[str, str] | None = None,
) -> str:
    """Return the `input` of the StartSyncExecution call. Without `claims` there is no authorizer."""
    ids = IDS if ids is None else ids
    context: dict[str, Any] = {**ids, "identity": IDENTITY if identity is None else identity}
    context["stageVariables"] = stage or {}
    if claims is not None:
        context["authorizer"] = {"claims": claims}
    call = load(engine.render(REQUEST_TEMPLATE, body, headers, context).text)
    assert set(call) == {"stateMachineArn", "input"}
    assert call["stateMachineArn"] == STATE_MACHINE_ARN
    assert isinstance(call["input"], str)
    return call["input"]


def envelope_in(text: str) -> dict[str, Any]:
    content = load(text)
    assert set(content) == {"envelope"}
    envelope: dict[str, Any] = content["envelope"]
    assert set(envelope) - {"idempotency_key", "prefer"} == {"body", "length", "caller"}
    assert envelope["caller"].pop("authentication") == "cognito"
    own = {name: envelope["caller"].pop(name) for name in OWN_CLIENTS.values()}
    assert set(envelope["caller"]) == {*IDENTITY, *UNCLAIMED, *IDS}
    if any(own.values()):
        envelope["own"] = own
    if all(envelope["caller"][name] == value for name, value in IDS.items()):
        envelope["caller"] = {name: value for name, value in envelope["caller"].items() if name not in IDS}
    return envelope


def test_the_stage_alone_says_which_app_clients_are_the_stacks_own(engine: Engine) -> None:
    """Claims of the same names say nothing, and where there is no such client, there is none."""
    claims = {**CLAIMS, "sign_in_client": "forged", "consoleClient": "forged"}
    for stage in ({}, {"cli_client": "1cli"}, {"sign_in_client": "1console", "cli_client": "1cli"}):
        named_by = {OWN_CLIENTS[name]: value for name, value in stage.items()}
        own = envelope_in(call_input(engine, "{}", claims=claims, stage=stage)).get("own", {})
        assert {name: value for name, value in own.items() if value} == named_by


def claimed(envelope: Mapping[str, Any]) -> dict[str, str]:
    return {name: value for name, value in envelope["caller"].items() if name in UNCLAIMED}


def named(claims: Mapping[str, str]) -> dict[str, str]:
    return UNCLAIMED | {CLAIMED[name]: value for name, value in claims.items() if name in CLAIMED}


def assert_arrives(engine: Engine, value: Any) -> None:
    body = dump(value)
    text = call_input(engine, body)
    envelope = envelope_in(text)
    assert envelope["body"] == body
    assert envelope["length"] == utf16_length(body)
    assert set(json.loads(text)) == {"envelope"}
    assert envelope["caller"] == UNCLAIMED | IDENTITY


def body_of(length: int, filler: str) -> str:
    """Return a JSON object of this many UTF-16 units, which Java counts."""
    filler = dump(filler)[1:-1]
    count, rest = divmod(length - len('{"a":""}'), utf16_length(filler))
    return f'{{"a":"{filler * count}{"x" * rest}"}}'


def answer(engine: Engine, execution: Mapping[str, Any], path: str = "/v1/operations") -> Rendered:
    rendered = engine.render(RESPONSE_TEMPLATE, dump(execution), context={"path": path})
    # The file's own last line end comes after the body.
    return Rendered(rendered.text.removesuffix("\n"), rendered.override)


def succeeded(output: Any) -> dict[str, str]:
    return {"executionArn": "arn:aws:states:x", "status": "SUCCEEDED", "output": dump(output), "startDate": "1.7E9"}


@each_text
def test_request_arrives_exactly(engine: Engine, text: str) -> None:
    assert_arrives(
        engine, {"instance_id": text, text: [text, {"parameters": {text: text}}], "n": [1, -0.5, None, True]}
    )


def test_deeply_nested_request_arrives_exactly(engine: Engine) -> None:
    value: Any = 'it\'s "deep" \\ é'
    for level in range(200):
        value = {f'"{level}"': value} if level % 2 else [value, "'"]
    assert_arrives(engine, {"a": value})


@settings(max_examples=150, deadline=None)
@given(value=st.dictionaries(CHARACTERS, JSON, max_size=5))
def test_any_request_arrives_exactly(engine: Engine, value: dict[str, Any]) -> None:
    assert_arrives(engine, value)


@each_text
def test_a_body_that_is_no_json_arrives_exactly_too(engine: Engine, text: str) -> None:
    assert envelope_in(call_input(engine, text))["body"] == (text or "{}")


@each_text
@pytest.mark.parametrize("name", ["Idempotency-Key", "idempotency-key", "IDEMPOTENCY-KEY"])
def test_idempotency_key_arrives_exactly(engine: Engine, name: str, text: str) -> None:
    assert envelope_in(call_input(engine, "{}", headers={name: text}))["idempotency_key"] == text


@pytest.mark.parametrize("text", ["wait=15", 'x="o\'neil", wait=3', "${x} #set($y=1)", "ü\\"])
@pytest.mark.parametrize("name", ["Prefer", "prefer"])
def test_prefer_arrives(engine: Engine, name: str, text: str) -> None:
    assert envelope_in(call_input(engine, "{}", headers={name: text}))["prefer"] == f"{text},"


def test_two_prefers_are_one_list(engine: Engine) -> None:
    headers = {"Prefer": "respond-async", "prefer": "wait=4"}
    assert seconds_to_wait(envelope_in(call_input(engine, "{}", headers))["prefer"]) == 4


@pytest.mark.parametrize("headers", [{}, {"X-Prefer": "wait=1"}])
def test_an_absent_prefer_is_left_out(engine: Engine, headers: dict[str, str]) -> None:
    assert "prefer" not in envelope_in(call_input(engine, "{}", headers))


@pytest.mark.parametrize("headers", [{}, {"Content-Type": "x"}, {"X-Idempotency-Key": "x", "Idempotency": ""}], ids=str)
def test_an_absent_idempotency_key_is_left_out(engine: Engine, headers: dict[str, str]) -> None:
    assert "idempotency_key" not in envelope_in(call_input(engine, "{}", headers))


@pytest.mark.parametrize("first", ["", "a", " "])
@pytest.mark.parametrize("second", ["", "b"])
def test_two_idempotency_keys_are_none_that_validate_takes(engine: Engine, first: str, second: str) -> None:
    """They differ in spelling; one may be empty, or both equal."""
    headers = {"Idempotency-Key": first, "Content-Type": "x", "idempotency-key": second}
    key = envelope_in(call_input(engine, "{}", headers))["idempotency_key"]
    assert sorted(key) == sorted(f"{first} {second}")
    assert isinstance(idempotency_digest(key, "me"), Refusal)


@each_text
@pytest.mark.parametrize("name", IDS)
def test_the_ids_of_the_request_arrive_exactly(engine: Engine, name: str, text: str) -> None:
    caller = envelope_in(call_input(engine, "{}", ids={**IDS, name: f"x{text}"}))["caller"]
    assert caller == UNCLAIMED | IDENTITY | IDS | {name: f"x{text}"}


@each_forgery
@pytest.mark.parametrize("name", IDS)
def test_the_ids_of_the_request_cannot_forge_identity(engine: Engine, name: str, forgery: str) -> None:
    envelope = envelope_in(call_input(engine, "{}", ids={**IDS, name: forgery}))
    assert envelope["caller"] == UNCLAIMED | IDENTITY | IDS | {name: forgery}
    assert "idempotency_key" not in envelope


def test_absent_ids_of_the_request_are_empty(engine: Engine) -> None:
    caller = envelope_in(call_input(engine, "{}", ids={}))["caller"]
    assert caller == UNCLAIMED | IDENTITY | dict.fromkeys(IDS, "")


@each_text
@pytest.mark.parametrize("field", ["userAgent", "userArn"])
def test_identity_arrives_exactly(engine: Engine, field: str, text: str) -> None:
    identity = IDENTITY | {field: text}
    assert envelope_in(call_input(engine, "{}", identity=identity))["caller"] == UNCLAIMED | identity


@settings(max_examples=150, deadline=None)
@given(key=CHARACTERS, user_agent=CHARACTERS, user_arn=CHARACTERS)
def test_any_header_and_identity_arrives_exactly(engine: Engine, key: str, user_agent: str, user_arn: str) -> None:
    identity = IDENTITY | {"userAgent": user_agent, "userArn": user_arn}
    envelope = envelope_in(call_input(engine, "{}", {"Idempotency-Key": key}, identity))
    assert envelope["idempotency_key"] == key
    assert envelope["caller"] == UNCLAIMED | identity


@pytest.mark.parametrize("key", ["caller", "envelope", "input", "stateMachineArn", "request_id", "idempotency_key"])
def test_body_cannot_shadow_a_key(engine: Engine, key: str) -> None:
    evil = {"userArn": "evil", "caller": {"userArn": "evil"}, "request_id": "evil", "idempotency_key": "evil"}
    envelope = envelope_in(call_input(engine, dump({key: evil}), headers={key: "evil"}))
    assert envelope["caller"] == UNCLAIMED | IDENTITY
    assert "idempotency_key" not in envelope
    assert envelope["body"] == dump({key: evil})


@each_forgery
def test_body_cannot_forge_identity(engine: Engine, forgery: str) -> None:
    envelope = envelope_in(call_input(engine, dump({"instance_id": forgery, forgery: {forgery: [forgery]}})))
    assert envelope["caller"] == UNCLAIMED | IDENTITY
    assert "idempotency_key" not in envelope


@each_forgery
def test_headers_cannot_forge_identity(engine: Engine, forgery: str) -> None:
    headers = {"Idempotency-Key": forgery, "User-Agent": forgery, "caller": forgery, forgery: forgery}
    identity = IDENTITY | {"userAgent": forgery}
    envelope = envelope_in(call_input(engine, "{}", headers, identity))
    assert envelope["caller"] == UNCLAIMED | identity
    assert envelope["idempotency_key"] == forgery


@pytest.mark.parametrize("field", IDENTITY)
def test_absent_identity_value_is_empty(engine: Engine, field: str) -> None:
    identity = {name: value for name, value in IDENTITY.items() if name != field}
    assert envelope_in(call_input(engine, "{}", identity=identity))["caller"] == UNCLAIMED | identity | {field: ""}


def test_absent_identity_is_empty(engine: Engine) -> None:
    assert envelope_in(call_input(engine, "{}", identity={}))["caller"] == UNCLAIMED | NOBODY


def test_claims_of_an_identity_token(engine: Engine) -> None:
    envelope = envelope_in(call_input(engine, "{}", claims=CLAIMS))
    assert envelope["caller"] == IDENTITY | named(CLAIMS)


def test_claims_of_an_access_token(engine: Engine) -> None:
    """It has `username` and `client_id`, but no `aud`."""
    claims = {"sub": CLAIMS["sub"], "iss": CLAIMS["iss"], "client_id": "x", "username": "john.o'neil", "scope": "a b"}
    envelope = envelope_in(call_input(engine, "{}", claims=claims))
    assert claimed(envelope) == named({"sub": claims["sub"], "iss": claims["iss"], "cognito:username": "john.o'neil"})


def test_the_name_of_an_identity_token_comes_first(engine: Engine) -> None:
    """`username` here is another attribute, not the user's name."""
    envelope = envelope_in(call_input(engine, "{}", claims={**CLAIMS, "username": "administrator"}))
    assert claimed(envelope) == named(CLAIMS)


def test_no_authorizer(engine: Engine) -> None:
    assert claimed(envelope_in(call_input(engine, "{}"))) == UNCLAIMED


def test_an_authorizer_without_claims(engine: Engine) -> None:
    assert claimed(envelope_in(call_input(engine, "{}", claims={}))) == UNCLAIMED


@pytest.mark.parametrize("name", CLAIMED)
def test_an_absent_claim_is_empty(engine: Engine, name: str) -> None:
    claims = {key: value for key, value in CLAIMS.items() if key != name}
    assert claimed(envelope_in(call_input(engine, "{}", claims=claims))) == named(claims)


@each_text
@pytest.mark.parametrize("name", CLAIMED)
def test_claims_arrive_exactly(engine: Engine, name: str, text: str) -> None:
    claims = CLAIMS | {name: text}
    assert claimed(envelope_in(call_input(engine, "{}", claims=claims))) == named(claims)


@each_forgery
@pytest.mark.parametrize("name", CLAIMED)
def test_claims_cannot_forge_identity(engine: Engine, name: str, forgery: str) -> None:
    claims = CLAIMS | {name: forgery, "caller": forgery, forgery: forgery}
    envelope = envelope_in(call_input(engine, "{}", claims=claims))
    assert envelope["caller"] == IDENTITY | named(claims)
    assert "idempotency_key" not in envelope


@settings(max_examples=100, deadline=None)
@given(texts=st.tuples(*[CHARACTERS] * len(CLAIMED)))
def test_any_claims_arrive_exactly(engine: Engine, texts: tuple[str, ...]) -> None:
    claims = dict(zip(CLAIMED, texts, strict=True))
    assert claimed(envelope_in(call_input(engine, "{}", claims=claims))) == named(claims)


@pytest.mark.parametrize("body", ["", None])
def test_absent_body_is_an_empty_object(engine: Engine, body: str | None) -> None:
    """As API Gateway has it: https://github.com/localstack/localstack/pull/12413"""
    envelope = envelope_in(call_input(engine, body))
    assert (envelope["body"], envelope["length"]) == ("{}", 2)


def test_the_map_of_all_claims_is_null(engine: Engine) -> None:
    """Only a property has a value: `$context.authorizer.claims` alone returns null, says AWS's reference."""
    bare = "$!context.authorizer.claims|$!{context.authorizer.claims}|"
    template = f"#set($claims = $context.authorizer.claims)$!claims.sub|{bare}"
    context = {"authorizer": {"claims": CLAIMS}}
    for each in (template, template + "$context.authorizer.claims.sub"):
        rendered = engine.render(each, "{}", {}, context).text
        assert rendered == ("|||" if each == template else f"|||{CLAIMS['sub']}")


@pytest.mark.parametrize("filler", ["x", "é", "😀", '"'])
def test_body_too_long_is_left_out(engine: Engine, filler: str) -> None:
    body = body_of(LARGEST_BODY, filler) + " "
    envelope = envelope_in(call_input(engine, body))
    assert (envelope["body"], envelope["length"]) == ("", utf16_length(body))


def test_limit_is_the_one_of_validate() -> None:
    assert re.findall(r"\$length <= (\d+)", REQUEST_TEMPLATE) == [str(LARGEST_BODY)]


@pytest.mark.parametrize("filler", ["é", "数", "😀", "\u2028"])
def test_largest_call_fits_into_step_functions(engine: Engine, filler: str) -> None:
    body = body_of(LARGEST_BODY, filler)
    assert utf16_length(body) == LARGEST_BODY
    # A header grows most if each of its bytes is read as Latin-1.
    identity = IDENTITY | {"userAgent": "é" * (MAX_HEADER_BYTES // 2)}
    ids = IDS | {"requestId": "é" * (MAX_HEADER_BYTES // 2)}
    # The token in the header also holds the claims, a third longer.
    text = call_input(engine, body, identity=identity, claims=CLAIMS, ids=ids)
    envelope = envelope_in(text)
    assert envelope["body"] == body
    assert envelope["length"] == LARGEST_BODY
    assert len(text.encode()) < MAX_INPUT_BYTES


def test_reply_is_the_response(engine: Engine) -> None:
    body = dump({"error": 'it\'s "prod": not allowed', "code": "environment_protected"})
    assert answer(engine, succeeded({"statusCode": 403, "body": body})) == Rendered(body, {"header": {}, "status": 403})


def test_location_of_the_reply_is_a_header(engine: Engine) -> None:
    body = '{"status": "accepted"}'
    for path, location in {
        "/v1/operations": "/v1/operations/op-1",
        "/v1/operations/": "/v1/operations/op-1",
        "/rds/operations": "/rds/operations/op-1",  # a custom domain name's base path
    }.items():
        rendered = answer(engine, succeeded({"statusCode": 202, "body": body, "operation_id": "op-1"}), path)
        assert rendered == Rendered(body, {"header": {"Location": location}, "status": 202})


@each_text
def test_body_of_the_reply_stays_as_it_is(engine: Engine, text: str) -> None:
    body = dump({"error": text, text: None})
    assert answer(engine, succeeded({"statusCode": 400, "body": body})).text == body


@settings(max_examples=100, deadline=None)
@given(value=st.dictionaries(CHARACTERS, JSON, max_size=4))
def test_any_body_of_the_reply_stays_as_it_is(engine: Engine, value: dict[str, Any]) -> None:
    assert answer(engine, succeeded({"statusCode": 200, "body": dump(value)})).text == dump(value)


@pytest.mark.parametrize("status", ["FAILED", "ABORTED", "RUNNING", ""])
def test_failed_execution_is_a_500_without_its_cause(engine: Engine, status: str) -> None:
    execution = {"status": status, "error": "States.Secret", "cause": "secret 'cause'", "output": "secret"}
    rendered = answer(engine, execution)
    assert rendered.override == {"header": {}, "status": 500}
    assert load(rendered.text)["code"] == "internal_error"
    assert "secret" not in rendered.text.lower()


def test_execution_that_timed_out_is_a_504(engine: Engine) -> None:
    rendered = answer(engine, {"status": "TIMED_OUT", "cause": "secret"})
    assert rendered.override == {"header": {}, "status": 504}
    assert load(rendered.text)["code"] == "timed_out"
    assert "secret" not in rendered.text


@pytest.mark.parametrize(
    "output", [{}, [], None, 3, "text", {"statusCode": 200}, {"statusCode": 200, "body": ""}, {"body": "x"}], ids=dump
)
def test_output_that_is_no_reply_is_a_500(engine: Engine, output: Any) -> None:
    rendered = answer(engine, succeeded(output))
    assert rendered.override == {"header": {}, "status": 500}
    assert load(rendered.text)["code"] == "internal_error"


def test_answer_that_is_no_execution_is_a_500(engine: Engine) -> None:
    assert answer(engine, {"message": "?"}).override == {"header": {}, "status": 500}


@pytest.mark.parametrize(
    ("error", "status"),
    [
        ({"__type": "com.amazonaws.swf.service.v2.model#InvalidExecutionInput", "message": "secret"}, 400),
        ({"__type": "com.amazon.coral.service#SerializationException"}, 400),
        ({"__type": "AccessDeniedException", "message": "secret"}, 500),
        ({}, 500),
    ],
    ids=str,
)
def test_call_that_step_functions_refuses(engine: Engine, error: dict[str, str], status: int) -> None:
    rendered = engine.render(FAILURE_TEMPLATE, dump(error))
    assert rendered.override == {"header": {}, "status": status}
    assert set(load(rendered.text)) == {"error", "code"}
    assert "secret" not in rendered.text


def test_engine_refuses_a_status_set_twice(velocity: VelocityEngine) -> None:
    once = "#set($context.responseOverride.status = 400)"
    assert velocity.render(once).override["status"] == 400
    with pytest.raises(TemplateFailed, match="twice"):
        velocity.render(once + once)
