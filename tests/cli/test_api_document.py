"""Commands, parameters and codes are those of docs/openapi.json."""

import json
from typing import Any

import pytest

from rds_ops.advice import _BY_STATUS, ADVICE
from rds_ops.views import COMMANDS
from rds_ops.waiting import _AFTER
from tests import api_document
from tests.cli.answers import service
from tests.cli.conftest import Run
from tests.cli.stub import Stub

PLACE = ["--instance-account", "111122223333", "--instance-region", "eu-west-1"]
FILTERS = ["--from", "today", "--to", "2026-11-25", "--environment", "test", "--failed", "--limit", "7"]
LISTS = {
    "/operations": [
        "list",
        "--running",
        "--instance",
        "dev-1",
        "--operation",
        "reboot",
        "--user",
        "apikey:1",
        *FILTERS,
    ],
    "/records": [
        "history",
        "--event",
        "final",
        "--instance",
        "d",
        "--operation",
        "reboot",
        "--user",
        "apikey:1",
        *FILTERS,
    ],
    "/instances": ["instances", "--allowed", "--environment", "test", "--limit", "7", *PLACE],
    "/instances/{instance_id}": ["explain", "dev-1", *PLACE],
}
# What no option asks for: pages are turned by the program, and one operation is `status`.
UNUSED = {"/operations": {"next", "status"}, "/records": {"next", "status", "operation_id"}, "/instances": {"next"}}
REQUESTS = {
    "create_snapshot": ["snapshot", "dev-1", "--snapshot-id", "a-1", "--tag", "Ticket=OPS-17"],
    "reboot_instance": ["reboot", "dev-1", "--yes", "--force-failover"],
    "modify_backup_window": ["backup-window", "dev-1", "03:00-04:00", "--no-apply-immediately"],
}


def test_every_operation_has_its_command() -> None:
    assert set(COMMANDS) == set(api_document.component("OperationName")["enum"]) == set(REQUESTS)


def test_every_code_has_its_advice() -> None:
    assert set(ADVICE) == set(api_document.component("Code")["enum"])
    assert set(_AFTER) <= set(api_document.component("EndCode")["enum"])


def test_every_status_has_its_exit_code() -> None:
    statuses = {
        int(status)
        for path in api_document.document()["paths"].values()
        for method in path.values()
        for status in method["responses"]
    }
    assert {status for status in statuses if status >= 400} - set(_BY_STATUS) == {500, 502, 504}


@pytest.mark.parametrize(("route", "command"), LISTS.items(), ids=LISTS)
def test_the_lists_send_every_parameter_that_there_is(rds_ops: Run, stub: Stub, route: str, command: list[str]) -> None:
    stub.script = service()
    assert rds_ops(*command).code == 0
    parameters = map(api_document.resolved, api_document.document()["paths"][route]["get"]["parameters"])
    known = {item["name"]: item["schema"] for item in parameters if item["in"] == "query"}
    sent = stub.asked[-1].query
    assert set(sent) == set(known) - UNUSED.get(route, set())
    for name, value in sent.items():
        assert _problems(known[name], value) == [], name


@pytest.mark.parametrize(("operation", "command"), REQUESTS.items(), ids=REQUESTS)
def test_requests_are_as_described_and_have_every_parameter(
    rds_ops: Run, stub: Stub, operation: str, command: list[str]
) -> None:
    stub.script = service()
    assert rds_ops(*command, *PLACE).code == 0
    dry, real = (asked.body for asked in stub.asked if asked.method == "POST")
    assert dry == {**real, "dry_run": True}
    assert real["operation"] == operation
    assert api_document.problems(api_document.component("Request"), dry) == []
    schema = next(
        found
        for found in map(api_document.resolved, api_document.component("Request")["oneOf"])
        if found["properties"]["operation"]["const"] == operation
    )
    assert set(dry) == set(schema["properties"])
    assert set(real["parameters"]) == set(schema["properties"]["parameters"]["properties"])


def _problems(schema: dict[str, Any], value: str) -> list[str]:
    """Return what is wrong with a value of a query, where a number and a boolean are text."""
    resolved = api_document.resolved(schema)
    parsed: Any = json.loads(value) if resolved.get("type") in ("integer", "boolean") else value
    return api_document.problems(resolved, parsed)
