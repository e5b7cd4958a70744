"""JSON is exact, text is for pipes, and no text steers a terminal or a spreadsheet."""

import csv
import io
import json
import sys
from typing import Any

import pytest

from rds_ops.output import neutral
from rds_ops.tables import Column, Table, fitting, text
from tests.cli.answers import DONE, INSTANCE, ME, RECORD, service
from tests.cli.conftest import Run
from tests.cli.stub import Stub, Told


def test_json_is_the_services_own_document(rds_ops: Run, stub: Stub) -> None:
    exact = {**DONE, "unknown_to_this_version": [1.5, None, "ä\u202e"]}
    stub.tell(Told(200, exact))
    assert rds_ops("status", "x", "--output", "json").document == exact


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["whoami", "--query", "userId"], "jane.doe\n"),
        (["whoami", "--query", "[userId, auditor]"], "jane.doe\tno\n"),
        (["whoami", "--query", "places[].[account_id, region]"], "111122223333\teu-west-1\n"),
        (["whoami", "--query", "places[].{r: region}"], "eu-west-1\n"),
        (["whoami", "--query", "userId", "--output", "json"], '"jane.doe"\n'),
        (["whoami", "--query", "nothing", "--output", "json"], "null\n"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_query(rds_ops: Run, stub: Stub, command: list[str], expected: str) -> None:
    stub.script = service()
    assert rds_ops(*command).out == expected


def test_what_is_nested_deeper_stays_json(rds_ops: Run, stub: Stub) -> None:
    stub.script = service()
    assert rds_ops("whoami", "--query", "@").document == ME


def test_text_in_a_pipe_is_tab_separated(rds_ops: Run, stub: Stub) -> None:
    stub.script = service()
    assert rds_ops("instances").out.split("\t")[:3] == ["dev-1", "yes", "development"]


def test_explain_has_three_lines(rds_ops: Run, stub: Stub) -> None:
    stub.script = service()
    lines = rds_ops("explain", "dev-1", "--instance-region", "eu-west-1", "--output", "table").out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["You may", "Why not the rest", "What to do"]
    assert "snapshot, backup-window (development by tag Environment=Development, available)" in lines[0]
    assert lines[1].endswith("Instance dev-1 is starting.")
    assert lines[2].endswith("Try it: rds-ops snapshot dev-1 --instance-region eu-west-1 --dry-run")


def test_pages_are_turned_until_the_limit(rds_ops: Run, stub: Stub) -> None:
    page = {"operations": [DONE, DONE], "next": "more"}
    stub.tell(Told(200, page), Told(200, {"operations": [], "next": "still more"}), Told(200, page))
    done = rds_ops("list", "--limit", "3", "--output", "json")
    assert done.document == {"operations": [DONE] * 3, "next": "more"}
    assert [asked.query.get("next") for asked in stub.asked] == [None, "more", "still more"]
    assert "There may be more" in done.err


def test_a_user_is_found_by_name(rds_ops: Run, stub: Stub) -> None:
    other = {**RECORD, "user_identity": {"userId": "john"}}
    stub.tell(Told(200, {"records": [RECORD, other]}))
    assert rds_ops("history", "--user", "Jane.Doe", "--output", "json").document == {"records": [RECORD]}
    assert "principal" not in stub.asked[-1].query


def test_a_user_by_principal_is_the_services_own_filter(rds_ops: Run, stub: Stub) -> None:
    stub.script = service()
    assert rds_ops("history", "--user", "me").code == 0
    assert stub.asked[-1].query["principal"] == ME["principal"]


def test_csv_is_whole_and_takes_no_formula(rds_ops: Run, stub: Stub) -> None:
    evil = {**RECORD, "instance_id": "-", "user_identity": {"userId": "=cmd|' /C calc'!A0"}, "operation": "@x, y"}
    stub.tell(Told(200, {"records": [evil]}))
    (row,) = csv.DictReader(io.StringIO(rds_ops("history", "--output", "csv").out, newline=""))
    assert (row["instance_id"], row["user"], row["operation"]) == ("'-", "'=cmd|' /C calc'!A0", "'@x, y")
    assert (row["success"], row["timestamp"]) == ("true", RECORD["timestamp"])
    assert json.loads(row["parameters"]) == RECORD["parameters"]


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r"])
def test_what_a_spreadsheet_takes_for_a_formula(begin: str) -> None:
    assert neutral(f"{begin}1") == f"'{begin}1"


def test_no_text_steers_the_terminal(rds_ops: Run, stub: Stub) -> None:
    evil: Any = {**INSTANCE, "environment_source": "tag \x1b[2J\x07x\u202e\r\ny=1"}
    stub.tell(Told(200, {"instances": [evil]}))
    for shown in ("text", "table"):
        out = rds_ops("instances", "--output", shown).out
        assert not set(out) & set("\x1b\x07\u202e\r")
    stub.tell(Told(403, {"error": "No \x1b[2J", "code": "production_instance"}))
    assert "\x1b" not in rds_ops("explain", "dev-1").err


def test_an_output_that_is_not_utf_8(rds_ops: Run, stub: Stub, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.tell(Told(200, {**DONE, "requested_by": "Zoë"}))
    for shown, expected in (("json", "Zo\\u00eb"), ("text", "Zo?"), ("table", "Zo?")):
        written = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        monkeypatch.setattr(sys, "stdout", written)
        assert rds_ops("status", "x", "--output", shown).code == 0
        assert expected in written.buffer.getvalue().decode("ascii")


def test_on_a_narrow_terminal_the_least_important_columns_are_left_out() -> None:
    table = Table(
        (Column("NAME"), Column("A", 1), Column("B", 2, wraps=True)), [("dev-postgres-01", "x" * 10, "y" * 90)]
    )
    assert [fitting(table, width) for width in (100, 55, 40, 30, 5)] == [[0, 1, 2], [0, 1, 2], [0, 1], [0, 1], [0]]
    assert text(table).count("y") == 90
