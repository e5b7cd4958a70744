"""A request and its repetition: whoever opens, closes or answers, no 202 stands for what is taken back."""

from __future__ import annotations

import pytest

from rds_operations.model.errors import TableBusy, TableUnavailable
from tests.functions.calls import Call
from tests.functions.cloud import Cloud, Document
from tests.functions.meanwhile import before
from tests.unit.builders import a_body

LOST = {"Error": "States.Timeout", "Cause": ""}


@pytest.fixture(autouse=True)
def _instance(cloud: Cloud) -> None:
    cloud.create_instance()


def first(cloud: Cloud) -> Document:
    return cloud.request(a_body(), "a-key", "request-1")


def repetition(cloud: Cloud) -> Document:
    return cloud.request(a_body(), "a-key", "request-2")


def stored(cloud: Cloud, operation_id: str) -> Document:
    found = cloud.item(operation_id)
    assert found
    return found


def unbegun(work: Document) -> Document:
    """The work of an ADMISSION that never heard what its Admit has done."""
    return {name: part for name, part in work.items() if name not in ("reply", "start")} | {"error": LOST}


# A repetition gets the operation before its own ADMISSION gives up.


def test_an_order_that_a_repetition_got_is_not_closed_as_unbegun(cloud: Cloud) -> None:
    lost = unbegun(first(cloud))
    start = repetition(cloud)["start"]
    answer = cloud.answered(lost, "a-key")
    assert (answer["statusCode"], "may have begun" in answer["error"]) == (503, True)
    assert cloud.audited(cloud.executed(cloud.begin(start)))["success"] is True
    assert cloud.status(start["name"])["body"]["status"] == "available"
    assert cloud.events() == ["accepted", "completed"]
    again = cloud.request(a_body(), "a-key", "request-3")
    assert "start" not in again
    assert len(cloud.snapshots()) == 1


def test_an_order_that_a_repetition_got_before_it_was_judged_is_not_closed_as_unbegun(cloud: Cloud) -> None:
    """Both have passed Classify before either is admitted, so only Admit knows that one repeats the other."""
    works: list[Document] = []

    def overtake() -> None:
        works.append(first(cloud))

    with before(cloud, "admit", "GetItem", overtake):
        start = repetition(cloud)["start"]
    assert cloud.answered(unbegun(works[0]), "a-key")["statusCode"] == 503
    assert cloud.executed(cloud.begin(start))["progress"]["success"] is True


@pytest.mark.parametrize("change", ["retagged", "deleted"])
def test_a_repetition_gets_what_has_not_begun_though_it_would_be_refused_now(cloud: Cloud, change: str) -> None:
    work = first(cloud)
    if change == "retagged":
        cloud.retag("Production")
    else:
        cloud.delete_instance()
    assert repetition(cloud)["start"] == work["start"]
    assert cloud.answered(unbegun(work), "a-key")["statusCode"] == 503
    assert "ended_at" not in stored(cloud, work["request"]["operation_id"])


def test_the_sweep_leaves_a_repetition_the_time_to_start_what_it_got(cloud: Cloud) -> None:
    """The request was overdue, and nobody had started it."""
    operation_id = first(cloud)["request"]["operation_id"]
    cloud.overdue(operation_id)
    start = repetition(cloud)["start"]
    assert cloud.sweep() == {}
    assert cloud.executed(cloud.begin(start))["progress"]["success"] is True


def test_the_sweep_closes_nothing_that_a_repetition_gets_meanwhile(cloud: Cloud) -> None:
    operation_id = first(cloud)["request"]["operation_id"]
    cloud.overdue(operation_id)
    starts: list[Document] = []

    def repeat() -> None:
        starts.append(repetition(cloud)["start"])

    with before(cloud, "sweep", "TransactWriteItems", repeat):
        assert cloud.sweep() == {"left": 1}
    assert cloud.executed(cloud.begin(starts[0]))["progress"]["success"] is True


def test_the_sweep_closes_nothing_as_never_started_that_begins_meanwhile(cloud: Cloud) -> None:
    start = first(cloud)["start"]
    cloud.overdue(start["name"])

    def begin() -> None:
        cloud.executed(cloud.begin(start))

    with before(cloud, "sweep", "TransactWriteItems", begin):
        assert cloud.sweep() == {"left": 1}
    assert cloud.events() == ["accepted"]
    assert "start" not in repetition(cloud)
    assert len(cloud.snapshots()) == 1


def test_an_order_that_a_repetition_got_and_nobody_started_is_closed_by_the_sweep(cloud: Cloud) -> None:
    operation_id = first(cloud)["request"]["operation_id"]
    repetition(cloud)
    cloud.overdue(operation_id)
    assert cloud.sweep() == {"closed": 1}
    assert cloud.held() == []
    assert repetition(cloud)["start"]["name"] != operation_id


def test_a_repetition_whose_mark_is_not_taken_starts_nothing(cloud: Cloud) -> None:
    work = first(cloud)
    with (
        cloud.calls.refusing("admit", "dynamodb", "UpdateItem", "InternalServerError", 500),
        pytest.raises(TableUnavailable),
    ):
        repetition(cloud)
    assert cloud.answered(unbegun(work), "a-key")["statusCode"] == 503
    assert cloud.held() == []


# The request is closed while a repetition looks at it.


@pytest.mark.parametrize("reads", range(4))
@pytest.mark.parametrize("state", ["classify", "admit"])
def test_a_repetition_gets_no_order_that_is_closed_meanwhile(cloud: Cloud, state: str, reads: int) -> None:
    """Whichever of its reads comes first after the end: it is told to try again, or gets an operation that lives."""
    lost = unbegun(first(cloud))
    closed: list[Document] = []

    def close() -> None:
        if not closed:
            closed.append(cloud.answered(lost, "a-key"))

    def strike(call: Call) -> None:
        if (call.state, call.action) == (state, "GetItem"):
            counted.append(call)
            if len(counted) == reads + 1:
                close()
                cloud.calls.state = state

    counted: list[Call] = []
    with cloud.calls.answering(strike):
        try:
            work = repetition(cloud)
        except TableBusy:
            work = repetition(cloud)
    close()
    assert "start" in work
    assert "ended_at" not in stored(cloud, work["start"]["name"])
    assert cloud.executed(cloud.begin(work["start"]))["progress"]["success"] is True


def test_an_order_that_is_closed_as_it_is_handed_over_is_not_answered_with(cloud: Cloud) -> None:
    lost = unbegun(first(cloud))
    with before(cloud, "admit", "UpdateItem", lambda: cloud.answered(lost, "a-key")), pytest.raises(TableBusy):
        repetition(cloud)
    assert cloud.events() == ["accepted", "completed"]
    assert repetition(cloud)["start"]["name"] != lost["request"]["operation_id"]


def test_another_request_is_not_told_of_a_key_that_is_freed_as_it_looks(cloud: Cloud) -> None:
    lost = unbegun(first(cloud))
    with before(cloud, "classify", "GetItem", lambda: cloud.answered(lost, "a-key"), skip=1):
        work = cloud.request(a_body("reboot_instance"), "a-key", "request-2")
    assert work["reply"]["statusCode"] == 202


def test_nothing_is_opened_for_a_repetition_that_nobody_has_judged(cloud: Cloud) -> None:
    """Classify has found a request that was accepted before, and it is closed before Admit comes."""
    lost = unbegun(first(cloud))
    cloud.retag("Production")
    with (
        before(cloud, "admit", "GetItem", lambda: cloud.answered(lost, "a-key")),
        pytest.raises(TableBusy, match="nothing was done"),
    ):
        repetition(cloud)
    assert cloud.held() == []
    assert repetition(cloud)["refusal"]["code"] == "production_instance"
