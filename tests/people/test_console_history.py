"""The history in the console: what was done and refused, by whom, and as a file."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from local.cloud import ACCOUNT, REGION
from tests.people.browser import Seen
from tests.people.console import CLOUDSCAPES_OWN, PHONE, signed_in
from tests.workflow.service import Service, reboot_of, snapshot_of, window_of

SCRIPT = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def done(service: Service) -> str:
    """Return an instance with two operations that are over, both of the API key."""
    name = service.new_instance("past")
    for body in (window_of(name), snapshot_of(name)):
        service.result(service.accepted(body))
    return name


def rows(page: Any, count: int) -> list[str]:
    found = page.locator("tbody tr")
    found.nth(count - 1).wait_for()
    page.get_by_text("Reading the history").wait_for(state="detached")
    return [str(text) for text in found.all_inner_texts()]


def test_the_filters_are_in_the_url_and_a_row_leads_to_its_records(service: Service, seen: Seen, done: str) -> None:
    page = signed_in(service, seen, "#/history")
    page.get_by_text("Your own, as apikey:").wait_for()
    page.get_by_role("textbox", name="Instance").fill(done.upper())
    page.get_by_role("button", name="Apply the filters").click()
    page.wait_for_url(f"**/console/#/history?instance={done}")
    snapshot, window = rows(page, 2)
    assert "Snapshot" in snapshot
    assert "Backup window" in window
    page.reload()
    assert rows(page, 2) == [snapshot, window]
    assert seen.axe_violations() == []
    page.locator("tbody a").first.click()
    page.get_by_text("The whole record").nth(1).wait_for()
    (accepted, completed) = [record for record in service.records(done) if record["operation"] == "create_snapshot"]
    page.get_by_text("The whole record").first.click()
    page.get_by_text(accepted["audit_id"]).wait_for()
    page.get_by_text("The whole record").nth(1).click()
    page.get_by_text(completed["audit_id"]).wait_for()
    assert seen.axe_violations() == []
    assert seen.problems() == []


def test_refused_requests_have_their_sentence(service: Service, seen: Seen) -> None:
    name = service.new_instance("prod", {"Environment": "Production"})
    refused = service.post(reboot_of(name))
    assert refused.status == 403
    page = signed_in(service, seen, f"#/history?instance={name}&outcome=refused")
    (row,) = rows(page, 1)
    assert refused.body["error"] in row
    assert "refused" in row
    assert seen.problems() == []


def test_only_what_failed_or_what_is_of_a_time_is_shown(service: Service, seen: Seen, done: str) -> None:
    page = signed_in(service, seen, f"#/history?instance={done}&outcome=failed")
    page.get_by_text("Nothing of this caller fits.").wait_for()
    page.get_by_role("textbox", name="From").fill("2020-01-01")
    page.get_by_role("textbox", name="To").fill("2020-01-02")
    page.get_by_role("button", name="Apply the filters").click()
    page.wait_for_url("**from=2020-01-01&to=2020-01-02**")
    page.get_by_text("Nothing of this caller fits.").wait_for()
    assert page.locator("tbody a").count() == 0
    page.get_by_role("textbox", name="From").fill("yesterday")
    page.get_by_role("button", name="Apply the filters").click()
    page.get_by_text("The history could not be read").wait_for()
    answer = service.send("GET", f"/operations?instance_id={done}&from=yesterday").body["error"]
    assert answer in page.get_by_role("main").inner_text()


def test_a_page_follows_a_page(service: Service, seen: Seen, done: str) -> None:
    def one_each(route: Any) -> None:
        route.continue_(url=route.request.url.replace("limit=25", "limit=1"))

    seen.page.route("**/operations?*", one_each)
    page = signed_in(service, seen, f"#/history?instance={done}")
    (first,) = rows(page, 1)
    page.get_by_role("link", name="Next page").click()
    page.get_by_role("link", name="First page").wait_for()
    (second,) = rows(page, 1)
    assert "Snapshot" in first
    assert "Backup window" in second
    page.reload()
    assert rows(page, 1) == [second]
    page.go_back()
    page.get_by_role("link", name="First page").wait_for(state="detached")
    assert rows(page, 1) == [first]
    assert seen.problems() == []


@pytest.mark.parametrize("forged", ["AAAA", SCRIPT, "https://evil.example.com", "../../me"])
def test_a_forged_token_is_refused(service: Service, seen: Seen, forged: str) -> None:
    seen.page.on("dialog", lambda dialog: seen.errors.append(dialog.message))
    page = signed_in(service, seen, f"#/history?next={forged}")
    page.get_by_text("The history could not be read").wait_for()
    assert page.locator("tbody a").count() == 0
    assert [problem for problem in seen.problems() if "400" not in problem] == []


def test_what_others_wrote_is_text_on_the_page_and_in_the_file(
    service: Service, seen: Seen, done: str, tmp_path: Path
) -> None:
    page = seen.page
    page.on("dialog", lambda dialog: seen.errors.append(dialog.message))
    hostile = ('=HYPERLINK("https://evil.example.com")', "+1", "-1", "@SUM(A1)", "\t=1", SCRIPT)
    (document, *_) = service.send("GET", f"/operations?instance_id={done}").body["operations"]
    many = [{**document, "operation_id": f"{done}-{n}", "requested_by": text} for n, text in enumerate(hostile)]
    page.route("**/operations?*limit=*", lambda route: route.fulfill(json={"operations": many}))
    signed_in(service, seen, "#/history")
    assert SCRIPT in rows(page, len(many))[-1]
    with page.expect_download() as begun:
        page.get_by_role("button", name="Export as CSV").click()
    begun.value.save_as(tmp_path / "history.csv")
    with (tmp_path / "history.csv").open(encoding="utf-8-sig", newline="") as file:
        exported = list(csv.DictReader(file))
    assert [row["requested_by"].removeprefix("'") for row in exported] == list(hostile)
    first = exported[0]
    assert (first["instance_id"], first["account_id"], first["region"]) == (done, ACCOUNT, REGION)
    assert json.loads(first["parameters"]) == document["parameters"]
    assert first["ended_at"] == document["ended_at"]
    assert not any(value.startswith(("=", "+", "-", "@", "\t")) for row in exported for value in row.values())
    assert seen.problems() == []


def test_an_auditor_is_told_so_and_may_ask_for_a_person(service: Service, seen: Seen) -> None:
    """The local cloud's auditors have no key, so that the page is told that this one is an auditor."""
    page = seen.page
    asked: list[str] = []
    page.route("**/me", lambda route: route.fulfill(json={**route.fetch().json(), "auditor": True}))
    page.on("request", lambda request: asked.append(request.url))
    signed_in(service, seen, "#/history")
    page.get_by_text("You are an auditor").wait_for()
    person = service.send("GET", "/me").body["principal"]
    page.get_by_label("Person, as records name them").fill(person)
    with page.expect_response(lambda answer: "principal=" in answer.url):
        page.get_by_role("button", name="Apply the filters").click()
    assert any(f"principal={person}" in url.replace("%3A", ":") for url in asked)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_history_can_be_read_on_a_phone(service: Service, chrome: Any, done: str, scheme: str) -> None:
    seen = Seen(chrome.new_page(viewport=PHONE, color_scheme=scheme))
    page = signed_in(service, seen, f"#/history?instance={done}")
    rows(page, 2)
    assert seen.axe_violations(CLOUDSCAPES_OWN) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page scrolls sideways"
    page.locator("tbody a").first.click()
    page.get_by_text("The whole record").first.click()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page scrolls sideways"
    assert seen.axe_violations(CLOUDSCAPES_OWN) == []
    assert seen.problems() == []
    page.close()
