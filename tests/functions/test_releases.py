"""Locks and Idempotency-Keys are released, never deleted: the next may take them, and nobody loses their own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.functions.cloud import LOCK, Cloud, Document
from tests.unit.builders import a_body

OTHER = "dev-other-01"


@pytest.fixture(autouse=True)
def _instances(cloud: Cloud) -> None:
    cloud.create_instance()
    cloud.create_instance(instance_id=OTHER)


@contextmanager
def meanwhile(cloud: Cloud, state: str, action: Callable[[], object]) -> Iterator[None]:
    """Run `action` once, right before the next transaction of `state` is sent."""
    module = cloud.modules[state]
    store = module.books.store if state == "sweep" else module.store
    events, name = store._client.meta.events, "before-call.dynamodb.TransactWriteItems"

    def act(**_event: Any) -> None:
        events.unregister(name, act)
        action()

    events.register(name, act)
    yield


def accepted(cloud: Cloud, number: int, key: str | None = None, operation: str = "reboot_instance", **more: Any) -> str:
    """The operation of a request of its own, which must be accepted."""
    work = cloud.request(a_body(operation) | more, key, request_id=f"request-{number}")
    assert work["reply"]["statusCode"] == 202, work
    operation_id: str = work["start"]["name"]
    return operation_id


def owner(cloud: Cloud, item_id: str) -> str:
    return str((cloud.item(item_id) or {}).get("owner", ""))


def key_of(cloud: Cloud, operation_id: str) -> str:
    """The item of the key with which an operation was asked for."""
    return f"key#{stored(cloud, operation_id)['idempotency_key']}"


def stored(cloud: Cloud, item_id: str) -> Document:
    found = cloud.item(item_id)
    assert found
    return found


def never_began(cloud: Cloud, operation_id: str) -> None:
    """Its execution was never started, so the sweep closes it and frees its key."""
    cloud.overdue(operation_id)
    assert cloud.sweep() == {"closed": 1}


@pytest.mark.parametrize("removed", [False, True], ids=["still there", "removed by its ttl"])
def test_a_released_lock_is_taken_by_the_next_operation(cloud: Cloud, removed: bool) -> None:
    cloud.audited(cloud.executed(cloud.accepted()))
    assert cloud.held() == []
    if removed:
        cloud.drop(LOCK)
    assert accepted(cloud, 2) == owner(cloud, LOCK)


@pytest.mark.parametrize("removed", [False, True], ids=["still there", "removed by its ttl"])
def test_a_freed_key_stands_for_the_next_operation(cloud: Cloud, removed: bool) -> None:
    first = accepted(cloud, 1, "a-key")
    key = key_of(cloud, first)
    never_began(cloud, first)
    assert cloud.held() == []
    if removed:
        cloud.drop(key)
    second = accepted(cloud, 2, "a-key")
    assert sorted(cloud.held()) == sorted([key, LOCK])
    assert owner(cloud, key) == owner(cloud, LOCK) == second
    assert accepted(cloud, 3, "a-key") == second


def test_what_is_released_may_be_removed_soon_and_what_is_taken_again_may_not(cloud: Cloud) -> None:
    first = accepted(cloud, 1, "a-key")
    released = [LOCK, key_of(cloud, first)]
    never_began(cloud, first)
    for item_id in released:
        assert stored(cloud, item_id)["ttl"] <= time.time()
    accepted(cloud, 2, "a-key")
    for item_id in [first, *released]:
        assert stored(cloud, item_id)["ttl"] > time.time() + 80 * 24 * 3600


def test_a_key_that_stands_for_an_operation_is_not_freed_by_its_end(cloud: Cloud) -> None:
    work = cloud.accepted(key="a-key")
    cloud.audited(cloud.executed(work))
    operation_id = work["request"]["operation_id"]
    assert owner(cloud, key_of(cloud, operation_id)) == operation_id
    assert cloud.held() == [key_of(cloud, operation_id)]


def test_of_two_requests_for_a_released_lock_one_gets_it(cloud: Cloud) -> None:
    cloud.audited(cloud.executed(cloud.accepted()))
    with meanwhile(cloud, "admit", lambda: accepted(cloud, 3)):
        second = cloud.request(a_body(), request_id="request-2")
    assert second["refusal"]["code"] == "operation_in_progress"
    assert owner(cloud, LOCK) in second["refusal"]["error"]
    assert cloud.events().count("accepted") == 2


def test_of_two_requests_for_a_freed_key_one_gets_it(cloud: Cloud) -> None:
    """They are for different instances, so no lock is between them."""
    first = accepted(cloud, 1, "a-key")
    never_began(cloud, first)
    with meanwhile(cloud, "admit", lambda: accepted(cloud, 3, "a-key", instance_id=OTHER)):
        second = cloud.request(a_body(), "a-key", request_id="request-2")
    assert second["refusal"]["code"] == "idempotency_key_reused"
    assert owner(cloud, key_of(cloud, first)) in second["refusal"]["error"]
    assert owner(cloud, LOCK) == ""


@pytest.mark.parametrize(("late", "quick"), [("audit", "sweep"), ("sweep", "audit")])
def test_of_two_that_close_an_operation_the_late_one_leaves_what_was_taken_since(
    cloud: Cloud, late: str, quick: str
) -> None:
    """Between the late one's look at the lock and its write, the quick one closes, and the next operation begins."""
    work = cloud.request(a_body("reboot_instance"), "a-key")
    first = work["start"]["name"]
    cloud.overdue(first)
    close: dict[str, Callable[[], object]] = {
        "audit": lambda: cloud.answered({**work, "error": {"Error": "States.Timeout", "Cause": ""}}),
        "sweep": cloud.sweep,
    }
    second: list[str] = []

    def close_and_take() -> None:
        close[quick]()
        second.append(accepted(cloud, 2, "a-key"))

    with meanwhile(cloud, late, close_and_take):
        close[late]()
    assert [owner(cloud, item_id) for item_id in (LOCK, key_of(cloud, first))] == second * 2
    assert sorted(cloud.events()) == ["accepted", "accepted", "completed"]
    assert "ended_at" not in stored(cloud, second[0])
