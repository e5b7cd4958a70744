"""One operation with faults, and what could be seen afterwards."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import quote

from local.extensions.faults import CALLS_PATH, FAULTS_PATH
from tests.workflow.service import Answer, Document, Service

_PATIENCE_SECONDS = 60
_AT_THE_DOOR = threading.BoundedSemaphore(3)
"""A laptop answers that it is busy if asked by more at once, and that is not what a row tests."""


@dataclass(frozen=True)
class Row:
    """Describe a line of the fault table. `where`, `fault` and the operation are its name.

    `faults` are the local cloud's, with the instance in place of `{instance}`; each must strike. `idle` faults must
    not: they wait for a call that may not be made. `during` runs after the POST, `after` when the operation is over.
    `alone` rows would disturb others.
    """

    where: str
    fault: str
    request: Callable[[str], Document]
    faults: tuple[Document, ...] = ()
    idle: tuple[Document, ...] = field(default=(), kw_only=True)
    expected: Document = field(default_factory=dict)
    tags: Document = field(default_factory=lambda: {"Environment": "dev"})
    post: Callable[[Case], None] | None = None
    during: Callable[[Case], None] | None = None
    after: Callable[[Case], None] | None = None
    alone: bool = False

    @property
    def operation(self) -> str:
        return str(self.request("x")["operation"])

    @property
    def name(self) -> str:
        return f"{self.where}: {self.fault} ({self.operation})"


@dataclass(frozen=True)
class Observation:
    """Hold what the table shows. RDS got `sent` acting calls, and took `acted` of them."""

    where: str
    fault: str
    operation: str
    answer: int
    execution: str
    outcome: str
    sent: int
    acted: int
    records: tuple[str, ...]
    locked: bool
    lost: bool
    archived_twice: bool
    told: str
    """The error text that the caller reads, shown when a test fails."""

    @property
    def twice(self) -> bool:
        return self.acted > 1 or self.archived_twice

    def to_document(self) -> Document:
        return asdict(self) | {"twice": self.twice}


class NotStruck(AssertionError):
    """Report that a fault came too late, as on a busy machine: the row shows nothing, good or bad."""


class Case:
    """Run a row on its own instance, so that cases can run at the same time."""

    def __init__(self, service: Service, row: Row) -> None:
        self.service = service
        self.row = row
        self.instance = service.new_instance(prefix="fault", tags=row.tags)
        self.answers: list[Answer] = []
        self.document: Document = {}
        self.earlier: list[Document] = []

    @property
    def operation_id(self) -> str:
        return next((str(a.body["operation_id"]) for a in self.answers if a.status == 202), "")

    def run(self) -> Observation:
        for fault in (*self.row.faults, *self.row.idle):
            self.inject(**fault)
        try:
            with _AT_THE_DOOR:
                (self.row.post or Case.post)(self)
            if self.row.during:
                self.row.during(self)
            if self.operation_id:
                self.document = self.service.result(self.operation_id)
            if self.row.after:
                self.row.after(self)
            self.assert_all_struck()
            self.assert_idle()
            self.heal()
            self.finish()
        finally:
            self.heal()
        return self.observe()

    def finish(self) -> None:
        """Wait until no execution runs, and the late watch has nothing to do."""
        if self.operation_id:
            self.execution()
        self.eventually(lambda: not any("unfinished" in item for item in self.items()), "the last record")
        if self.operation_id:
            self.document = self.service.result(self.operation_id)
        self._wait_for_archive()

    def _wait_for_archive(self) -> None:
        """Wait for the objects of all records; what is missing then is lost."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not all(map(self.service.archived, self.service.records(self.instance))):
            if time.monotonic() > deadline:
                return
            time.sleep(0.2)

    def inject(self, **fault: Any) -> None:
        self.service.fault(**self.here(fault))

    def here(self, fault: Document) -> Document:
        """Limit a fault that has no `matching` to this instance."""
        matching = fault.get("matching", "{instance}")
        return {**fault, "matching": matching.replace("{instance}", f"{re.escape(self.instance)}(?![0-9])")}

    def assert_all_struck(self) -> None:
        if missed := self.unstruck():
            raise NotStruck(f"{self.row.name}: {missed}")

    def wait_for_faults(self) -> None:
        self.eventually(lambda: not self.unstruck(), "the fault", NotStruck)

    def assert_idle(self) -> None:
        struck = [fault for fault in self.faults() if fault["strikes"] and self.is_idle(fault)]
        assert not struck, f"{self.row.name}: {struck}"

    def unstruck(self) -> list[Document]:
        return [fault for fault in self.faults() if not fault["strikes"] and not self.is_idle(fault)]

    def is_idle(self, fault: Document) -> bool:
        return any(self.here(idle).items() <= fault.items() for idle in self.row.idle)

    def faults(self) -> list[Document]:
        exactly = quote(f"{re.escape(self.instance)}(?!")
        found: list[Document] = self.service.switch("GET", f"{FAULTS_PATH}?contains={exactly}")
        return found

    def heal(self) -> None:
        self.service.switch("DELETE", f"{FAULTS_PATH}?contains={re.escape(self.instance)}(?!")

    def post(self, **headers: str) -> Answer:
        answer = self.service.post(self.row.request(self.instance), **headers)
        self.answers.append(answer)
        return answer

    def execution(self) -> Document:
        return self.service.execution(self.operation_id)

    def redrive(self) -> None:
        """Redrive the execution after its end, and wait until it ends again."""
        arn = self.execution()["executionArn"]
        self.assert_all_struck()
        self.heal()
        self.service.aws("stepfunctions").redrive_execution(executionArn=arn)
        self.service.ended(arn)

    def sweep(self) -> None:
        """Sweep as if the operation were due."""
        for item in self.items():
            if "due_at" in item and "ended_at" not in item:
                self.service.make_due(item["operation_id"]["S"])
        self.service.sweep()

    def sweep_until_recorded(self) -> None:
        """Sweep again if needed: SQS may have the message late, or another row's sweep may hold it."""

        def recorded() -> bool:
            self.sweep()
            return bool(self.service.records(self.instance))

        self.eventually(recorded, "the record")

    def last_look(self) -> None:
        """Sweep as if the late watch had long been over."""
        self.eventually(lambda: all("ended_at" in item for item in self.items()), "the end")
        self.wait_for_faults()
        self.service.make_due(self.operation_id)
        self.service.sweep()

    def items(self) -> list[Document]:
        return self.service.operations_on(self.instance)

    def eventually(
        self, condition: Callable[[], object], what: str, otherwise: type[AssertionError] = AssertionError
    ) -> None:
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while not condition():
            if time.monotonic() > deadline:
                raise otherwise(f"{self.row.name}: {what} did not come about")
            time.sleep(0.2)

    def observe(self) -> Observation:
        sent = self.calls()
        acted = sum(call["performed"] for call in sent)
        records = self.service.records(self.instance)
        archived = [self.service.archived(record) for record in records]
        return Observation(
            where=self.row.where,
            fault=self.row.fault,
            operation=self.row.operation,
            answer=self.answers[0].status if self.answers else 0,
            execution=self._execution_status(),
            outcome=self._outcome(),
            sent=len(sent),
            acted=acted,
            records=tuple(f"{record['event']} by {record['recorded_by']}" for record in records),
            locked=self.service.is_locked(self.instance),
            lost=self._is_lost([record["event"] for record in records], acted) or 0 in archived,
            archived_twice=any(versions > 1 for versions in archived),
            told=str(self.document.get("error", "")),
        )

    def calls(self) -> list[Document]:
        """Return the acting calls that functions sent to RDS."""
        found = self.service.switch("GET", f"{CALLS_PATH}?contains={self.instance}")
        exactly = re.compile(rf"{re.escape(self.instance)}(?![0-9])")
        return self.earlier + [call for call in found if call["by_function"] and exactly.search(call["text"])]

    def _is_lost(self, events: list[str], acted: int) -> bool:
        """Return whether an attempt, an act, an end or a later result has no record."""
        ended = events.count("completed")
        unsettled = sum("unfinished" in item for item in self.items())
        operations = len(self.items())
        return (
            not events
            or (acted > 0 and "accepted" not in events)
            or events.count("accepted") != operations
            or ended != operations
            or unsettled > 0
        )

    def _execution_status(self) -> str:
        if not self.operation_id:
            return "none"
        found = self.execution()
        return " ".join(filter(None, (found["status"], found.get("error"))))

    def _outcome(self) -> str:
        if not self.document:
            return str(self.answers[0].body.get("code", "")) if self.answers else ""
        final = self.document.get("final_status")
        return f"{self.document['status']}, {final} later" if final else str(self.document["status"])
