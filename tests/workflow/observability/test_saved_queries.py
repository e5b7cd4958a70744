"""The saved queries find what happened, in the log lines that the deployed service and its API wrote."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.workflow.observability import incidents
from tests.workflow.service import Document, Service, reboot_of, snapshot_of
from tests.workflow.watch import Watch

PREFIX = "rds-operations/"


@pytest.fixture(scope="module")
def queries(service: Service) -> dict[str, Document]:
    found = service.aws("logs").describe_query_definitions(queryDefinitionNamePrefix=PREFIX)["queryDefinitions"]
    return {query["name"].removeprefix(PREFIX): query for query in found}


@pytest.fixture(scope="module")
def held(watch: Watch) -> Iterator[str]:
    """Hold an operation, which the sweep finds overdue and running, and let everything else go wrong meanwhile."""
    instance = watch.service.new_instance("held")
    watch.fault(f".*{instance}", point="operation:Wait", effect="hold")
    operation_id = watch.service.accepted(snapshot_of(instance))
    watch.eventually(lambda: "acting_at" in (watch.service.item(operation_id) or {}), "it did not act")
    watch.service.make_due(operation_id)
    assert watch.service.sweep()["left"] >= 1
    watch.service.digest()
    incidents.end_without_record(watch)
    incidents.record_end(watch)
    incidents.refuse_record_of_refusal(watch)
    incidents.record_refusals(watch)
    incidents.run(watch, [snapshot_of(watch.service.new_instance())], success=True)
    incidents.close_places(watch)
    incidents.open_places(watch)
    incidents.answer_503(watch)
    incidents.start_directly(watch)
    incidents.strike_wait("time_out", success=False)(watch)
    watch.service.send("POST", "/operations", "{}", **{"x-api-key": "guess"})
    assert watch.service.post(reboot_of(watch.service.new_instance("any", {"Stage": "prod"}))).status == 403
    yield operation_id
    watch.heal()
    watch.service.result(operation_id)


ANSWERS: dict[str, Document] = {
    "one-operation": {"state": "Execute"},
    "failures": {"Operation": "create_snapshot", "Environment": "development"},
    "progress": {"seen": "available", "last": "100"},
    "refusals": {"Code": "production_instance", "operation": "reboot_instance"},
    "production-refusals": {},
    "running": {"operation_id": "<operation id>", "what": "create_snapshot"},
    "stuck": {"operation_id": "<operation id>"},
    "broken": {"state": "Audit"},
    "aws-refused": {"aws_service": "dynamodb", "aws_error_code": "InternalServerError"},
    "not-written": {"state": "Audit", "aws_action": "TransactWriteItems"},
    "records": {"event": "accepted", "success": "1"},
    "schedules": {"state": "Inventory"},
    "archive": {"state": "Digest", "message": "done"},
    "places": {"place": "account 111122223333, Region eu-west-1"},
    "direct-starts": {"operation": "modify_backup_window"},
    "slow-calls": {"aws_service": "rds", "aws_action": "DescribeDBInstances"},
    "server-errors": {"httpMethod": "POST", "resourcePath": "/operations", "status": "503"},
    "credentials": {"sourceIp": "127.0.0.1", "errorType": "INVALID_API_KEY", "httpMethod": "POST"},
}
"""A part of one row that each finds."""


def test_every_saved_query_is_run(queries: dict[str, Document]) -> None:
    assert sorted(queries) == sorted(ANSWERS)


@pytest.mark.parametrize("name", ANSWERS)
def test_it_finds_what_happened(service: Service, queries: dict[str, Document], held: str, name: str) -> None:
    rows = found(service, queries[name], held)
    wanted = {field: held if value == "<operation id>" else value for field, value in ANSWERS[name].items()}
    assert any(wanted.items() <= row.items() for row in rows), rows
    assert all(row for row in rows)


def test_a_refusal_that_was_not_written_is_seen_again_when_the_sweep_has_recorded_it(
    service: Service, queries: dict[str, Document], held: str
) -> None:
    rows = found(service, queries["not-written"], held)
    failed = {row["operation_id"] for row in rows if row.get("aws_action") == "PutItem" and row["state"] == "Audit"}
    recorded = {row["operation_id"] for row in rows if row.get("event") == "refused" and row["state"] == "Sweep"}
    assert failed & recorded


def test_a_snapshot_that_hangs_shows_no_progress(service: Service, queries: dict[str, Document], watch: Watch) -> None:
    incidents.time_out_once_of_five(watch)
    timed_out = {row["operation_id"] for row in found(service, queries["failures"]) if row["code"] == "timed_out"}
    rows = [row for row in found(service, queries["progress"]) if row["operation_id"] in timed_out]
    assert any(row["seen"] == "creating" and row["first"] == row["last"] for row in rows), rows


def found(service: Service, query: Document, held: str = "") -> list[dict[str, str]]:
    """Return the rows' values by field."""
    logs = service.aws("logs")
    started = logs.start_query(
        logGroupNames=query["logGroupNames"],
        queryString=query["queryString"].replace("<operation id>", held),
        startTime=int(time.time()) - 3600,
        endTime=int(time.time()) + 1,
    )
    results = logs.get_query_results(queryId=started["queryId"])["results"]
    return [{cell["field"]: cell["value"] for cell in row} for row in results]
