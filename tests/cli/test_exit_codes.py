"""A script tells the ends apart by the exit code; a person by one sentence and what to do."""

import pytest

from rds_ops.advice import ADVICE
from rds_ops.failures import MEANINGS, ExitCode
from tests.cli.answers import DONE, RUNNING, service
from tests.cli.conftest import Run
from tests.cli.stub import Stub, Told

ENDS = {
    "400": (400, "invalid_parameter", ExitCode.USAGE),
    "401": (401, "", ExitCode.NO_ACCESS),
    "403 production": (403, "production_instance", ExitCode.REFUSED),
    "403 permission": (403, "caller_not_permitted", ExitCode.REFUSED),
    "403 key": (403, "invalid_api_key", ExitCode.NO_ACCESS),
    "403 signature": (403, "", ExitCode.NO_ACCESS),
    "403 route": (403, "unknown_route", ExitCode.NO_ACCESS),
    "404": (404, "instance_not_found", ExitCode.NOT_FOUND),
    "409": (409, "operation_in_progress", ExitCode.IN_THE_WAY),
    "413": (413, "request_too_large", ExitCode.USAGE),
    "415": (415, "unsupported_media_type", ExitCode.USAGE),
    "429": (429, "", ExitCode.BUSY),
    "500": (500, "internal_error", ExitCode.FAILED),
    "503": (503, "try_again", ExitCode.BUSY),
    "504": (504, "timed_out", ExitCode.FAILED),
}


@pytest.mark.parametrize(("status", "code", "expected"), ENDS.values(), ids=ENDS)
def test_each_refusal(rds_ops: Run, stub: Stub, status: int, code: str, expected: ExitCode) -> None:
    body = {"error": "The service's own sentence", **({"code": code} if code else {})}
    stub.tell(Told(status, body))
    done = rds_ops("snapshot", "dev-1", "--output", "json")
    assert done.code == expected
    assert done.document == body
    first, *advice = [line for line in done.err.splitlines() if "Asking again" not in line]
    assert first == "rds-ops: The service's own sentence."
    assert any(advice)
    assert "NAME" not in done.err
    assert "COMMAND" not in done.err


def test_every_code_has_its_meaning() -> None:
    assert MEANINGS.keys() == set(ExitCode)


def test_where_decided_and_the_hint_are_told(rds_ops: Run, stub: Stub) -> None:
    refusal = {"error": "No.", "code": "production_instance", "environment_source": "tag Stage=live", "hint": "Look."}
    stub.tell(Told(403, refusal))
    done = rds_ops("explain", "prod-1")
    assert done.err.splitlines()[1] == f"Decided by tag Stage=live. Look. {ADVICE['production_instance']}"


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ({"status": "failed", "success": False, "code": "snapshot_failed", "error": "It failed"}, ExitCode.FAILED),
        ({"status": "timeout", "success": False, "code": "timed_out", "note": "Not over"}, ExitCode.TIMED_OUT),
        (
            {
                "status": "timeout",
                "success": False,
                "code": "timed_out",
                "note": "Not over",
                "final_status": "available",
            },
            ExitCode.DONE,
        ),
        ({}, ExitCode.DONE),
    ],
    ids=["failed", "time-out", "done after a time-out", "done"],
)
@pytest.mark.parametrize("command", [["status", "some-id"], ["watch", "some-id"], ["snapshot", "dev-1", "--wait"]])
def test_the_end_of_an_operation(
    rds_ops: Run, stub: Stub, command: list[str], end: dict[str, object], expected: ExitCode
) -> None:
    document = {**DONE, **end}
    stub.script = service(operation=Told(200, document))
    done = rds_ops(*command, "--output", "json")
    assert done.code == expected
    assert done.document == document


def test_a_running_operation_is_no_failure(rds_ops: Run, stub: Stub) -> None:
    stub.script = service(operation=Told(200, RUNNING))
    done = rds_ops("status", "some-id", "--output", "json")
    assert (done.code, done.document) == (ExitCode.DONE, RUNNING)


def test_the_time_out_of_the_waiting_says_how_to_go_on(rds_ops: Run, stub: Stub) -> None:
    stub.script = service(operation=Told(200, RUNNING, {"Retry-After": "30"}))
    done = rds_ops("watch", "some-id", "--timeout", "0", "--region", "eu-west-1")
    assert done.code == ExitCode.TIMED_OUT
    assert "Look again: rds-ops watch some-id --region eu-west-1" in done.err.splitlines()


@pytest.mark.parametrize(
    "command",
    [
        ["nonsense"],
        ["reboot"],
        ["reboot", "dev-1"],
        ["snapshot", "dev-1", "--tag", "x"],
        ["watch", "x", "--timeout", "soon"],
        ["list", "--query", "["],
        ["history", "--output", "csv", "--query", "x"],
        ["explain", "../me"],
        ["status", "a/b?c"],
        ["whoami", "--api", "http://example.com"],
        ["whoami", "--api", "ftp://127.0.0.1"],
        ["whoami", "--deployment", "nowhere", "--api", ""],
        ["whoami", "--api-key-file", "/nowhere"],
    ],
    ids=" ".join,
)
def test_a_command_that_is_not_valid_asks_nothing(rds_ops: Run, stub: Stub, command: list[str]) -> None:
    assert rds_ops(*command).code == ExitCode.USAGE
    assert stub.asked == []


def test_a_fault_of_the_program_is_one_sentence(rds_ops: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_arguments: object) -> None:
        raise ZeroDivisionError("nobody expected this")

    monkeypatch.setattr("rds_ops.service.send", broken)
    done = rds_ops("whoami")
    assert done.code == ExitCode.FAILED
    assert done.err.startswith(
        "rds-ops: This program failed: ZeroDivisionError: nobody expected this (test_exit_codes.py:"
    )
