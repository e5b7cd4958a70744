"""The lists over HTTP, under the function's own role: whose items, pages, filters, and what is refused."""

from __future__ import annotations

import time
from functools import partial
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from local.cloud import ACCOUNT
from tests import api_document
from tests.workflow.callers import Signed, assumed, signed_in
from tests.workflow.changed_code import changed_settings
from tests.workflow.service import Answer, Service, reboot_of, window_of

Document = dict[str, Any]


def get(caller: Any, path: str, **parameters: str) -> Answer:
    query = f"?{urlencode(parameters, quote_via=quote)}" if parameters else ""
    answer: Answer = caller.send("GET", path + query)
    schema = api_document.body_schema(api_document.responses(path, "get")[str(answer.status)])
    assert api_document.problems(schema, answer.body) == []
    return answer


def all_of(caller: Any, path: str, **parameters: str) -> list[Document]:
    """Follow `next` to the end."""
    found: list[Document] = []
    token: dict[str, str] = {}
    while True:
        body = get(caller, path, **parameters, **token).body
        found += body[path.removeprefix("/")]
        if "next" not in body:
            return found
        token = {"next": body["next"]}


def done(caller: Any, instance: str, service: Service) -> str:
    post = caller.post if isinstance(caller, Service) else partial(caller.send, "POST", "/operations")
    answer = post(window_of(instance))
    assert answer.status == 202, answer
    service.execution(answer.body["operation_id"])
    return str(answer.body["operation_id"])


@pytest.fixture(scope="module")
def auditor(service: Service) -> Signed:
    """Return a session of the role that settings/local.json names an auditor."""
    return assumed(service, "auditor", "olga")


def test_callers_of_every_api_see_their_own_and_auditors_all(service: Service, auditor: Signed) -> None:
    callers = {
        "list-dba": assumed(service, "list-dba", "lisa"),
        "lars": signed_in(service, "lars"),
        "key": service,
    }
    started = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - 1))
    made = {name: done(caller, service.new_instance(), service) for name, caller in callers.items()}
    for name, caller in callers.items():
        own = {item["operation_id"] for item in all_of(caller, "/operations", **{"from": started})}
        assert own & set(made.values()) == {made[name]}
        recorded = all_of(caller, "/records", **{"from": started})
        me = get(caller, "/me").body
        assert {record["principal"] for record in recorded} == {me["principal"]}
        assert me["auditor"] is False
        refused = get(caller, "/records", principal="arn:aws:iam::111122223333:user/x")
        assert (refused.status, refused.body["code"]) == (403, "caller_not_permitted")
    seen = {item["operation_id"] for item in all_of(auditor, "/operations", **{"from": started})}
    assert seen >= set(made.values())
    assert get(auditor, "/me").body["auditor"] is True
    principal = f"arn:aws:sts::{ACCOUNT}:assumed-role/list-dba/lisa"
    of_lisa = all_of(auditor, "/records", principal=principal)
    assert [record["event"] for record in of_lisa] == ["completed", "accepted"]


def test_pages_filters_and_tokens(service: Service, auditor: Signed) -> None:
    instance = service.new_instance()
    for _ in range(3):
        done(service, instance, service)
    whole = all_of(auditor, "/records", instance_id=instance)
    assert [record["event"] for record in whole] == ["completed", "accepted"] * 3
    for size in ("1", "2", "5"):
        assert all_of(auditor, "/records", instance_id=instance, limit=size) == whole
        assert all_of(service, "/records", instance_id=instance, limit=size) == whole
    completed = all_of(auditor, "/records", instance_id=instance, event="completed")
    assert completed == whole[::2]
    token = get(auditor, "/records", instance_id=instance, limit="1").body["next"]
    for caller, more in ((service, {}), (auditor, {"event": "completed"}), (auditor, {"instance_id": "dev-1"})):
        answer = get(caller, "/records", **{"instance_id": instance, **more, "next": token})
        assert (answer.status, answer.body["code"]) == (400, "invalid_parameter")
    assert get(auditor, "/records", instance_id=instance, next=token[:-2]).status == 400
    one = all_of(auditor, "/records", operation_id=whole[0]["operation_id"])
    assert one == whole[:2]
    assert all_of(service, "/operations", instance_id=instance, finished="false") == []
    assert len(all_of(service, "/operations", instance_id=instance, finished="true")) == 3


def test_refusals_on_production(service: Service, auditor: Signed) -> None:
    production = service.new_instance("prod", {"Environment": "prod"})
    assert service.post(reboot_of(production)).status == 403
    found = all_of(auditor, "/records", event="refused", environment="production")
    assert production in [record["instance_id"] for record in found]
    assert {record["environment"] for record in found} == {"production"}
    failed = all_of(auditor, "/records", failed="true", instance_id=production)
    assert [record["result"]["code"] for record in failed] == ["production_instance"]


@pytest.mark.parametrize(
    "query",
    [
        "limit=0", "limit=1&limit=2", "from=yesterday", "from=2026-11-25T00:00:00+01:00", "scan=true", "event=%00",
        "instance_id=a%2Fb", "instance_id=%3Dcmd()", "instance_id=lock%23x", "next=..%2F..%2Foperations", "next=",
    ],
)  # fmt: skip
def test_odd_queries_are_refused(service: Service, query: str) -> None:
    answer = service.send("GET", f"/records?{query}")
    assert answer.status == 400, answer
    assert answer.body["code"] in ("invalid_request", "invalid_parameter")


@pytest.mark.parametrize("path", ["/records/x", "/records%2Fx", "/me/x", "/operations%2F..%2Frecords", "//records"])
def test_there_is_no_way_round(service: Service, path: str) -> None:
    assert service.send("GET", path, **{"x-api-key": None}).status == 403


@pytest.mark.parametrize("path", ["/operations", "/records", "/me"])
def test_without_credentials_nobody_gets_in(service: Service, path: str) -> None:
    assert service.send("GET", path, **{"x-api-key": None}).status == 403
    answer = service.send("GET", path, **{"x-api-key": "wrong"})
    assert (answer.status, answer.body["code"]) == (403, "invalid_api_key")


def test_a_caller_whom_no_permission_names_may_ask_who_they_are(service: Service) -> None:
    nobody: Document = {"group:nobody": {"operations": ["reboot_instance"]}}
    with changed_settings(service, ["lists"], "callers", permissions=nobody):
        assert get(service, "/me").body["permissions"] == []
    assert len(get(service, "/me").body["permissions"]) == 1
