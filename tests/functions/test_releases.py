"""Locks and Idempotency-Keys are released, never deleted: the next may take them, and nobody loses their own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.builders import a_body
from tests.functions.fake_aws import LOCK, Document, FakeAws

OTHER = "dev-other-01"


@pytest.fixture(autouse=True)
def _instances(aws: FakeAws) -> None:
    aws.create_instance()
    aws.create_instance(instance_id=OTHER)


@contextmanager
def meanwhile(aws: FakeAws, state: str, action: Callable[[], object]) -> Iterator[None]:
    """Run `action` once, right before the next transaction of `state`."""
    module = aws.modules[state]
    store = module.closer.store if state == "sweep" else module.store
    events, name = store._client.meta.events, "before-call.dynamodb.TransactWriteItems"

    def act(**_event: Any) -> None:
        events.unregister(name, act)
        action()

    events.register(name, act)
    yield


def accepted(aws: FakeAws, number: int, key: str | None = None, operation: str = "reboot_instance", **more: Any) -> str:
    """Return the operation of a new request, which must be accepted."""
    work = aws.admit(a_body(operation) | more, key, request_id=f"request-{number}")
    assert work["reply"]["statusCode"] == 202, work
    operation_id: str = work["start"]["name"]
    return operation_id


def owner(aws: FakeAws, item_id: str) -> str:
    return str((aws.item(item_id) or {}).get("owner", ""))


def key_of(aws: FakeAws, operation_id: str) -> str:
    return f"key#{stored(aws, operation_id)['idempotency_key']}"


def stored(aws: FakeAws, item_id: str) -> Document:
    found = aws.item(item_id)
    assert found
    return found


def never_began(aws: FakeAws, operation_id: str) -> None:
    """Let the sweep close it and free its key, as its execution never started."""
    aws.overdue(operation_id)
    assert aws.sweep() == {"closed": 1}


@pytest.mark.parametrize("removed", [False, True], ids=["still there", "removed by its ttl"])
def test_a_released_lock_is_taken_by_the_next_operation(aws: FakeAws, removed: bool) -> None:
    aws.audit(aws.execute(aws.accept()))
    assert aws.held() == []
    if removed:
        aws.drop(LOCK)
    assert accepted(aws, 2) == owner(aws, LOCK)


@pytest.mark.parametrize("removed", [False, True], ids=["still there", "removed by its ttl"])
def test_a_freed_key_stands_for_the_next_operation(aws: FakeAws, removed: bool) -> None:
    first = accepted(aws, 1, "a-key")
    key = key_of(aws, first)
    never_began(aws, first)
    assert aws.held() == []
    if removed:
        aws.drop(key)
    second = accepted(aws, 2, "a-key")
    assert sorted(aws.held()) == sorted([key, LOCK])
    assert owner(aws, key) == owner(aws, LOCK) == second
    assert accepted(aws, 3, "a-key") == second


def test_what_is_released_may_be_removed_soon_and_what_is_taken_again_may_not(aws: FakeAws) -> None:
    first = accepted(aws, 1, "a-key")
    released = [LOCK, key_of(aws, first)]
    never_began(aws, first)
    for item_id in released:
        assert stored(aws, item_id)["ttl"] <= time.time()
    accepted(aws, 2, "a-key")
    for item_id in [first, *released]:
        assert stored(aws, item_id)["ttl"] > time.time() + 80 * 24 * 3600


def test_a_key_that_stands_for_an_operation_is_not_freed_by_its_end(aws: FakeAws) -> None:
    work = aws.accept(key="a-key")
    aws.audit(aws.execute(work))
    operation_id = work["request"]["operation_id"]
    assert owner(aws, key_of(aws, operation_id)) == operation_id
    assert aws.held() == [key_of(aws, operation_id)]


def test_of_two_requests_for_a_released_lock_one_gets_it(aws: FakeAws) -> None:
    aws.audit(aws.execute(aws.accept()))
    with meanwhile(aws, "admit", lambda: accepted(aws, 3)):
        second = aws.admit(a_body(), request_id="request-2")
    assert second["refusal"]["code"] == "operation_in_progress"
    assert owner(aws, LOCK) in second["refusal"]["error"]
    assert aws.events().count("accepted") == 2


def test_of_two_requests_for_a_freed_key_one_gets_it(aws: FakeAws) -> None:
    """They are for different instances, so no lock separates them."""
    first = accepted(aws, 1, "a-key")
    never_began(aws, first)
    with meanwhile(aws, "admit", lambda: accepted(aws, 3, "a-key", instance_id=OTHER)):
        second = aws.admit(a_body(), "a-key", request_id="request-2")
    assert second["refusal"]["code"] == "idempotency_key_reused"
    assert owner(aws, key_of(aws, first)) in second["refusal"]["error"]
    assert owner(aws, LOCK) == ""


@pytest.mark.parametrize(("late", "quick"), [("audit", "sweep"), ("sweep", "audit")])
def test_of_two_that_close_an_operation_the_late_one_leaves_what_was_taken_since(
    aws: FakeAws, late: str, quick: str
) -> None:
    """The quick one closes it and the next operation begins, after the late one reads the lock and before it writes."""
    work = aws.admit(a_body("reboot_instance"), "a-key")
    first = work["start"]["name"]
    aws.overdue(first)
    close: dict[str, Callable[[], object]] = {
        "audit": lambda: aws.answer({**work, "error": {"Error": "States.Timeout", "Cause": ""}}),
        "sweep": aws.sweep,
    }
    second: list[str] = []

    def close_and_take() -> None:
        close[quick]()
        second.append(accepted(aws, 2, "a-key"))

    with meanwhile(aws, late, close_and_take):
        close[late]()
    assert [owner(aws, item_id) for item_id in (LOCK, key_of(aws, first))] == second * 2
    assert sorted(aws.events()) == ["accepted", "accepted", "completed"]
    assert "ended_at" not in stored(aws, second[0])
