"""Compares the simulation's tables (`tests/simulation/dynamodb.py`) with moto's: each call is made on both."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from datetime import datetime, timedelta
from itertools import product
from typing import Any, ClassVar

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from rds_operations.aws.inventory_table import Inventory, Seen
from rds_operations.aws.operation_store import OperationStore
from rds_operations.model import clock
from rds_operations.model.errors import TableBusy, TableUnavailable
from rds_operations.model.place import Place
from rds_operations.model.progress import Progress
from rds_operations.model.refusals import invalid_parameter
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.records.audit_record import Recorder
from rds_operations.records.operation_item import Unfinished
from rds_operations.records.outcome import FAILED, Outcome
from rds_operations.settings.deployment import Deployment
from tests.builders import DEVELOPMENT, HOME, MOMENT, OTHER_REGION, a_request, an_instance
from tests.functions.fake_aws import INVENTORY_TABLE, OPERATIONS_TABLE, FakeAws
from tests.simulation.awserror import AwsError
from tests.simulation.dice import Thrown
from tests.simulation.dynamodb import KEYS, Tables
from tests.simulation.world import World

Document = dict[str, Any]
ELSEWHERE = Place(HOME.account_id, OTHER_REGION)
ORDERS = (
    a_request("create_snapshot", operation_id="first", idempotency_key="key", instance_id="one"),
    a_request("reboot_instance", operation_id="second", idempotency_key="key", instance_id="one"),
    a_request("reboot_instance", operation_id="third", request_id="", instance_id="one"),
)
ENDED: Document = {"status": "failed", "success": False, "duration_seconds": 1.0, "code": "try_again"}
OPEN_END = Outcome(ENDED, FAILED, unsettled=True)
NO_LAG = Thrown(0.0)
Action = Callable[[OperationStore, OperationRequest, datetime], object]


class Both:
    """Make every call on moto and on the model, which must answer the same."""

    def __init__(self) -> None:
        self.client = boto3.client("dynamodb")
        self.tables = Tables(World(), lambda *_written: None)
        self.made = 0
        self._on_moto = self.client._make_api_call  # type: ignore[attr-defined]
        self.client._make_api_call = self._call  # type: ignore[attr-defined]

    def items(self, table: str) -> list[Document]:
        found: list[Document] = self._on_moto("Scan", {"TableName": table})["Items"]
        return found

    def _call(self, action: str, params: Document) -> Document:
        self.made += 1
        given = deepcopy(params)
        modelled = _answer(lambda: self.tables.call(action, given, NO_LAG))
        answer: Document | ClientError
        try:
            answer = self._on_moto(action, params)
        except ClientError as error:
            answer = error
        assert modelled == _essence(answer), (action, params)
        if isinstance(answer, ClientError):
            raise answer
        return answer


def _answer(call: Callable[[], Document]) -> object:
    try:
        return _essence(call())
    except AwsError as error:
        return error.code, [reason["Code"] for reason in error.more.get("CancellationReasons", [])]


def _essence(answer: Document | ClientError) -> object:
    if isinstance(answer, ClientError):
        reasons = answer.response.get("CancellationReasons", [])
        return answer.response["Error"]["Code"], [reason["Code"] for reason in reasons]
    return answer.get("Item"), answer.get("Items")


def _handed_over_at(store: OperationStore, request: OperationRequest) -> str:
    stored = store.operation(request.operation_id)
    return stored.handed_over_at if stored else ""


def _close(store: OperationStore, request: OperationRequest, now: datetime) -> None:
    stored = store.operation(request.operation_id)
    acted_at = stored.acting_at if stored else ""
    store.close(request, DEVELOPMENT, OPEN_END, now, Recorder.OPERATION, acted_at=acted_at)


ACTIONS: dict[str, Action] = {
    "open": lambda store, request, now: store.open(request, DEVELOPMENT, now),
    "hand over": lambda store, request, now: store.hand_over(request, now),
    "claim": lambda store, request, now: store.claim(request, OPERATIONS[request.operation], now),
    "give back": lambda store, request, now: store.give_back(request, MOMENT),
    "take over": lambda store, request, now: store.take_over(request),
    "advance": lambda store, request, now: store.advance(request, Progress("creating"), now.minute, now),
    "close": _close,
    "close as never begun": lambda store, request, now: store.close(
        request, DEVELOPMENT, Outcome(ENDED, FAILED), now, Recorder.SWEEP, acted_at="", handed_over_at=""
    ),
    "close as handed over": lambda store, request, now: store.close(
        request,
        DEVELOPMENT,
        Outcome(ENDED, FAILED),
        now,
        Recorder.SWEEP,
        acted_at="",
        handed_over_at=_handed_over_at(store, request),
    ),
    "record_final_status": lambda store, request, now: store.record_final_status(
        request, DEVELOPMENT, ENDED, ENDED, now, Recorder.LATE_WATCH
    ),
    "refuse": lambda store, request, now: store.record_refusal(
        request, invalid_parameter("no"), now, DEVELOPMENT, Recorder.ADMISSION, for_good=now.minute % 2 == 0
    ),
    "look": lambda store, request, now: (
        store.lock_holder(request, now),
        store.owner_of_key(request.idempotency_key),
        store.is_known(request.operation_id),
        store.is_refused(request.operation_id),
        store.was_last(request),
    ),
    "overdue": lambda store, request, now: [list(store.overdue(kind, now)) for kind in Unfinished],
}
steps = st.tuples(st.sampled_from(sorted(ACTIONS)), st.sampled_from(ORDERS), st.sampled_from([0, 1, 5, 7, 59]))
# No shrinking: a failed example says which call it was.
slow = settings(
    max_examples=12,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def both(aws: FakeAws) -> Callable[[], Both]:
    """Return empty tables for each example."""

    def empty() -> Both:
        found = Both()
        for table, keys in KEYS.items():
            for item in found.items(table):
                found._on_moto("DeleteItem", {"TableName": table, "Key": {name: item[name] for name in keys}})
        return found

    return empty


def assert_equal_items(both: Both) -> None:
    for table, keys in KEYS.items():
        expected = {tuple(item[name]["S"] for name in keys): item for item in both.items(table)}
        assert both.tables.items[table] == expected


@slow
@given(taken=st.lists(steps, min_size=5, max_size=25))
def test_the_ledger_writes_and_reads_the_same(
    both: Callable[[], Both], taken: list[tuple[str, OperationRequest, int]]
) -> None:
    here = both()
    store = OperationStore(here.client, Deployment.from_env())
    for name, request, minutes in [("open", ORDERS[0], 0), ("claim", ORDERS[0], 0), *taken]:
        with suppress(TableBusy, TableUnavailable):
            ACTIONS[name](store, request, MOMENT + timedelta(minutes=minutes))
    assert here.made > 3
    assert_equal_items(here)


class Watched(OperationStore):
    called: ClassVar[set[str]] = set()

    def __getattribute__(self, name: str) -> Any:
        type(self).called.add(name)
        return super().__getattribute__(name)


def test_every_call_of_the_ledger_is_among_these(both: Callable[[], Both]) -> None:
    store = Watched(both().client, Deployment.from_env())
    for action in ACTIONS.values():
        with suppress(TableBusy, TableUnavailable):
            action(store, ORDERS[0], MOMENT)
    methods = {
        name for name in dir(OperationStore) if not name.startswith("_") and callable(getattr(OperationStore, name))
    }
    assert methods - store.called == set()


def seen(name: str, place: Place = HOME) -> Seen:
    return Seen.from_listing(place, an_instance(DBInstanceIdentifier=name), DEVELOPMENT, MOMENT)


def test_the_inventory_writes_and_reads_the_same(both: Callable[[], Both]) -> None:
    here = both()
    inventory = Inventory(here.client, INVENTORY_TABLE)
    for place in (HOME, ELSEWHERE):
        for name in ("b", "a"):
            inventory.put(seen(name, place))
    inventory.mark_gone(seen("a"), MOMENT)
    inventory.mark_gone(seen("never seen"), MOMENT)
    inventory.mark_listed(HOME, MOMENT)
    assert inventory.listed_at() == {HOME: clock.to_text(MOMENT)}
    assert inventory.places("a") == [ELSEWHERE]
    assert len(inventory.places("b")) == 2
    assert {found.instance_id: found.gone for found in inventory.at(HOME)} == {
        "a": True,
        "b": False,
        "never seen": True,
    }
    assert_equal_items(here)


# Random conditions on random items.

names = st.sampled_from(["one", "two", "absent"])
TEXTS: list[Document] = [{"S": text} for text in ("", "9", "10", "a")]
NUMBERS: list[Document] = [{"N": str(number)} for number in (-1, 9, 10, 200)]
SIGNS = ("=", "<>", "<", "<=", ">", ">=")
# One type in each example, because moto cannot order two. For those, see test_models.
examples = st.sampled_from([TEXTS, NUMBERS]).flatmap(
    lambda values: st.tuples(
        st.dictionaries(st.sampled_from(["one", "two"]), st.sampled_from(values)), st.sampled_from(values)
    )
)
exists = st.builds("attribute_{}exists({})".format, st.sampled_from(["", "not_"]), names)
compares = st.builds("{} {} {}".format, names, st.sampled_from(SIGNS), st.just(":value"))
leaves = exists | compares
conditions = st.recursive(
    leaves | st.builds("NOT {}".format, leaves),
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["AND", "OR"]), inner),
        st.builds("{} AND {} OR {}".format, inner, inner, inner),
    ),
    max_leaves=4,
)


@settings(slow, max_examples=60)
@given(
    example=examples,
    condition=conditions,
    update=st.sampled_from(["SET one = :value", "REMOVE one, absent", "SET two = :value REMOVE one"]),
)
def test_conditions_and_updates_do_the_same(
    both: Callable[[], Both], example: tuple[Document, Document], condition: str, update: str
) -> None:
    item, value = example
    if ":value" not in update + condition:
        return  # DynamoDB refuses an unused value
    here = both()
    key = {"operation_id": {"S": "it"}}
    here.client.put_item(TableName=OPERATIONS_TABLE, Item=key | item)
    with suppress(ClientError):
        here.client.update_item(
            TableName=OPERATIONS_TABLE,
            Key=key,
            UpdateExpression=update,
            ConditionExpression=condition,
            ExpressionAttributeValues={":value": value},
        )
    assert_equal_items(here)


@pytest.mark.parametrize(
    ("values", "signs"),
    [(TEXTS, SIGNS), (NUMBERS, SIGNS), ([{"S": "9"}, {"N": "9"}, {"BOOL": True}, {"S": "True"}], ("=", "<>"))],
)
def test_values_compare_the_same(both: Callable[[], Both], values: list[Document], signs: tuple[str, ...]) -> None:
    here = both()
    for one, sign, other in product(values, signs, values):
        put: Any = {"TableName": OPERATIONS_TABLE, "Item": {"operation_id": {"S": "it"}, "one": one}}
        here.client.put_item(**put)
        with suppress(ClientError):
            here.client.put_item(
                **put, ConditionExpression=f"one {sign} :other", ExpressionAttributeValues={":other": other}
            )
    assert here.made == 2 * len(values) ** 2 * len(signs)


def test_a_put_replaces_the_whole_item(both: Callable[[], Both]) -> None:
    here = both()
    for name in ("one", "two"):
        item: Document = {"operation_id": {"S": "it"}, name: {"S": "any"}}
        here.client.put_item(TableName=OPERATIONS_TABLE, Item=item)
    assert_equal_items(here)


@pytest.mark.parametrize(
    ("update", "more"),
    [
        ("SET one = :value REMOVE one", {}),
        ("SET one = :value, one = :value", {}),
        ("SET operation_id = :value", {}),
        ("SET one = :other", {}),
        ("REMOVE one", {}),
        ("SET one = :value", {"ExpressionAttributeNames": {"#one": "one"}}),
    ],
)
def test_what_is_malformed_is_taken_by_neither(both: Callable[[], Both], update: str, more: Document) -> None:
    here = both()
    call = {
        "TableName": OPERATIONS_TABLE,
        "Key": {"operation_id": {"S": "it"}},
        "UpdateExpression": update,
        "ExpressionAttributeValues": {":value": {"S": "any"}},
        **more,
    }
    with pytest.raises(ClientError, match="ValidationException"):
        here._on_moto("UpdateItem", call)
    with pytest.raises(AssertionError):
        here.tables.call("UpdateItem", call, NO_LAG)
    assert here.tables.items[OPERATIONS_TABLE] == {}
