"""Signing in to the console with the user pool, in a real browser."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.people.browser import Seen
from tests.workflow import callers
from tests.workflow.service import Service


def signed_in(service: Service, seen: Seen, name: str, view: str = "", *groups: str) -> Any:
    callers.signed_in(service, name, *groups)
    page = seen.page
    page.goto(f"{service.outputs['cognito_api_url']}/console/{view}")
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(callers._PASSWORD)
    page.locator("button[type=submit], input[type=submit]").first.click()
    page.wait_for_url("**/console/**")
    page.get_by_role("button", name=name).or_(page.get_by_role("heading", name="History")).first.wait_for()
    return page


def test_a_person_signs_in_stays_in_and_signs_out(service: Service, seen: Seen) -> None:
    page = signed_in(service, seen, "paula", "#/history")
    page.get_by_role("heading", name="History").wait_for()
    page.wait_for_url("**/console/#/history")
    kept = page.evaluate("JSON.stringify([localStorage, document.cookie, location.href])")
    tokens = json.loads(page.evaluate("Object.entries(sessionStorage).find(([name]) => name.includes('user:'))[1]"))
    assert tokens["id_token"] not in kept
    assert "code=" not in kept
    page.reload()
    page.get_by_role("heading", name="History").wait_for()
    icon = f"{service.cloud.endpoint}/favicon.ico"  # which the emulator's sign-in page has not
    assert [problem for problem in seen.problems() if not problem.endswith(f"({icon})")] == []
    page.get_by_role("button", name="paula").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.wait_for_url("**/console/")
    page.get_by_role("button", name="Sign in").wait_for()
    assert "id_token" not in page.evaluate("JSON.stringify(sessionStorage)")


def test_an_auditor_sees_everybodys_history(service: Service, seen: Seen) -> None:
    page = signed_in(service, seen, "olaf", "#/history", "auditors")
    page.get_by_text("You are an auditor").wait_for()


def test_an_expired_token_leads_back_to_the_sign_in(service: Service, seen: Seen) -> None:
    page = signed_in(service, seen, "edda", "#/history")
    page.get_by_text("Your own, as").wait_for()
    expired = {"status": 401, "json": {"error": "The identity token has expired."}}
    page.route("**/operations?*", lambda route: route.fulfill(**expired))
    page.get_by_role("button", name="Read the history again").click()
    page.get_by_text("The identity token has expired.").wait_for()
    page.get_by_role("button", name="Sign in").wait_for()
    assert "id_token" not in page.evaluate("JSON.stringify(sessionStorage)")


@pytest.mark.parametrize("sent", ["code=stolen&state=forged", "error=access_denied&state=forged"])
def test_an_answer_that_this_tab_did_not_ask_for_is_not_taken(service: Service, seen: Seen, sent: str) -> None:
    page = seen.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{service.outputs['cognito_api_url']}/console/?{sent}")
    page.get_by_role("button", name="Sign in").wait_for()
    page.get_by_text("That sign-in was not begun in this tab, or could not be completed. Sign in again.").wait_for()
    assert "forged" not in page.url
    assert seen.axe_violations() == []
    assert not any("oauth2/token" in url for url in asked)
    assert page.evaluate("sessionStorage.length") == 0
