"""Browsers: the preflight, and the headers of every kind of answer."""

import json

from tests.workflow.service import Service, reboot_of


def test_preflight_needs_no_key_and_allows_what_the_contract_needs(service: Service) -> None:
    for path in ("/operations", "/operations/some-id"):
        asked = {"Origin": "https://dashboard.example.com", "Access-Control-Request-Method": "POST", "x-api-key": None}
        answer = service.send("OPTIONS", path, **asked)
        assert answer.status in (200, 204)
        assert answer.headers["Access-Control-Allow-Origin"] == "*"
        assert {"GET", "POST", "OPTIONS"} <= set(answer.headers["Access-Control-Allow-Methods"].split(","))
        allowed = {name.lower() for name in answer.headers["Access-Control-Allow-Headers"].split(",")}
        assert {"content-type", "authorization", "x-api-key", "idempotency-key", "x-amz-date"} <= allowed


def test_cors_headers_on_success_on_4xx_and_on_gateway_errors(service: Service) -> None:
    instance = service.new_instance()
    accepted = service.post(reboot_of(instance))
    answers = [
        accepted,
        service.get(accepted.body["operation_id"]),
        service.post({}),
        service.post(reboot_of("no-such")),
        service.get("no-such"),
        service.send("POST", "/operations", "{"),
        service.send("POST", "/operations", "{}", **{"Content-Type": "text/plain"}),
        service.send("POST", "/operations", json.dumps({}), **{"x-api-key": "wrong"}),
        service.send("GET", "/nowhere"),
    ]
    assert [answer.status for answer in answers] == [202, 200, 400, 404, 404, 400, 415, 403, 403]
    assert {answer.headers["Access-Control-Allow-Origin"] for answer in answers} == {"*"}
    exposed = accepted.headers["Access-Control-Expose-Headers"]
    assert "Location" in exposed
    service.result(accepted.body["operation_id"])
