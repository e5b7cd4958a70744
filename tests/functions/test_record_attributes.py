"""Every record, whoever writes it, has the attributes by which it is asked for, and its hash."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from rds_operations.records.audit_record import Event, Recorder
from rds_operations.records.record_hash import record_hash
from rds_operations.settings.version import VERSION
from tests.builders import a_body
from tests.functions.fake_aws import FakeAws
from tests.functions.late import by_sweep, never_taken, restarted, settled
from tests.functions.test_refused_records import WRITERS

FUNCTIONS = Path(__file__).parents[2] / "functions"
STORE = "rds_operations/aws/operation_store.py"
READERS = {
    "rds_operations/settings/deployment.py",
    "rds_operations/aws/list_reader.py",
    "instances/handler.py",
    "digest/handler.py",
    "rds_operations/settings/archive.py",
    "rds_operations/steps/archive_gaps.py",
}
"""These name the table and only read it. IAM holds them to that: see test_permissions."""
DIGEST = "5e7d" * 16
Written = Callable[[FakeAws], object]


def accepted_and_completed(aws: FakeAws) -> None:
    aws.audit(aws.execute(aws.accept("modify_backup_window")))


def started_directly(aws: FakeAws) -> None:
    aws.audit(aws.execute(aws.start_directly("modify_backup_window")))


def stopped(aws: FakeAws) -> None:
    work = aws.execute(aws.accept())
    aws.end(work["request"]["operation_id"])


def swept(aws: FakeAws) -> None:
    operation_id = aws.accept()["request"]["operation_id"]
    aws.overdue(operation_id)
    assert aws.sweep() == {"closed": 1}


def watched_late(aws: FakeAws) -> None:
    with aws.calls.answering(restarted):
        settled(aws, never_taken(aws, "reboot_instance"))


def swept_late(aws: FakeAws) -> None:
    with aws.calls.answering(restarted):
        by_sweep(aws, never_taken(aws, "reboot_instance"))


ENDINGS: dict[str, Written] = {
    function.__name__: function
    for function in (accepted_and_completed, started_directly, stopped, swept, watched_late, swept_late)
}
REFUSALS: dict[str, Written] = {name: writer[0] for name, writer in WRITERS.items()}
WRITTEN: dict[str, set[tuple[str, str]]] = {}
"""The kinds of records that each writer has left, for the last test."""


@pytest.fixture(autouse=True)
def _settings(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in aws.modules.values():
        if deployment := getattr(module, "deployment", None):
            monkeypatch.setitem(vars(deployment), "settings_digest", DIGEST)


@pytest.mark.parametrize("name", [*ENDINGS, *REFUSALS])
def test_every_writer_leaves_them(aws: FakeAws, name: str) -> None:
    aws.create_instance("dev" if name in ENDINGS else "prod")
    (ENDINGS | REFUSALS)[name](aws)
    records = aws.records()
    assert records
    WRITTEN[name] = {(record["recorded_by"], record["event"]) for record in records}
    for record in records:
        identity = json.loads(record["user_identity"])
        assert record["principal"] == identity["principal"] != ""
        assert record["day"] == record["timestamp"][:10]
        assert record.get("failed_month") == (None if record["success"] else record["timestamp"][:7])
        assert (record["version"], record["settings_digest"]) == (VERSION, DIGEST)
        assert record["hash"] == record_hash(record)


def test_no_writer_was_left_out() -> None:
    """The last two can come from nobody else: see `records/audit_record`."""
    if len(WRITTEN) < len(ENDINGS | REFUSALS):
        pytest.skip("the writers did not run in this process")
    seen = set().union(*WRITTEN.values())
    assert {by for by, _event in seen} == {recorder.value for recorder in Recorder}
    assert {event for _by, event in seen} == {event.value for event in Event}
    page = (FUNCTIONS.parent / "docs" / "audit.md").read_text().split("| `recorded_by` | is |")[1]
    for by, event in seen:
        (row,) = [line for line in page.splitlines() if line.startswith(f"| `{by}` |")]
        assert f"`{event}`" in row


def test_nothing_else_writes_to_the_audit_log() -> None:
    """One line of the functions puts items into that table, and one makes them."""
    sources = {str(path.relative_to(FUNCTIONS)): path.read_text() for path in FUNCTIONS.rglob("*.py")}
    users = {path for path, text in sources.items() if "audit_table" in text}
    makers = [path for path, text in sources.items() if " audit_record(" in text.replace("def audit_record(", "")]
    assert users - READERS == {STORE}
    assert makers == [STORE]
    assert (sources[STORE].count("audit_table"), sources[STORE].count(" audit_record(")) == (1, 1)


def test_a_request_whose_caller_nobody_vouched_for_is_recorded_all_the_same(aws: FakeAws) -> None:
    aws.create_instance()
    aws.answer(aws.admit(a_body(), caller={"authentication": "api_key"}))
    (record,) = aws.records()
    assert record["principal"] == "anonymous"
