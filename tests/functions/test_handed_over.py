"""A request and its repetition: whoever opens, closes or answers, no 202 is taken back."""

from __future__ import annotations

import pytest

from rds_operations.model.errors import TableBusy, TableUnavailable
from tests.builders import a_body
from tests.functions.calls import Call
from tests.functions.fake_aws import Document, FakeAws
from tests.functions.meanwhile import before

LOST = {"Error": "States.Timeout", "Cause": ""}


@pytest.fixture(autouse=True)
def _instance(aws: FakeAws) -> None:
    aws.create_instance()


def first(aws: FakeAws) -> Document:
    return aws.admit(a_body(), "a-key", "request-1")


def repetition(aws: FakeAws) -> Document:
    return aws.admit(a_body(), "a-key", "request-2")


def stored(aws: FakeAws, operation_id: str) -> Document:
    found = aws.item(operation_id)
    assert found
    return found


def unbegun(work: Document) -> Document:
    """Return the work of an ADMISSION that never got Admit's answer."""
    return {name: part for name, part in work.items() if name not in ("reply", "start")} | {"error": LOST}


# A repetition gets the operation before its own ADMISSION gives up.


def test_what_was_handed_over_stays_open(aws: FakeAws) -> None:
    lost = unbegun(first(aws))
    start = repetition(aws)["start"]
    answer = aws.answer(lost, "a-key")
    assert (answer["statusCode"], "may have begun" in answer["error"]) == (503, True)
    assert aws.audit(aws.execute(aws.begin(start)))["success"] is True
    assert aws.status(start["name"])["body"]["status"] == "available"
    assert aws.events() == ["accepted", "completed"]
    again = aws.admit(a_body(), "a-key", "request-3")
    assert "start" not in again
    assert len(aws.snapshots()) == 1


def test_what_is_handed_over_while_it_is_closed_stays_open(aws: FakeAws) -> None:
    """Both pass Classify before either is admitted, so only Admit knows that one repeats the other."""
    works: list[Document] = []

    def overtake() -> None:
        works.append(first(aws))

    with before(aws, "admit", "TransactWriteItems", overtake):
        start = repetition(aws)["start"]
    assert aws.answer(unbegun(works[0]), "a-key")["statusCode"] == 503
    assert aws.execute(aws.begin(start))["progress"]["success"] is True


@pytest.mark.parametrize("change", ["retagged", "deleted"])
def test_a_repetition_gets_what_has_not_begun_though_it_would_be_refused_now(aws: FakeAws, change: str) -> None:
    work = first(aws)
    if change == "retagged":
        aws.retag("Production")
    else:
        aws.delete_instance()
    assert repetition(aws)["start"] == work["start"]
    assert aws.answer(unbegun(work), "a-key")["statusCode"] == 503
    assert "ended_at" not in stored(aws, work["request"]["operation_id"])


def test_the_sweep_leaves_a_repetition_the_time_to_start_what_it_got(aws: FakeAws) -> None:
    """The request was overdue, and nobody had started it."""
    operation_id = first(aws)["request"]["operation_id"]
    aws.overdue(operation_id)
    start = repetition(aws)["start"]
    assert aws.sweep() == {}
    assert aws.execute(aws.begin(start))["progress"]["success"] is True


def test_the_sweep_closes_nothing_that_a_repetition_gets_meanwhile(aws: FakeAws) -> None:
    operation_id = first(aws)["request"]["operation_id"]
    aws.overdue(operation_id)
    starts: list[Document] = []

    def repeat() -> None:
        starts.append(repetition(aws)["start"])

    with before(aws, "sweep", "TransactWriteItems", repeat):
        assert aws.sweep() == {"left": 1}
    assert aws.execute(aws.begin(starts[0]))["progress"]["success"] is True


def test_the_sweep_closes_nothing_as_never_started_that_begins_meanwhile(aws: FakeAws) -> None:
    start = first(aws)["start"]
    aws.overdue(start["name"])

    def begin() -> None:
        aws.execute(aws.begin(start))

    with before(aws, "sweep", "TransactWriteItems", begin):
        assert aws.sweep() == {"left": 1}
    assert aws.events() == ["accepted"]
    assert "start" not in repetition(aws)
    assert len(aws.snapshots()) == 1


def test_what_was_handed_over_and_never_started_is_closed_by_the_sweep(aws: FakeAws) -> None:
    operation_id = first(aws)["request"]["operation_id"]
    repetition(aws)
    aws.overdue(operation_id)
    assert aws.sweep() == {"closed": 1}
    assert aws.held() == []
    assert repetition(aws)["start"]["name"] != operation_id


def test_a_repetition_whose_mark_is_not_taken_starts_nothing(aws: FakeAws) -> None:
    work = first(aws)
    with (
        aws.calls.refusing("admit", "dynamodb", "UpdateItem", "InternalServerError", 500),
        pytest.raises(TableUnavailable),
    ):
        repetition(aws)
    assert aws.answer(unbegun(work), "a-key")["statusCode"] == 503
    assert aws.held() == []


# The request is closed while a repetition reads it.


@pytest.mark.parametrize("reads", range(4))
@pytest.mark.parametrize("state", ["classify", "admit"])
def test_a_repetition_gets_nothing_that_is_closed_meanwhile(aws: FakeAws, state: str, reads: int) -> None:
    """After the end, each of its reads leads to "try again" or to a live operation."""
    lost = unbegun(first(aws))
    closed: list[Document] = []

    def close() -> None:
        if not closed:
            closed.append(aws.answer(lost, "a-key"))

    def strike(call: Call) -> None:
        if (call.state, call.action) == (state, "GetItem"):
            counted.append(call)
            if len(counted) == reads + 1:
                close()
                aws.calls.state = state

    counted: list[Call] = []
    with aws.calls.answering(strike):
        try:
            work = repetition(aws)
        except TableBusy:
            work = repetition(aws)
    close()
    assert "start" in work
    assert "ended_at" not in stored(aws, work["start"]["name"])
    assert aws.execute(aws.begin(work["start"]))["progress"]["success"] is True


def test_what_is_closed_while_it_is_handed_over_is_no_answer(aws: FakeAws) -> None:
    lost = unbegun(first(aws))
    with before(aws, "admit", "UpdateItem", lambda: aws.answer(lost, "a-key")), pytest.raises(TableBusy):
        repetition(aws)
    assert aws.events() == ["accepted", "completed"]
    assert repetition(aws)["start"]["name"] != lost["request"]["operation_id"]


def test_another_request_is_not_told_of_a_key_that_is_freed_as_it_looks(aws: FakeAws) -> None:
    lost = unbegun(first(aws))
    with before(aws, "classify", "GetItem", lambda: aws.answer(lost, "a-key"), skip=1):
        work = aws.admit(a_body("reboot_instance"), "a-key", "request-2")
    assert work["reply"]["statusCode"] == 202


def test_nothing_is_opened_for_a_repetition_that_nobody_has_judged(aws: FakeAws) -> None:
    """Classify found an accepted request, which was closed before Admit."""
    lost = unbegun(first(aws))
    aws.retag("Production")
    with (
        before(aws, "admit", "GetItem", lambda: aws.answer(lost, "a-key")),
        pytest.raises(TableBusy, match="nothing was done"),
    ):
        repetition(aws)
    assert aws.held() == []
    assert repetition(aws)["refusal"]["code"] == "production_instance"
