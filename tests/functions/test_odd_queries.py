"""Whatever a GET asks for, it is answered as documented, reads by keys alone, and asks RDS for one instance alone."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from hypothesis import HealthCheck, given, settings

from rds_operations.settings.callers import CallerSettings
from tests import api_document
from tests.api_document import INSTANCE
from tests.builders import INSTANCE_ID, MANY_TARGETS, a_body
from tests.functions.fake_aws import Document, FakeAws
from tests.fuzz.attempt import Attempt
from tests.fuzz.reads import odd_query

BY_KEYS = {"Query", "GetItem", "BatchGetItem"}


def answered(aws: FakeAws, attempt: Attempt) -> tuple[str, Document]:
    """Return the route and the answer. A query that API Gateway would not take is read as well as it can be."""
    url = urlsplit(attempt.path)
    parameters = parse_qs(url.query, keep_blank_values=True, errors="replace")
    caller = {"apiKeyId": "auditor" if attempt.auditor else "key-id-1"}
    if url.path in ("/operations", "/records"):
        return url.path, aws.get_list(url.path, parameters, **caller)
    _, _, instance_id = url.path.removeprefix("/instances").partition("/")
    return INSTANCE if instance_id else url.path, aws.get_instances(instance_id and INSTANCE_ID, parameters, **caller)


def test_odd_queries(aws: FakeAws) -> None:
    aws.deploy(MANY_TARGETS, callers=CallerSettings(auditors=("apikey:auditor",)))
    aws.create_instance()
    aws.take_inventory()
    aws.admit(a_body("reboot_instance"))
    statuses = set()

    @settings(max_examples=300, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(odd_query())
    def ask(attempt: Attempt) -> None:
        aws.calls.made.clear()
        route, answer = answered(aws, attempt)
        status = str(answer["statusCode"])
        schema = api_document.body_schema(api_document.responses(route, "get")[status])
        assert api_document.problems(schema, answer["body"]) == []
        assert int(status) < 500
        assert {call.action for call in aws.calls.made if call.service == "dynamodb"} <= BY_KEYS
        assert route == INSTANCE or not [call for call in aws.calls.made if call.service == "rds"]
        statuses.add(status)

    ask()
    assert statuses >= {"200", "400"}
