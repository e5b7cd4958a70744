"""A person knows databases by name: so do `status` and `watch`, a mistyped name is guessed, places tell namesakes."""

from __future__ import annotations

import pytest

from rds_ops import views
from rds_ops.failures import ExitCode
from rds_ops.tables import fitting
from tests.cli.answers import DONE, INSTANCE, RECORD, service
from tests.cli.conftest import Run
from tests.cli.stub import Asked, Stub, Told

UNKNOWN = Told(404, {"error": "Operation dev-1 not found", "code": "operation_not_found"})
NO_INSTANCE = Told(404, {"error": "Instance dev-postgre-1 not found", "code": "instance_not_found"})
OPERATION_ID = DONE["operation_id"]


@pytest.mark.parametrize("command", ["status", "watch"])
def test_an_instances_name_stands_for_its_latest_operation(rds_ops: Run, stub: Stub, command: str) -> None:
    def answer(asked: Asked) -> Told:
        if asked.path.startswith("/v1/operations/"):
            return UNKNOWN
        assert asked.query["instance_id"] == "dev-1"
        return Told(200, {"operations": [DONE]})

    stub.script = answer
    done = rds_ops(command, "dev-1", "--query", "operation_id")
    assert (done.code, done.out) == (0, f"{OPERATION_ID}\n")
    assert f"The latest operation on dev-1: {OPERATION_ID}" in done.err


def test_what_is_neither_is_not_found(rds_ops: Run, stub: Stub) -> None:
    stub.script = lambda asked: UNKNOWN if "/operations/" in asked.path else Told(200, {"operations": []})
    done = rds_ops("watch", "dev-1")
    assert done.code == ExitCode.NOT_FOUND
    assert "Operation dev-1 not found." in done.err


def test_a_mistyped_name_is_guessed(rds_ops: Run, stub: Stub) -> None:
    listed = {"instances": [{**INSTANCE, "instance_id": name} for name in ("dev-postgres-1", "test-mysql-1")]}
    stub.script = lambda asked: NO_INSTANCE if "dev-postgre-1" in asked.path else Told(200, listed)
    done = rds_ops("explain", "dev-postgre-1")
    assert done.code == ExitCode.NOT_FOUND
    assert "Did you mean dev-postgres-1?" in done.err


def test_a_guess_that_cannot_be_made_hides_nothing(rds_ops: Run, stub: Stub) -> None:
    forbidden = Told(403, {"error": "not for you", "code": "caller_not_permitted"})
    stub.script = lambda asked: NO_INSTANCE if "dev-postgre-1" in asked.path else forbidden
    done = rds_ops("explain", "dev-postgre-1")
    assert done.code == ExitCode.NOT_FOUND
    assert "Did you mean" not in done.err


def test_namesakes_are_told_by_their_places() -> None:
    here, there = ({**INSTANCE, "account_id": account} for account in ("111122223333", "222233334444"))
    table = views.instances([here, there], "")
    shown = [table.columns[index].title for index in fitting(table, 90)]
    assert {"ACCOUNT", "REGION"} <= set(shown)
    alone = views.instances([here], "")
    assert "ACCOUNT" not in [alone.columns[index].title for index in fitting(alone, 90)]


def test_a_dry_run_is_never_taken_for_an_attempt() -> None:
    table = views.records([{**RECORD, "event": "refused", "success": False, "dry_run": True}], "")
    shown = [table.rows[0][index] for index in fitting(table, 40)]
    assert any(cell.endswith("(dry run)") for cell in shown)


def test_an_empty_list_says_it_in_this_programs_words(rds_ops: Run, stub: Stub) -> None:
    stub.script = lambda _asked: Told(200, {"operations": [], "note": "Nothing fits (see GET /me)."})
    done = rds_ops("list", "--failed", "--output", "table")
    assert done.out == (
        "Nothing fits (see rds-ops whoami). What was refused is no operation: rds-ops history --failed\n"
    )


def test_columns_without_room_are_named(rds_ops: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stub.script = service()
    done = rds_ops("instances", "--output", "table")
    assert "No room for DECIDED BY, OR WHY NOT, STATUS" in done.err
    assert "--output text has all." in done.err
