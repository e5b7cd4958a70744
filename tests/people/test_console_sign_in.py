"""Signing in to the console with the user pool, in a real browser."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from local.extensions.faults import FAULTS_PATH
from tests.people.browser import Seen
from tests.people.console import DESK, confirmed, view_of
from tests.workflow import callers
from tests.workflow.service import Service, window_of


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
    assert "forged" not in page.url
    assert seen.axe_violations() == []
    assert not any("oauth2/token" in url for url in asked)
    assert page.evaluate("sessionStorage.length") == 0


_KEPT = "Object.entries(sessionStorage).find(([name]) => name.includes('user:'))"

_CHANGE = "sessionStorage.setItem(name, JSON.stringify({ ...JSON.parse(text), ...changed }));"


def kept(page: Any) -> dict[str, Any]:
    """Return what the tab has of its sign-in."""
    found: dict[str, Any] = json.loads(page.evaluate(f"{_KEPT}[1]"))
    return found


def keep(page: Any, **changed: Any) -> None:
    """Change what the tab has, as time would."""
    page.evaluate(f"([changed]) => {{ const [name, text] = {_KEPT}; {_CHANGE} }}", [changed])


@pytest.mark.parametrize("seconds", [20, -20], ids=["about to end", "ended"])
def test_a_token_is_renewed_and_the_view_stays(service: Service, seen: Seen, seconds: int) -> None:
    page = signed_in(service, seen, f"renate{abs(seconds) + seconds}", "#/history")
    first = kept(page)["id_token"]
    keep(page, expires_at=int(time.time()) + seconds)
    with page.expect_response("**/oauth2/token") as renewed:
        page.reload()
    assert renewed.value.status == 200
    page.get_by_text("Your own, as").wait_for()
    deadline = time.monotonic() + 30
    while kept(page)["id_token"] == first:
        assert time.monotonic() < deadline, "the token is the old one"
        page.wait_for_timeout(100)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.headers.get("authorization", "")))
    page.get_by_role("button", name="Read the history again").click()
    page.get_by_text("Your own, as").wait_for()
    page.wait_for_timeout(300)
    assert kept(page)["id_token"] in asked
    assert page.url.endswith("/console/#/history")


def test_a_sign_in_that_cannot_be_renewed_is_said_to_have_ended_and_leads_back_to_the_view(
    service: Service, seen: Seen
) -> None:
    page = signed_in(service, seen, "ulla", "#/history")
    keep(page, expires_at=int(time.time()) - 20, refresh_token="withdrawn")
    page.reload()
    page.get_by_text("Your sign-in has ended.").wait_for()
    assert page.evaluate(_KEPT) is None
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[name=username]").fill("ulla")
    page.locator("input[name=password]").fill(callers._PASSWORD)
    page.locator("button[type=submit], input[type=submit]").first.click()
    page.wait_for_url("**/console/#/history")
    page.get_by_text("Your own, as").wait_for()


def test_after_a_session_has_ended_the_operation_is_still_followed(service: Service, seen: Seen) -> None:
    """API Gateway itself refuses the token here."""
    name = service.new_instance("session")
    page = signed_in(service, seen, "sonja", view_of(name, "reboot_instance"))
    service.fault(matching=f".*{name}", point="operation:Wait", effect="hold")
    operation = confirmed(page, "Reboot")
    page.locator("[data-look=running]").wait_for()
    keep(page, id_token="e30.e30.e30")
    page.reload()
    page.get_by_role("button", name="Sign in").wait_for()
    service.switch("DELETE", f"{FAULTS_PATH}?contains={name}")
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[name=username]").fill("sonja")
    page.locator("input[name=password]").fill(callers._PASSWORD)
    page.locator("button[type=submit], input[type=submit]").first.click()
    page.wait_for_url(f"**/console/#/operations/{operation}")
    page.locator("[data-look=succeeded]").wait_for(timeout=60_000)


def test_an_auditor_sees_what_others_did_and_others_do_not(service: Service, seen: Seen, chrome: Any) -> None:
    name = service.new_instance("watched")
    service.result(service.accepted(window_of(name)))  # by the API key
    page = signed_in(service, seen, "olivia", f"#/history?instance={name}", "auditors")
    page.get_by_text("You are an auditor").wait_for()
    page.locator("tbody tr").get_by_text(name).wait_for()
    page.locator("tbody a").first.click()
    page.get_by_text("The whole record").nth(1).wait_for()
    context = chrome.new_context(viewport=DESK)
    other = signed_in(service, Seen(context.new_page()), "nils", f"#/history?instance={name}")
    other.get_by_text("Nothing of this caller fits.").wait_for()
    assert other.locator("tbody a").count() == 0
    context.close()
