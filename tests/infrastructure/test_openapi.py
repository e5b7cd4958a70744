"""docs/openapi.json has the API's real routes, codes, operations and limits, and what Validate accepts."""

import json
import re
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, assume, given, settings

from rds_operations.model.end_codes import EndCode
from rds_operations.model.identifiers import INSTANCE_ID_LENGTH, SNAPSHOT_ID_LENGTH
from rds_operations.model.place import LONGEST_REGION
from rds_operations.model.refusals import Code, Refusal
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.operations.base import Operation
from rds_operations.operations.snapshot_tags import MOST_TAGS
from rds_operations.records.audit_record import NO_INSTANCE, Event, Recorder, audit_record
from rds_operations.records.list_filters import record_document
from rds_operations.records.list_query import MOST, PARAMETERS, USUAL, Route, list_query
from rds_operations.rules.classification import ALLOWED_ENVIRONMENTS, Environment
from rds_operations.rules.identity import PRINCIPAL_PATTERN, Authentication
from rds_operations.rules.validation import LARGEST_BODY, idempotency_digest, parse_request
from stacks.api import ALLOWED_HEADERS, EXPOSED_HEADERS
from tests import api_document
from tests.api_document import FOLLOW, START
from tests.builders import ACCOUNT, DEVELOPMENT, MOMENT, a_request
from tests.infrastructure.conftest import ROOT, Template

Document = dict[str, Any]
REQUEST = {"$ref": "#/components/schemas/Request"}
APIS = {"IamApi": "Signature", "ApiKeyApi": "ApiKey", "CognitoApi": "IdentityToken"}
"""The logical ids of APIs, and their security schemes."""
# `"code": "..."` in Python, in templates, and escaped inside JSON strings.
WRITTEN_CODE = re.compile(r'\\*"code\\*": ?\\*"([a-z_]+)\\*"')
SCHEMA = schemathesis.openapi.from_path(api_document.PATH)
FEW = settings(
    max_examples=100, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)


def request_of(operation: Operation) -> Document:
    mapping = api_document.component("Request")["discriminator"]["mapping"]
    found: Document = api_document.at(mapping[operation.name])
    return found


def test_it_is_an_openapi_document() -> None:
    SCHEMA.validate()


PAGES = {("/console", "get"), ("/console/{proxy+}", "get"), ("/openapi.json", "get")}
"""The document has what one does with databases; these show it."""


@pytest.mark.parametrize("api", APIS)
def test_routes_and_methods_are_those_of_each_api(all_modes_template: Template, api: str) -> None:
    resources = {name: item for name, item in all_modes_template.resources.items() if name.startswith(api)}
    paths = {
        name: f"/{item['Properties']['PathPart']}"
        for name, item in resources.items()
        if item["Type"] == "AWS::ApiGateway::Resource"
    }
    parents = {name: resources[name]["Properties"]["ParentId"].get("Ref", "") for name in paths}
    whole = {name: paths.get(parents[name], "") + path for name, path in paths.items()}
    methods = [item["Properties"] for item in resources.values() if item["Type"] == "AWS::ApiGateway::Method"]
    deployed = {
        (whole[method["ResourceId"]["Ref"]], method["HttpMethod"].lower())
        for method in methods
        if method["HttpMethod"] != "OPTIONS"
    }
    assert deployed - PAGES == {
        (path, method) for path, described in api_document.document()["paths"].items() for method in described
    }


def test_each_way_to_authenticate_is_a_scheme() -> None:
    """Each stands alone in `security`, because one is enough."""
    document = api_document.document()
    assert document["security"] == [{name: []} for name in APIS.values()]
    schemes = document["components"]["securitySchemes"]
    assert list(schemes) == list(APIS.values())
    assert len(schemes) == len(Authentication)
    for mode, scheme in zip(Authentication, schemes.values(), strict=True):
        assert mode.value in scheme["description"]
    signature, key, token = schemes.values()
    assert (signature["type"], signature["in"], signature["name"]) == ("apiKey", "header", "Authorization")
    assert signature["x-amazon-apigateway-authtype"] == "awsSigv4"
    assert (key["type"], key["in"], key["name"]) == ("apiKey", "header", "x-api-key")
    assert (token["type"], token["scheme"], token["bearerFormat"]) == ("http", "bearer", "JWT")


def test_codes_are_those_of_the_service_and_of_what_stands_before_it() -> None:
    files = [path for folder in ("functions", "stacks", "statemachine") for path in (ROOT / folder).rglob("*.*")]
    texts = [path.read_text() for path in files if path.suffix in (".py", ".vtl", ".json")]
    written = {code for text in texts for code in WRITTEN_CODE.findall(text)}
    assert {"internal_error", "timed_out", "unknown_route"} <= written
    assert set(api_document.component("Code")["enum"]) == written | {c.value for c in Code}


def test_codes_of_ends_are_those_of_the_service() -> None:
    assert set(api_document.component("EndCode")["enum"]) == {code.value for code in (*EndCode, *Code)}


def test_every_code_is_in_some_answer() -> None:
    codes = api_document.component("Code")["enum"]
    answers = [*api_document.responses(START, "post").values(), *api_document.responses(FOLLOW, "get").values()]
    answers.append(api_document.at("#/components/responses/UnknownRoute"))
    errors = [api_document.body_schema(answer) for answer in answers]
    for code in codes:
        assert any(api_document.problems(schema, {"error": "x", "code": code}) == [] for schema in errors), code


def test_errors_are_an_error_and_perhaps_a_code() -> None:
    for path, method in ((START, "post"), (FOLLOW, "get")):
        for status, answer in api_document.responses(path, method).items():
            schema = api_document.body_schema(answer)
            if int(status) >= 400:
                assert api_document.problems(schema, {"code": "invalid_request"})
                assert api_document.problems(schema, {"error": ""})
                assert api_document.problems(schema, {"error": "x", "code": "nonsense"})
                assert api_document.problems(schema, {"error": "x", "more": 1})


def test_operations_are_those_of_the_registry() -> None:
    request = api_document.component("Request")
    assert list(request["discriminator"]["mapping"]) == list(OPERATIONS)
    assert [item["$ref"] for item in request["oneOf"]] == list(request["discriminator"]["mapping"].values())
    assert api_document.component("OperationName")["enum"] == list(OPERATIONS)
    working = [operation.working_status for operation in OPERATIONS.values()]
    assert api_document.component("Unfinished")["properties"]["status"]["enum"] == ["accepted", *working]
    assert {request["operation"] for request in api_document.requests()} == set(OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_parameters_are_those_of_the_registry(operation: Operation) -> None:
    described = request_of(operation)
    assert described["properties"]["operation"]["const"] == operation.name
    parameters = described["properties"]["parameters"]
    assert list(parameters["properties"]) == [parameter.name for parameter in operation.parameters]
    required = [parameter.name for parameter in operation.parameters if parameter.required]
    assert parameters.get("required", []) == required
    assert ("parameters" in described["required"]) is bool(required)
    for parameter in operation.parameters:
        assert parameters["properties"][parameter.name].get("default") == parameter.default


def test_limits_and_words_are_those_of_the_code() -> None:
    snapshot = api_document.component("SnapshotRequest")["properties"]["parameters"]["properties"]
    assert api_document.component("InstanceId")["maxLength"] == INSTANCE_ID_LENGTH
    assert snapshot["snapshot_id"]["maxLength"] == SNAPSHOT_ID_LENGTH
    assert snapshot["tags"]["maxItems"] == MOST_TAGS
    body = api_document.document()["paths"][START]["post"]["requestBody"]
    assert f"{LARGEST_BODY:,} characters" in body["description"]
    assert set(api_document.component("AllowedEnvironment")["enum"]) == {e.value for e in ALLOWED_ENVIRONMENTS}
    assert set(api_document.component("Environment")["enum"]) == {e.value for e in Environment}


def test_a_parameter_with_a_pattern_has_an_example_that_fits() -> None:
    """The console shows it where a value does not."""
    requests = [api_document.component(name) for name in ("SnapshotRequest", "RebootRequest", "BackupWindowRequest")]
    parameters = [item for request in requests for item in request["properties"]["parameters"]["properties"].values()]
    with_pattern = [item for item in parameters if "pattern" in item]
    assert len(with_pattern) == 2
    for item in with_pattern:
        assert re.search(item["pattern"], item["examples"][0])


@pytest.mark.parametrize(
    ("key", "value"),
    [("k" * 128, "v" * 256), ("k" * 129, "v"), ("k", "v" * 257), ("", "v"), ("Ünit 1", ""), ("k!", "v"), ("k", "v!")]
    + [(f"{prefix}x", "v") for prefix in ("aws:", "RDS:", "Rds-Operations:", "rds-", "laws:")],
)
def test_tags_are_described_to_the_letter(key: str, value: str) -> None:
    body = {"operation": "create_snapshot", "instance_id": "dev-1", "parameters": {"snapshot_id": "a"}}
    body["parameters"]["tags"] = [{"Key": key, "Value": value}]  # type: ignore[index]
    assert bool(api_document.problems(REQUEST, body)) is isinstance(parse_request(json.dumps(body)), Refusal)


@pytest.mark.parametrize("name", ["account_id", "region"])
@pytest.mark.parametrize(
    "value",
    [
        *(None, "", "123456789012", "12345678901", "1234567890123", 123456789012, "１23456789012", "1234 5678901"),
        *("eu-west-1", "us-gov-west-1", "eu", "EU-WEST-1", "eu-west-12", "*", "eu-west-1\n", ["eu-west-1"], "all"),
        *(f"eu-{'w' * (LONGEST_REGION - 5)}-1", f"eu-{'w' * (LONGEST_REGION - 4)}-1"),
    ],
    ids=repr,
)
def test_the_place_is_described_to_the_letter(name: str, value: Any) -> None:
    body = {"operation": "reboot_instance", "instance_id": "dev-1", name: value}
    assert bool(api_document.problems(REQUEST, body)) is isinstance(parse_request(json.dumps(body)), Refusal)


@pytest.mark.parametrize("value", [True, False, None, "true", "", 0, 1, [], {}], ids=repr)
def test_the_dry_run_is_described_to_the_letter(value: Any) -> None:
    body = {"operation": "reboot_instance", "instance_id": "dev-1", "dry_run": value}
    assert bool(api_document.problems(REQUEST, body)) is isinstance(parse_request(json.dumps(body)), Refusal)


@pytest.mark.parametrize("route", Route)
def test_the_parameters_of_a_list_are_those_of_the_code(route: Route) -> None:
    described = [api_document.resolved(item) for item in api_document.document()["paths"][route]["get"]["parameters"]]
    assert {item["name"] for item in described} == set(PARAMETERS[route])
    assert all(item["in"] == "query" and not item.get("required") for item in described)
    schemas = {item["name"]: item["schema"] for item in described}
    for name, schema in schemas.items():
        for value in schema.get("enum", []):
            assert not isinstance(list_query(route, {name: [value]}), Refusal)
    assert schemas["operation"]["enum"] == [*OPERATIONS, NO_INSTANCE]
    assert (schemas["limit"]["maximum"], schemas["limit"]["default"]) == (MOST, USUAL)


@pytest.mark.parametrize(
    "value", ["-", "dev-1", "DEV-1", "a", "a--b", "a-", "1a", "a_b", "a/b", "=a", "a" * 63, "a" * 64]
)
def test_the_instance_of_a_list_is_described_to_the_letter(value: str) -> None:
    schema = api_document.at("#/components/parameters/ListedInstance")["schema"]
    refused = isinstance(list_query(Route.RECORDS, {"instance_id": [value]}), Refusal)
    assert bool(api_document.problems(schema, value)) is refused


@pytest.mark.parametrize(
    "value", ["bob", "dba/bob", "apikey:k1", "apikey:k 1", f"arn:aws:iam::{ACCOUNT}:user/bob", "anonymous", "a.b/c/d"]
)
def test_the_principal_of_a_list_is_described_to_the_letter(value: str) -> None:
    schema = api_document.at("#/components/parameters/ListedPrincipal")["schema"]
    assert schema["pattern"] == PRINCIPAL_PATTERN
    refused = isinstance(list_query(Route.RECORDS, {"principal": [value]}), Refusal)
    assert bool(api_document.problems(schema, value)) is refused


def test_a_record_is_described_as_it_is_made() -> None:
    schema = {"$ref": "#/components/schemas/Record"}
    described = api_document.component("Record")["properties"]
    assert described["event"]["enum"] == [event.value for event in Event]
    assert described["recorded_by"]["enum"] == [recorder.value for recorder in Recorder]
    result = {"success": False, "status": 403}
    for request in (a_request(), a_request(dry_run=True), OperationRequest("request-1")):
        record = audit_record(request, Event.REFUSED, result, MOMENT, DEVELOPMENT, settings_digest="a" * 64)
        assert api_document.problems(schema, record_document(record)) == []
        assert set(record) <= set(described)


@pytest.mark.parametrize("key", ["", " ", "k", "k" * 255, "k" * 256, "two words", "é", "~!", "k\n", "{}", "{a}"])
def test_the_idempotency_key_is_described_to_the_letter(key: str) -> None:
    schema = api_document.at("#/components/parameters/IdempotencyKey")["schema"]
    assert bool(api_document.problems(schema, key)) is isinstance(idempotency_digest(key, "me"), Refusal)


def test_headers_are_those_of_the_api() -> None:
    described = {
        header
        for path, method in ((START, "post"), (FOLLOW, "get"))
        for answer in api_document.responses(path, method).values()
        for header in answer.get("headers", {})
    }
    assert described == set(EXPOSED_HEADERS)
    sent = [api_document.at("#/components/parameters/IdempotencyKey")["name"]]
    schemes = api_document.at("#/components/securitySchemes").values()
    sent += [scheme.get("name", "Authorization") for scheme in schemes]
    assert {name.lower() for name in sent} <= {name.lower() for name in ALLOWED_HEADERS}


@pytest.mark.parametrize(("schema", "example"), list(api_document.examples()))
def test_examples_are_valid(schema: Document, example: Any) -> None:
    assert api_document.problems(schema, example) == []


@pytest.mark.parametrize("example", api_document.requests())
def test_validate_takes_every_example(example: Document) -> None:
    assert not isinstance(parse_request(json.dumps(example)), Refusal)


def only_in_words(refusal: Refusal) -> bool:
    """Return whether it breaks one of the two rules that a schema cannot express."""
    return "more than once" in refusal.error or "minutes long" in refusal.error


@FEW
@given(case=SCHEMA[START]["POST"].as_strategy())
def test_validate_takes_what_the_document_allows(case: schemathesis.Case[Any]) -> None:
    result = parse_request(json.dumps(case.body))
    assert not isinstance(result, Refusal) or only_in_words(result), (case.body, result)


@FEW
@given(case=SCHEMA[START]["POST"].as_strategy(generation_mode=schemathesis.GenerationMode.NEGATIVE))
def test_validate_refuses_what_the_document_does_not_allow(case: schemathesis.Case[Any]) -> None:
    body = case.body
    assume(isinstance(body, str | int | float | bool | list | dict | None))
    assume(api_document.problems(REQUEST, body))
    result = parse_request(json.dumps(body))
    assert isinstance(result, Refusal), body
    assert result.status == 400
