"""What a page of a list costs among 10,000 records of one instance, one caller and one day.

`python -m tests.bench.pages` prints time and read units. Moto answers in the same process, in Python, so its time is
shown apart: the function's own is the rest. Read units are DynamoDB's rule: half a unit for each 4 KB that a query
reads, and for each item of a batch, of eventually consistent reads.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
"""

from __future__ import annotations

import importlib
import json
import math
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto import mock_aws

from rds_operations.aws.dynamodb import to_attributes
from rds_operations.model import clock
from rds_operations.records.audit_record import Event, audit_record
from rds_operations.records.operation_item import operation_item
from rds_operations.rules.classification import Environment, Verdict
from rds_operations.settings.callers import CallerSettings
from tests.builders import ACCOUNT, ROLE_SESSION, a_list_event, a_request
from tests.functions.calls import Calls
from tests.functions.fake_aws import AUDIT_TABLE, ENVIRONMENT, OPERATIONS_TABLE, Clients, FakeAws

Document = dict[str, Any]
RECORDS = 10_000
_AUDITOR = f"arn:aws:sts::{ACCOUNT}:assumed-role/Auditor/olga"
_VERDICT = Verdict(Environment.DEVELOPMENT, "tag Environment=dev")
PAGES: dict[str, tuple[str, str, dict[str, str]]] = {
    "own records": ("/records", ROLE_SESSION, {}),
    "own records, 100": ("/records", ROLE_SESSION, {"limit": "100"}),
    "own records, by a filter that fits none": ("/records", ROLE_SESSION, {"status": "none"}),
    "own operations": ("/operations", ROLE_SESSION, {}),
    "an instance's records": ("/records", _AUDITOR, {"instance_id": "dev-1"}),
    "a day's records": ("/records", _AUDITOR, {}),
    "a day's refusals on production": ("/records", _AUDITOR, {"event": "refused", "environment": "production"}),
    "one operation's records": ("/records", _AUDITOR, {"operation_id": "dev-1-create-snapshot-05000"}),
    "what is open": ("/operations", _AUDITOR, {"finished": "false"}),
}


@dataclass
class Cost:
    """`calls` to DynamoDB, of which each reads for `read_units`; `aws` is the seconds that its stand-in took."""

    calls: int = 0
    read_units: float = 0
    aws: float = 0
    _begun: float = 0

    def begin(self, **_event: Any) -> None:
        self._begun = time.perf_counter()

    def answered(self, parsed: Document, **_event: Any) -> None:
        self.aws += time.perf_counter() - self._begun
        self.calls += 1
        if "Responses" in parsed:
            self.read_units += sum(_units(size(item)) for items in parsed["Responses"].values() for item in items)
        else:
            self.read_units += max(0.5, _units(sum(map(_stored_size, parsed["Items"]))))


def size(item: Document) -> int:
    """Return an item's bytes: names and values."""
    return sum(len(name) + len(str(next(iter(value.values()))).encode()) for name, value in item.items())


_SIZES: dict[str, int] = {}
"""Of each record as stored: a query reads it whole, also where it returns a few attributes."""


def _stored_size(item: Document) -> int:
    return _SIZES.get(item.get("audit_id", {}).get("S", ""), size(item))


def _units(read: int) -> float:
    return math.ceil(read / 4096) / 2


def main() -> int:
    os.environ.update(ENVIRONMENT)
    with mock_aws():
        aws = FakeAws(Clients(), {}, Calls(), pytest.MonkeyPatch())
        aws.create_all()
        began = time.perf_counter()
        for number in range(RECORDS):
            _put(aws.dynamodb, number)
        print(f"{RECORDS} records of one instance, caller and day; made in {time.perf_counter() - began:.0f} s\n")
        print("| page | items | calls | read units | ms of the function | ms of the stand-in for DynamoDB |")
        print("|---|---|---|---|---|---|")
        for row in _rows():
            print("| " + " | ".join(row) + " |", flush=True)
    return 0


def _put(client: Any, number: int) -> None:
    """Put a record; every second is an operation's opening, half of which are over, and every fourth a refusal."""
    moment = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(milliseconds=number)
    operation_id = f"dev-1-create-snapshot-{number:05}"
    request = a_request(operation_id=operation_id, instance_id="dev-1", requested_at=clock.to_text(moment))
    event = (Event.ACCEPTED, Event.COMPLETED, Event.ACCEPTED, Event.REFUSED)[number % 4]
    result = {"success": event is not Event.REFUSED, "status": "available", "note": "n" * 200}
    record = audit_record(request, event, result, moment, _VERDICT)
    attributes = to_attributes(record)
    _SIZES[str(record["audit_id"])] = size(attributes)
    client.put_item(TableName=AUDIT_TABLE, Item=attributes)
    if event is Event.ACCEPTED:
        item = operation_item(request, _VERDICT, moment, moment)
        if number % 4 == 0:
            item |= {"ended_at": clock.to_text(moment), "result": "{}"}
            del item["unfinished"]
        client.put_item(TableName=OPERATIONS_TABLE, Item=to_attributes(item))


def _rows() -> Iterator[tuple[str, ...]]:
    module: Any = importlib.import_module("lists.handler")
    object.__setattr__(module.lists, "callers", CallerSettings(auditors=(f"arn:aws:iam::{ACCOUNT}:role/Auditor",)))
    events = module.client.meta.events
    for name, (route, principal, parameters) in PAGES.items():
        event = a_list_event(route, dict(parameters), authentication="iam", userArn=principal)
        module.handler(event, None)  # warm
        cost = Cost()
        events.register_first("before-call", cost.begin)
        events.register_last("after-call", cost.answered)
        began = time.perf_counter()
        answer = module.handler(event, None)
        took = time.perf_counter() - began
        events.unregister("before-call", cost.begin)
        events.unregister("after-call", cost.answered)
        shown = json.loads(answer["body"])[route.removeprefix("/")]
        own, aws = 1000 * (took - cost.aws), 1000 * cost.aws
        yield name, str(len(shown)), str(cost.calls), f"{cost.read_units:g}", f"{own:.0f}", f"{aws:.0f}"


if __name__ == "__main__":
    sys.exit(main())
