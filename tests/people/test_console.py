"""The pages that the service serves itself: to whom, and the API document in a real browser."""

from __future__ import annotations

import json
import subprocess
from urllib.parse import urlsplit

import pytest

from local.cloud import REGION, ROOT
from tests.people.browser import Seen
from tests.workflow.callers import assumed, at
from tests.workflow.service import Answer, Service

APIS = {"api_url": "api_key", "iam_api_url": "iam", "cognito_api_url": "cognito"}
each_api = pytest.mark.parametrize("api", APIS)
EXAMPLES = ROOT / "docs" / "examples"


def anybody(service: Service, path: str, api: str = "api_url", **headers: str) -> Answer:
    """Ask without any credentials."""
    return at(service, api).send("GET", path, **{"x-api-key": None, "Content-Type": None, **headers})


@each_api
def test_anybody_may_see_the_pages_of_each_api(service: Service, api: str) -> None:
    assert "<title>RDS Operations" in anybody(service, "/console/", api).text
    assert anybody(service, "/console/config.json", api).body["authentication"] == APIS[api]
    document = anybody(service, "/openapi.json", api)
    assert document.body["servers"] == [{"url": service.outputs[api]}]
    assert document.headers["Access-Control-Allow-Origin"] == "*"
    assert anybody(service, "/me", api).status in (401, 403)


def test_the_outputs_name_the_page_and_it_is_found_without_its_slash(service: Service) -> None:
    assert service.outputs["console_url"] == service.outputs["api_url"] + "/console/"
    answer = anybody(service, "/console")
    start = urlsplit(service.outputs["api_url"]).path + "/console/index.html"
    assert (answer.status, answer.headers["Location"]) == (307, start)
    assert anybody(service, "/console/index.html").text == anybody(service, "/console/").text


@pytest.mark.parametrize(
    "path",
    ["..%2f..%2fhandler.py", "%2e%2e/handler.py", "../handler.py", "%2fetc%2fpasswd", "handler.py", "a//b"],
)
def test_no_path_leads_out_of_the_pages(service: Service, path: str) -> None:
    answer = anybody(service, f"/console/{path}")
    assert answer.status in (403, 404)
    assert "error" in answer.body
    assert "import" not in answer.text


def test_a_forged_host_changes_nothing(service: Service) -> None:
    forged = {"Host": "evil.example.com", "X-Forwarded-Host": "evil.example.com", "X-Forwarded-Proto": "javascript"}
    for path in ("/openapi.json", "/console", "/console/config.json"):
        assert "evil" not in str(anybody(service, path, **forged))
        assert "javascript:" not in str(anybody(service, path, **forged))


@each_api
def test_the_api_document_is_a_page(service: Service, seen: Seen, api: str) -> None:
    seen.page.goto(f"{service.outputs[api]}/console/api.html")
    seen.page.locator(".opblock").first.wait_for()
    document = anybody(service, "/openapi.json", api).body
    shown = {text.replace("\u200b", "") for text in seen.page.locator(".opblock-summary-path").all_inner_texts()}
    assert shown == set(document["paths"])
    assert seen.page.locator("#url").inner_text() == service.outputs[api]
    seen.page.locator(".info .renderedMarkdown code").first.wait_for()  # Markdown passes the policy
    seen.page.locator(".opblock-summary-control").first.click()
    seen.page.locator(".opblock-section-header").first.wait_for()  # the button is a part of it
    assert (seen.page.get_by_role("button", name="Try it out").count() == 1) is (api != "iam_api_url")
    assert seen.problems() == []


def test_a_person_can_try_a_route_on_the_page(service: Service, seen: Seen) -> None:
    page = seen.page
    page.goto(f"{service.outputs['console_url']}api.html")
    page.get_by_role("button", name="Authorize").click()
    page.locator("input[type=text], input[type=password]").last.fill(service.outputs["api_key"])
    page.locator(".auth-btn-wrapper button.authorize").click()
    page.locator(".btn-done").click()
    me = page.locator(".opblock", has=page.locator("[data-path='/me']"))
    me.locator(".opblock-summary-control").click()
    me.get_by_role("button", name="Try it out").click()
    me.get_by_role("button", name="Execute").click()
    answer = me.locator(".live-responses-table .highlight-code").first
    answer.wait_for()
    assert '"auditor"' in answer.inner_text()
    assert seen.problems() == []
    kept = page.evaluate("JSON.stringify([localStorage, sessionStorage, document.cookie])")
    assert service.outputs["api_key"] not in kept


def test_the_examples_are_on_the_page_and_readable(service: Service, seen: Seen) -> None:
    seen.page.goto(f"{service.outputs['console_url']}api.html")
    seen.page.locator(".opblock").first.wait_for()
    for summary in seen.page.locator("summary").all():
        summary.click()
    names = json.loads((EXAMPLES / "names.json").read_text())
    assert seen.page.locator("summary").all_inner_texts() == list(names.values())
    texts = [(EXAMPLES / name).read_text().strip() for name in names]
    assert [text.strip() for text in seen.page.locator("details code").all_inner_texts()] == texts
    assert seen.axe_violations("#document") == []  # Swagger UI's own colours are not ours to mend


PROGRAMS = {"curl.sh": "bash", "signed_curl.sh": "bash", "python_example.py": "python", "javascript.mjs": "node"}


def test_every_example_is_run() -> None:
    assert set(json.loads((EXAMPLES / "names.json").read_text())) == set(PROGRAMS)
    assert {path.name for path in EXAMPLES.iterdir()} == {*PROGRAMS, "names.json"}


def run(service: Service, name: str, instance: str) -> subprocess.CompletedProcess[str]:
    credentials = assumed(service, "dba", "jane.doe").credentials
    given = {
        "API": service.outputs["iam_api_url" if name.startswith("signed") else "api_url"],
        "API_KEY": service.outputs["api_key"],
        "REGION": REGION,
        "INSTANCE": instance,
        "AWS_ACCESS_KEY_ID": credentials["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": credentials["SecretAccessKey"],
        "AWS_SESSION_TOKEN": credentials["SessionToken"],
    }
    return subprocess.run(
        [PROGRAMS[name], str(EXAMPLES / name)],
        env={"PATH": f"{ROOT / '.venv' / 'bin'}:/usr/local/bin:/usr/bin:/bin", **given},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_example_follows_an_operation_to_its_end(service: Service, name: str) -> None:
    instance = service.new_instance()
    done = run(service, name, instance)
    assert (done.returncode, done.stdout) == (0, "create_snapshot: available, success: true\n"), done.stderr
    (snapshot,) = service.snapshots(instance)
    assert snapshot["Status"] == "available"


@pytest.mark.parametrize("name", PROGRAMS)
def test_an_example_shows_a_refusal_and_ends(service: Service, name: str) -> None:
    done = run(service, name, service.new_instance("prod", {"Environment": "Production"}))
    assert done.returncode != 0
    assert "production_instance" in done.stderr
