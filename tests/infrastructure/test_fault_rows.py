"""A row of the fault table runs again only if its fault did not strike. These tests need no cloud."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any, cast

import pytest

from tests.workflow.faults import case
from tests.workflow.faults.attempts import observed
from tests.workflow.faults.case import Case, NotStruck, Row
from tests.workflow.faults.checks import assert_as_expected
from tests.workflow.service import Answer, Document, Service, reboot_of

EXPECTED = {"answer": 403, "acted": 0, "records": ("refused by admission",)}


@dataclass
class Stub:
    """Refuse everything, with a record. `strikes` says for each instance whether its faults strike."""

    strikes: Iterator[bool]
    instances: list[str] = field(default_factory=list)
    faults: list[Document] = field(default_factory=list)
    versions: int = 1
    recorded: list[Document] = field(default_factory=lambda: [{"event": "refused", "recorded_by": "admission"}])

    def new_instance(self, **_given: Any) -> str:
        self.instances.append(f"fault-instance-{len(self.instances) + 1}")
        return self.instances[-1]

    def fault(self, **fault: Any) -> None:
        self.faults.append(fault | {"strikes": int(next(self.strikes))})

    def switch(self, method: str, path: str) -> list[Document]:
        if method == "DELETE":
            self.faults.clear()
        return [] if "calls" in path else self.faults

    def post(self, _body: Document) -> Answer:
        return Answer(403, {}, '{"code": "production_instance"}')

    def records(self, _instance: str) -> list[Document]:
        return self.recorded

    def archived(self, _record: Document) -> int:
        return self.versions

    def operations_on(self, _instance: str) -> list[Document]:
        return []

    def is_locked(self, _instance: str) -> bool:
        return False


def a_row(**more: Any) -> Row:
    return Row("Admission", "broken", reboot_of, ({"point": "states:start", "effect": "refuse"},), EXPECTED, **more)


def service(stub: Stub) -> Service:
    return cast(Service, stub)


def stub(*strikes: bool) -> Stub:
    return Stub(iter(strikes))


def test_a_fault_that_has_struck_is_enough() -> None:
    cloud = stub(True)
    assert_as_expected(a_row(), observed(service(cloud), a_row()))
    assert len(cloud.instances) == 1


def test_a_fault_that_did_not_strike_is_tried_on_a_new_instance() -> None:
    cloud = stub(False, True)
    with pytest.warns(UserWarning, match="Run once more, because a fault did not strike: Admission: broken"):
        assert_as_expected(a_row(), observed(service(cloud), a_row()))
    assert len(set(cloud.instances)) == 2
    assert cloud.faults == []


@pytest.mark.filterwarnings("ignore:Run once more")
def test_a_fault_that_never_strikes_fails_the_second_time() -> None:
    cloud = stub(False, False, True)
    with pytest.raises(NotStruck, match="Admission: broken"):
        observed(service(cloud), a_row())
    assert len(cloud.instances) == 2
    assert cloud.faults == []


def test_a_wrong_observation_is_not_tried_again() -> None:
    cloud, row = stub(True, True), replace(a_row(), expected={**EXPECTED, "answer": 202})
    with pytest.raises(AssertionError, match="answer=403"):
        assert_as_expected(row, observed(service(cloud), row))
    assert len(cloud.instances) == 1


def test_a_promise_that_is_broken_without_the_fault_is_not_tried_again() -> None:
    cloud = stub(False, True)
    cloud.recorded = []
    with pytest.raises(AssertionError, match="lost=True"):
        observed(service(cloud), a_row())
    assert len(cloud.instances) == 1


@pytest.mark.parametrize(("versions", "broken"), [(0, "lost=True"), (2, "archived_twice=True")])
def test_a_record_that_the_archive_has_not_or_twice_breaks_a_promise(
    monkeypatch: pytest.MonkeyPatch, versions: int, broken: str
) -> None:
    monkeypatch.setattr(case, "_PATIENCE_SECONDS", 0)
    cloud = stub(True)
    cloud.versions = versions
    with pytest.raises(AssertionError, match=broken):
        assert_as_expected(a_row(), observed(service(cloud), a_row()))


@pytest.mark.parametrize("moment", ["post", "during", "after"])
def test_what_a_row_itself_finds_wrong_is_not_tried_again(moment: str) -> None:
    """Even if its fault did not strike."""

    def find_it_wrong(_case: Case) -> None:
        raise AssertionError("two operations")

    cloud = stub(False, True)
    with pytest.raises(AssertionError, match="two operations"):
        observed(service(cloud), a_row(**{moment: find_it_wrong}))
    assert len(cloud.instances) == 1


def test_what_does_not_come_about_is_not_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case, "_PATIENCE_SECONDS", 0)
    cloud = stub(False, True)
    with pytest.raises(AssertionError, match="the metric did not come about"):
        observed(service(cloud), a_row(during=lambda found: found.eventually(lambda: False, "the metric")))
    assert len(cloud.instances) == 1


def test_a_fault_that_is_waited_for_in_vain_is_tried_on_a_new_instance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(case, "_PATIENCE_SECONDS", 0)
    cloud = stub(False, True)
    with pytest.warns(UserWarning, match="the fault did not come about"):
        observed(service(cloud), a_row(during=Case.wait_for_faults))
    assert len(cloud.instances) == 2
