"""Attacks by way of reads and dry runs, over HTTP: probing production, and paths and hosts that lead round."""

from __future__ import annotations

import json
from typing import Any

import pytest

from local.cloud import ACCOUNT, REGION
from tests.fuzz.dimensions import metric_lines
from tests.workflow.callers import Signed, allow, assumed
from tests.workflow.service import Service, reboot_of, snapshot_of, window_of

# Each would be a list, or another route, for whoever resolves dots or decodes too early.
ASTRAY = [
    "/instances/..", "/instances/../records", "/instances/..%2Frecords", "/instances/..%2Foperations",
    "/instances/%2e%2e/me", "/instances/%2e%2e%2fme", "/instances/%252e%252e%252frecords", "/instances/x%2F..",
    "/instances/..%5Cme", "/instances/%00", "/instances/dev-1%2Frecords", "/instances/.%2e/records",
]  # fmt: skip
OTHER_SPELLINGS = [
    "/records", "//records", "/records/", "/operations/../records", "/operations/%2e%2e/records", "/operations/..",
    "/operations/..%2Frecords", "/operations/..%2Finstances", "/operations", "/instances",
    "/operations/x/../../records", "/Records", "/me", "/me?operations/x", "/instances/dev-1",
]  # fmt: skip


def refusals_counted(service: Service, instance_id: str) -> int:
    return sum("OperationsRefused" in line for line in metric_lines(service, instance_id))


def test_each_probe_of_production_by_a_dry_run_is_on_record_and_counts(service: Service) -> None:
    """The same key does not hide the second one: a dry run is no operation that could be repeated."""
    production = service.new_instance("probed", {"Environment": "production"})
    for request_of in (snapshot_of, reboot_of, window_of, reboot_of):
        answer = service.post(request_of(production) | {"dry_run": True}, Idempotency_Key=f"probe-{production}")
        assert (answer.status, answer.body["code"]) == (403, "production_instance")
    records = service.records(production)
    assert [(record["event"], record["dry_run"]) for record in records] == [("refused", True)] * 4
    assert len({record["operation_id"] for record in records}) == 4
    assert refusals_counted(service, production) == 4


@pytest.mark.parametrize("path", ASTRAY)
def test_no_name_of_an_instance_leads_elsewhere(service: Service, path: str) -> None:
    answer = service.send("GET", path)
    assert (answer.status, answer.body["code"]) in [(404, "instance_not_found"), (403, "unknown_route")]
    assert set(answer.body) <= {"error", "code", "hint"}


@pytest.fixture(scope="module")
def follower(service: Service) -> Signed:
    """Return a caller whose IAM policy allows GET /operations/{operation_id} alone."""
    api_id = service.outputs["iam_api_url"].split("/restapis/")[1].split("/")[0]
    found = assumed(service, "follower", "fay", may_call=False)
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:{api_id}/local/GET/operations/*"
    allow(service, "follower", "execute-api:Invoke", arn)
    return found


@pytest.mark.parametrize("path", OTHER_SPELLINGS)
def test_iam_no_other_spelling_opens_what_the_policy_does_not(follower: Signed, path: str) -> None:
    assert follower.send("GET", "/operations/none").status == 404
    answer = follower.send("GET", path)
    assert answer.status in (403, 404), answer
    assert not set(answer.body) & {"operations", "records", "instances", "principal"}


@pytest.mark.parametrize("path", ["/operations/", "/operations//", "/operations/%2F"])
def test_iam_a_policy_for_each_operation_opens_at_most_the_callers_own_list(
    service: Service, follower: Signed, path: str
) -> None:
    """The local cloud takes these for /operations, and IAM for what `GET/operations/*` allows."""
    service.execution(service.accepted(window_of(service.new_instance())))
    answer = follower.send("GET", path)
    assert answer.status in (200, 403, 404)
    assert answer.body.get("operations", []) == []  # of those that others began


@pytest.mark.parametrize("header", ["Host", "X-Forwarded-Host", "Forwarded", "X-Original-URL", "X-Rewrite-URL"])
def test_no_header_says_where_the_service_is(service: Service, header: str) -> None:
    """`Location` is a path. A page that follows it stays with the host that it asked."""
    instance = service.new_instance()
    said: dict[str, Any] = {header: "/records" if header.endswith("URL") else "evil.example"}
    accepted = service.send("POST", "/operations", json.dumps(window_of(instance)), **said)
    assert accepted.status == 202, accepted
    assert accepted.headers["Location"].startswith("/")
    service.execution(accepted.body["operation_id"])
    for path in ("/me", f"/operations?instance_id={instance}", f"/instances/{instance}"):
        answer = service.send("GET", path, **said)
        assert answer.status == 200
        assert ("principal" in answer.body) is (path == "/me")
        assert "evil.example" not in answer.text + json.dumps(answer.headers)
    assert "evil.example" not in json.dumps(service.records(instance), default=str)
