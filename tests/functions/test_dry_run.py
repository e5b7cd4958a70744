"""A dry run gets the answer of the real request, and leaves nothing but a refusal's record."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from rds_operations.settings.callers import CallerSettings
from tests.builders import INSTANCE_ID, SNAPSHOT_ID, a_body, an_admission, an_envelope
from tests.functions.fake_aws import Document, FakeAws

DRY = {"dry_run": True}


def reply(work: Document) -> tuple[int, Document]:
    return work["reply"]["statusCode"], json.loads(work["reply"]["body"])


def assert_nothing_was_done(aws: FakeAws) -> None:
    assert (aws.items(), aws.refused_ids(), aws.snapshots()) == ([], [], [])


@pytest.mark.parametrize("operation", ["create_snapshot", "reboot_instance", "modify_backup_window"])
@pytest.mark.parametrize("key", [None, "my-key"])
def test_it_is_told_that_nothing_is_against_it(aws: FakeAws, operation: str, key: str | None) -> None:
    aws.create_instance()
    work = aws.admit(a_body(operation) | DRY, key)
    decided = {"environment": "development", "environment_source": "tag Environment=dev"}
    assert reply(work) == (200, {"accepted": True, **decided, "warnings": []})
    assert "start" not in work
    assert_nothing_was_done(aws)
    assert aws.records() == []


def production(aws: FakeAws) -> None:
    aws.create_instance("production")


def unknown_environment(aws: FakeAws) -> None:
    aws.create_instance("")


def no_instance(aws: FakeAws) -> None:
    """Create none."""


def not_permitted(aws: FakeAws) -> None:
    aws.create_instance()
    aws.deploy(callers=CallerSettings({"apikey:another": {"operations": ["*"], "environments": ["*"]}}))


def stopped(aws: FakeAws) -> None:
    aws.create_instance()
    aws.rds.stop_db_instance(DBInstanceIdentifier=INSTANCE_ID)


def another_runs(aws: FakeAws) -> None:
    aws.create_instance()
    aws.admit(a_body("reboot_instance"), request_id="request-0")


def key_of_another_request(aws: FakeAws) -> None:
    aws.create_instance()
    aws.admit(a_body("reboot_instance"), "my-key", "request-0")


SITUATIONS: list[Callable[[FakeAws], None]] = [
    production,
    unknown_environment,
    no_instance,
    not_permitted,
    stopped,
    another_runs,
    key_of_another_request,
]


@pytest.mark.parametrize("operation", ["create_snapshot", "modify_backup_window"])
@pytest.mark.parametrize("situation", SITUATIONS)
def test_it_is_refused_as_the_real_request_is(
    aws: FakeAws, situation: Callable[[FakeAws], None], operation: str
) -> None:
    situation(aws)
    before = aws.items()
    body = a_body(operation)
    dry = aws.admit(body | DRY, "my-key")
    assert aws.items() == before
    real = aws.admit(body, "my-key")
    assert dry["reply"] == real["reply"]
    assert dry["refusal"] == real["refusal"]


@pytest.mark.parametrize("body", [{}, a_body("delete_instance"), {**a_body(), "instance_id": "-"}])
def test_what_is_no_request_is_refused_as_without_it(aws: FakeAws, body: Document) -> None:
    assert reply(aws.admit(body | DRY)) == reply(aws.admit(body))


@pytest.mark.parametrize("value", [None, "true", "false", 1, 0, []])
def test_only_a_boolean_says_whether_it_is_one(aws: FakeAws, value: object) -> None:
    aws.create_instance()
    status, document = reply(aws.admit(a_body() | {"dry_run": value}))
    assert (status, document["error"]) == (400, "dry_run must be true or false")
    assert_nothing_was_done(aws)


def test_false_is_the_real_request(aws: FakeAws) -> None:
    aws.create_instance()
    assert reply(aws.admit(a_body() | {"dry_run": False}))[0] == 202


@pytest.mark.parametrize("situation", [production, no_instance])
def test_its_refusal_is_on_record_as_that_of_a_dry_run(aws: FakeAws, situation: Callable[[FakeAws], None]) -> None:
    situation(aws)
    aws.answer(aws.admit(a_body() | DRY))
    aws.answer(aws.admit(a_body(), request_id="request-2"), request_id="request-2")
    dry, real = aws.records()
    assert (dry["event"], dry["dry_run"], dry["success"]) == ("refused", True, False)
    assert "dry_run" not in real
    assert_nothing_was_done(aws)


@pytest.mark.parametrize("broken", ["classify", "admit"])
def test_one_that_breaks_takes_no_id(aws: FakeAws, broken: str) -> None:
    aws.create_instance()
    work = aws.admit(a_body() | DRY) if broken == "admit" else {"request": aws.admit(a_body() | DRY)["request"]}
    answer = aws.answer({**work, "error": {"Error": "TableUnavailable", "Cause": "{}"}})
    assert (answer["statusCode"], answer["code"]) == (503, "try_again")
    assert_nothing_was_done(aws)
    assert [record["dry_run"] for record in aws.records()] == [True]


def test_one_in_which_validate_breaks_is_on_record_as_one(aws: FakeAws) -> None:
    envelope = an_envelope(a_body() | DRY)
    work = {"error": {"Error": "States.Timeout", "Cause": ""}}
    given = {"machine": "ADMISSION", "execution": an_admission(), "envelope": envelope}
    aws.call("audit", {**given, "work": work})
    assert [record["dry_run"] for record in aws.records()] == [True]
    assert_nothing_was_done(aws)


def test_it_warns_of_a_snapshot_whose_name_is_taken(aws: FakeAws) -> None:
    aws.create_instance()
    aws.rds.create_db_snapshot(DBSnapshotIdentifier=SNAPSHOT_ID, DBInstanceIdentifier=INSTANCE_ID)
    _, document = reply(aws.admit(a_body() | DRY))
    assert document["accepted"] is True
    assert document["warnings"] == [f"Snapshot {SNAPSHOT_ID} already exists. Choose another snapshot_id."]


def test_only_a_dry_run_asks_for_the_snapshot(aws: FakeAws) -> None:
    aws.create_instance()
    aws.admit(a_body())
    assert [call.action for call in aws.calls.of("classify", "rds")] == ["DescribeDBInstances"]


def test_under_a_key_that_stands_for_an_operation_it_warns_that_nothing_new_would_be_done(aws: FakeAws) -> None:
    aws.create_instance()
    operation_id = aws.admit(a_body(), "my-key")["request"]["operation_id"]
    before = aws.items()
    status, document = reply(aws.admit(a_body() | DRY, "my-key", "request-2"))
    assert (status, document["accepted"]) == (200, True)
    assert operation_id in document["warnings"][0]
    assert aws.items() == before


def test_a_direct_start_that_asks_for_one_is_refused_with_a_record(aws: FakeAws) -> None:
    aws.create_instance()
    for dry_run in (True, False):
        work = aws.begin({"name": f"by-hand-{dry_run}", "input": a_body() | {"dry_run": dry_run}})
        assert work["refusal"]["error"].startswith("dry_run is for POST /operations only.")
        aws.audit(work, f"by-hand-{dry_run}")
    assert [(record["event"], record["success"]) for record in aws.records()] == [("refused", False)] * 2
    assert aws.items() == []


def test_an_operation_never_hears_of_it(aws: FakeAws) -> None:
    aws.create_instance()
    start = aws.admit(a_body() | {"dry_run": False})["start"]
    assert "dry_run" not in start["input"]
