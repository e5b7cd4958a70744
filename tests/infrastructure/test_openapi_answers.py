"""What the code answers is what docs/openapi.json says: the 202, where an operation stands, how it ended."""

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rds_operations.admission import accepted_reply
from rds_operations.items import operation_item
from rds_operations.operations import OPERATIONS
from rds_operations.outcome import outcome_of, settled
from rds_operations.progress import Progress, done, failed
from rds_operations.report import report, unknown
from rds_operations.tables import Item
from tests import api_document
from tests.api_document import FOLLOW, START
from tests.unit.builders import DEVELOPMENT, MOMENT, an_order
from tests.unit.test_outcome import DETAILS

Document = dict[str, Any]
BROKEN: dict[str, Document] = {
    "refused at the last moment": {"refusal": {"error": "Something was in the way"}},
    "a broken state": {"fault": {"Error": "States.Timeout", "Cause": ""}},
    "an execution out of time": {"fault": {"Error": "ExecutionTimedOut", "Cause": "{}"}},
    "an error of AWS": {"progress": failed("InvalidDBInstanceState: no").to_document()},
    "the polls used up": {"progress": Progress("creating").to_document()},
}


def schema_of(path: str, method: str, status: str) -> Document:
    return api_document.body_schema(api_document.responses(path, method)[status])


def opened(operation: str) -> Item:
    return operation_item(an_order(operation), DEVELOPMENT, MOMENT, MOMENT)


def result_of(operation: str, work: Document) -> Document:
    outcome = outcome_of(work, an_order(operation), "development", MOMENT, MOMENT + timedelta(seconds=90))
    document = report({"ended_at": "2025-11-13T10:32:05.300Z", "result": json.dumps(outcome.document)})
    assert api_document.problems(schema_of(FOLLOW, "get", "200"), document) == []
    return document


@pytest.mark.parametrize("operation", OPERATIONS)
def test_accepted(operation: str) -> None:
    reply = accepted_reply(opened(operation))
    assert api_document.problems(schema_of(START, "post", str(reply["statusCode"])), json.loads(reply["body"])) == []
    location = api_document.responses(START, "post")["202"]["headers"]["Location"]["schema"]
    assert api_document.problems(location, reply["location"]) == []


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("seen", [{}, {"polls": 3, "percent": -1}, {"polls": 3, "percent": 40}])
def test_running(operation: str, seen: Item) -> None:
    schema = schema_of(FOLLOW, "get", "200")
    for status in ("accepted", OPERATIONS[operation].working_status):
        document = report({**opened(operation), "status": status, **seen})
        assert api_document.problems(schema, document) == []
        assert api_document.problems(schema, {**document, "fingerprint": "private"})


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_success(operation: str) -> None:
    document = result_of(operation, {"progress": done(**DETAILS[operation]).to_document()})
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
@pytest.mark.parametrize("progress", [done(), failed("gone"), Progress("creating")])
def test_what_became_of_it(operation: str, progress: Progress) -> None:
    document = result_of(operation, {"progress": Progress("creating").to_document()})
    seen = replace(progress, details=DETAILS[operation])
    late = settled(document, an_order(operation), seen, MOMENT, MOMENT + timedelta(hours=1))
    schema = schema_of(FOLLOW, "get", "200")
    assert api_document.problems(schema, late) == []
    assert api_document.problems(schema, {**late, "success": True, "status": "available"})
    assert api_document.problems(schema, {**late, "final_status": "creating"})


def test_not_found() -> None:
    refusal = unknown("nope")
    body = {"error": refusal.error, "code": refusal.code.value}
    assert api_document.problems(schema_of(FOLLOW, "get", str(refusal.status)), body) == []
