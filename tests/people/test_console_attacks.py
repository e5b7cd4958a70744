"""Other origins against the console, in a real browser: they neither frame it, nor reach it, nor call in its name."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import unquote

import pytest

from stacks.log_queries import QUERIES
from tests.people.browser import Seen
from tests.people.console import signed_in
from tests.workflow.service import Service, reboot_of

FETCH = """async ([url, request]) => {
  const said = [];
  for (const credentials of ["omit", "include"]) {
    const answer = await fetch(url, { ...request, credentials }).catch((error) => error);
    said.push(answer.status ?? answer.name);
  }
  return said;
}"""


@pytest.fixture
def evil() -> Iterator[str]:
    """Return the address of a page of another origin, which frames what its query names."""

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            framed = unquote(self.path.partition("?")[2])
            body = f'<!doctype html><title>other</title><iframe src="{framed}"></iframe>'.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_no_other_page_frames_it(service: Service, seen: Seen, evil: str) -> None:
    page = seen.page
    page.goto(f"{evil}?{service.outputs['console_url']}", wait_until="load")
    (frame,) = page.frames[1:]
    assert frame.url.startswith("chrome-error://")
    assert any("frame-ancestors" in line for line in seen.console)


def test_another_origin_cannot_call_in_its_name(service: Service, seen: Seen, evil: str) -> None:
    name = service.new_instance()
    page = signed_in(service, seen)
    assert page.context.cookies() == []
    page.goto(evil)
    request = {"method": "POST", "body": json.dumps(reboot_of(name)), "headers": {"Content-Type": "application/json"}}
    assert page.evaluate(FETCH, [service.outputs["api_url"] + "/operations", request]) == [403, "TypeError"]
    assert not service.rebooted(name)
    assert service.operations_on(name) == []


def test_whoever_opens_it_holds_nothing_of_it(service: Service, seen: Seen, evil: str) -> None:
    page = seen.page
    page.goto(evil)
    with page.expect_popup() as opened:
        page.evaluate("(url) => { window.it = window.open(url); }", service.outputs["console_url"])
    popup = opened.value
    popup.get_by_label("API key").wait_for()
    assert popup.evaluate("window.opener") is None
    assert page.evaluate("window.it.closed"), "the browsing contexts are apart"
    popup.close()


def test_links_lead_to_the_execution_and_the_logs_where_the_service_runs_on_aws(service: Service, seen: Seen) -> None:
    """The local service stands behind another name here, as that of an API on AWS."""
    operation = service.accepted(reboot_of(service.new_instance()))
    service.result(operation)
    page, site = seen.page, "https://abc.execute-api.eu-west-1.example.com"

    def forward(route: Any) -> None:
        route.fulfill(response=route.fetch(url=route.request.url.replace(site, service.cloud.endpoint)))

    page.route(f"{site}/**", forward)
    page.goto(service.outputs["console_url"].replace(service.cloud.endpoint, site) + f"#/operations/{operation}")
    page.get_by_label("API key").fill(service.outputs["api_key"])
    page.get_by_role("button", name="Sign in").click()
    links = page.get_by_role("link", name="In AWS's console")
    links.nth(1).wait_for()
    execution, logs = (str(link.get_attribute("href")) for link in links.all())
    assert execution.startswith("https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/v2/executions/")
    assert execution.endswith(operation)
    query = QUERIES["one-operation"]
    assert query.text.replace("<operation id>", operation) in decoded(logs)
    assert f"source~(~'{query.log_group})" in decoded(logs)
    assert logs.startswith(
        "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:logs-insights"
    )


def decoded(link: str) -> str:
    """Undo what AWS's console does to a query in its links: `$` for `%`, then `*` and two digits."""
    return re.sub(r"\*([0-9a-f]{2})", lambda found: chr(int(found[1], 16)), unquote(link.replace("$", "%")))
