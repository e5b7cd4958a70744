"""Every route of docs/openapi.json by every way to authenticate, about an instance of every account and Region."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

import pytest

from local.cloud import ACCOUNT, OTHER_ACCOUNT, OTHER_REGION, REGION
from tests import api_document
from tests.workflow.callers import assumed, at, signed_in
from tests.workflow.service import Answer, Document, Service, window_of

Place = tuple[str, str]
PLACES = [(account, region) for account in (ACCOUNT, OTHER_ACCOUNT) for region in (REGION, OTHER_REGION)]
URLS = {"api_key": "api_url", "iam": "iam_api_url", "cognito": "cognito_api_url"}
WITHOUT_CREDENTIALS = {"api_key": 403, "iam": 403, "cognito": 401}


@dataclass
class Visitor:
    """One caller, with an instance in each place and an operation on it, begun by this caller."""

    service: Service
    send: Callable[[str, str, Any], Answer]
    instances: dict[Place, str]
    begun: dict[Place, str] = field(default_factory=dict)

    def ask(self, method: str, route: str, body: Document | None = None, query: Any = (), **names: str) -> Document:
        """Return the answer's body, which must be of a success and as the document says."""
        path = route.format(**names) + (f"?{urlencode(query)}" if query else "")
        answer = self.send(method, path, body)
        assert answer.status < 300, answer
        schema = api_document.body_schema(api_document.responses(route, method.lower())[str(answer.status)])
        assert api_document.problems(schema, answer.body) == []
        found: Document = answer.body
        return found

    def operation(self, place: Place) -> str:
        """Return the id of the operation there, which has ended. The first to ask begins it."""
        if place not in self.begun:
            request = window_of(self.instances[place]) | chosen(place)
            self.begun[place] = self.ask("POST", "/operations", request)["operation_id"]
            self.service.execution(self.begun[place])
        return self.begun[place]


def chosen(place: Place) -> dict[str, str]:
    return {"account_id": place[0], "region": place[1]}


def told(document: Document) -> Place:
    """Return where it says that its instance is: home goes without saying."""
    return document.get("account_id", ACCOUNT), document.get("region", REGION)


@pytest.fixture(scope="module")
def visitors(service: Service) -> dict[str, Visitor]:
    callers: dict[str, Any] = {"iam": assumed(service, "visitor", "vera"), "cognito": signed_in(service, "vera")}
    made = {
        mode: {place: service.new_instance("visited", account=place[0], region=place[1]) for place in PLACES}
        for mode in URLS
    }
    taken = service.aws("lambda").invoke(FunctionName="rds-operations-inventory", Payload=b"{}")
    assert "FunctionError" not in taken
    return {
        "api_key": Visitor(service, lambda method, path, body: by_key(service, method, path, body), made["api_key"]),
        **{mode: Visitor(service, caller.send, made[mode]) for mode, caller in callers.items()},
    }


def by_key(service: Service, method: str, path: str, body: Document | None) -> Answer:
    return service.post(body) if method == "POST" else service.send(method, path)


def start(visitor: Visitor, place: Place) -> None:
    """A dry run says what the request would be answered; the request then acts there and nowhere else."""
    request = window_of(visitor.instances[place]) | chosen(place)
    would = visitor.ask("POST", "/operations", {**request, "dry_run": True})
    assert (would["accepted"], would["environment"], would["warnings"]) == (True, "development", [])
    document = visitor.service.stored_result(visitor.operation(place))
    assert document["success"] is True
    there = visitor.service.instance(visitor.instances[place], *place)
    assert there["PreferredBackupWindow"] == request["parameters"]["backup_window"]


def follow(visitor: Visitor, place: Place) -> None:
    operation_id = visitor.operation(place)
    document = visitor.ask("GET", "/operations/{operation_id}", operation_id=operation_id)
    assert (document["operation_id"], document["success"], told(document)) == (operation_id, True, place)


def list_operations(visitor: Visitor, place: Place) -> None:
    operation_id = visitor.operation(place)
    found = visitor.ask("GET", "/operations", query={"instance_id": visitor.instances[place]})["operations"]
    assert [(document["operation_id"], told(document)) for document in found] == [(operation_id, place)]


def list_records(visitor: Visitor, place: Place) -> None:
    visitor.operation(place)
    found = visitor.ask("GET", "/records", query={"instance_id": visitor.instances[place]})["records"]
    assert [(record["event"], told(record)) for record in found] == [("completed", place), ("accepted", place)]
    assert {record["principal"] for record in found} == {visitor.ask("GET", "/me")["principal"]}


def list_instances(visitor: Visitor, place: Place) -> None:
    found = visitor.ask("GET", "/instances", query={**chosen(place), "limit": 100})
    assert {told(instance) for instance in found["instances"]} == {place}
    (own,) = [item for item in found["instances"] if item["instance_id"] == visitor.instances[place]]
    assert (own["environment"], own["allowed"]) == ("development", True)
    assert [(told(listed), listed["seen_at"] is not None) for listed in found["places"]] == [(place, True)]


def one_instance(visitor: Visitor, place: Place) -> None:
    found = visitor.ask("GET", "/instances/{instance_id}", query=chosen(place), instance_id=visitor.instances[place])
    assert (found["instance_id"], told(found), found["allowed"]) == (visitor.instances[place], place, True)
    without = visitor.ask("GET", "/instances/{instance_id}", instance_id=visitor.instances[place])
    assert told(without) == place


def who_am_i(visitor: Visitor, place: Place) -> None:
    assert place in [told(known) for known in visitor.ask("GET", "/me")["places"]]


ROUTES: dict[tuple[str, str], Callable[[Visitor, Place], None]] = {
    ("POST", "/operations"): start,
    ("GET", "/operations/{operation_id}"): follow,
    ("GET", "/operations"): list_operations,
    ("GET", "/records"): list_records,
    ("GET", "/instances"): list_instances,
    ("GET", "/instances/{instance_id}"): one_instance,
    ("GET", "/me"): who_am_i,
}
each_mode = pytest.mark.parametrize("mode", URLS)
each_route = pytest.mark.parametrize("route", ROUTES, ids=" ".join)


def test_the_table_has_every_route() -> None:
    paths = api_document.document()["paths"]
    assert set(ROUTES) == {(method.upper(), path) for path, methods in paths.items() for method in methods}


@pytest.mark.parametrize("place", PLACES, ids="/".join)
@each_mode
@each_route
def test_it_works(visitors: dict[str, Visitor], route: tuple[str, str], mode: str, place: Place) -> None:
    ROUTES[route](visitors[mode], place)


@each_mode
def test_each_mode_is_what_me_says(visitors: dict[str, Visitor], mode: str) -> None:
    assert visitors[mode].ask("GET", "/me")["authentication"] == mode


@each_mode
@each_route
def test_without_credentials_nobody_gets_in(service: Service, route: tuple[str, str], mode: str) -> None:
    method, path = route
    named = path.format(operation_id="any", instance_id="any")
    answer = at(service, URLS[mode]).send(method, named, "{}" if method == "POST" else None, **{"x-api-key": None})
    assert answer.status == WITHOUT_CREDENTIALS[mode], answer
