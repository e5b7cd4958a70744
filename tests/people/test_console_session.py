"""How a session goes on and how it ends: tokens that are renewed or refused, keys that are withdrawn, other origins."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.people.browser import Seen
from tests.people.console import signed_in as signed_in_by_key
from tests.people.test_console_sign_in import signed_in
from tests.workflow import callers
from tests.workflow.service import Service, snapshot_of

ENDED = "Your sign-in has ended. Sign in again, and the page shows this view again."
_AGE = """([seconds]) => {
  const [name, text] = Object.entries(sessionStorage).find(([name]) => name.includes("user:"));
  const user = JSON.parse(text);
  user.expires_at = Math.floor(Date.now() / 1000) + seconds;
  sessionStorage.setItem(name, JSON.stringify(user));
}"""
_TOKEN = "JSON.parse(Object.entries(sessionStorage).find(([name]) => name.includes('user:'))[1]).id_token"
REFUSED = {"status": 400, "json": {"error": "invalid_grant"}, "headers": {"Access-Control-Allow-Origin": "*"}}


def again(page: Any, name: str) -> None:
    """Sign in once more from the page that is shown."""
    page.get_by_role("button", name="Sign in").click()
    page.locator("input[name=username]").fill(name)
    page.locator("input[name=password]").fill(callers._PASSWORD)
    page.locator("button[type=submit], input[type=submit]").first.click()
    page.wait_for_url("**/console/**")


def renewals(page: Any) -> list[str]:
    """Collect the bodies with which the page asks for new tokens."""
    found: list[str] = []

    def note(request: Any) -> None:
        if "oauth2/token" in request.url and "refresh_token" in (request.post_data or ""):
            found.append(request.url)

    page.on("request", note)
    return found


@pytest.mark.parametrize("left", [30, -30], ids=["near its end", "over"])
def test_a_token_is_renewed_before_the_next_call_and_the_view_stays(service: Service, seen: Seen, left: int) -> None:
    """The page reads the tab's tokens when it is loaded, so that a reload makes it believe the time that is left."""
    page = signed_in(service, seen, f"renewed{left}", "#/history?outcome=failed")
    asked = renewals(page)
    page.evaluate(_AGE, [left])
    page.reload()
    page.get_by_text("Your own, as").wait_for()
    assert page.url.endswith("#/history?outcome=failed")
    assert len(asked) == 1, "all calls of the view share one renewal"
    assert page.evaluate("sessionStorage.length") > 0


def test_a_refused_renewal_leads_to_the_sign_in_and_back_to_the_view(service: Service, seen: Seen) -> None:
    page = signed_in(service, seen, "refused", "#/history?outcome=failed")
    page.route("**/oauth2/token", lambda route: route.fulfill(**REFUSED))
    page.evaluate(_AGE, [-1])
    page.reload()
    page.get_by_text(ENDED).wait_for()
    assert "id_token" not in page.evaluate("JSON.stringify(sessionStorage)")
    assert seen.axe_violations() == []
    page.unroute("**/oauth2/token")
    again(page, "refused")
    page.get_by_text("Your own, as").wait_for()
    assert page.url.endswith("#/history?outcome=failed")


def test_without_the_network_a_renewal_ends_no_session(service: Service, seen: Seen) -> None:
    page = signed_in(service, seen, "unplugged", "#/history")
    page.route("**/oauth2/token", lambda route: route.abort())
    page.evaluate(_AGE, [-1])
    page.reload()
    page.get_by_text("The service cannot be reached.").wait_for()
    page.unroute("**/oauth2/token")
    page.reload()
    page.get_by_text("Your own, as").wait_for()


def test_an_operation_is_followed_again_after_a_session_that_ended(service: Service, seen: Seen) -> None:
    name = service.new_instance("followed")
    service.hold(name)
    person = callers.signed_in(service, "wanda")
    operation = person.send("POST", "/operations", snapshot_of(name)).body["operation_id"]
    page = seen.page
    page.goto(f"{service.outputs['cognito_api_url']}/console/#/operations/{operation}")
    again(page, "wanda")
    page.locator("[data-state=Wait][data-look=running]").wait_for()
    expired = {"status": 401, "json": {"error": "The identity token has expired."}}
    page.route("**/operations/*", lambda route: route.fulfill(**expired))
    page.get_by_text("The identity token has expired.").wait_for()
    page.unroute("**/operations/*")
    again(page, "wanda")
    page.wait_for_url(f"**/console/#/operations/{operation}")
    page.locator("[data-state=Wait][data-look=running]").wait_for()
    service.let_go(name)
    page.locator("[data-look=succeeded]").wait_for()


def test_an_auditor_sees_what_others_did_and_they_do_not(service: Service, seen: Seen) -> None:
    name = service.new_instance("watched")
    service.result(service.accepted(snapshot_of(name)))
    page = signed_in(service, seen, "audrey", f"#/history?instance={name}", "auditors")
    page.get_by_text("You are an auditor").wait_for()
    page.locator("tbody a").first.wait_for()
    page.get_by_role("button", name="audrey").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.get_by_role("button", name="Sign in").wait_for()
    page = signed_in(service, seen, "norma", f"#/history?instance={name}")
    page.get_by_text("Your own, as").wait_for()
    page.get_by_text("Nothing of this caller fits.").wait_for()
    assert page.locator("tbody a").count() == 0


_FRAME = "<iframe src='{}'></iframe>"
_ASK = """async ([url, body]) => {
  const credentials = await fetch(url + "/me", {credentials: "include"}).then((a) => a.status, () => "unreadable");
  const headers = {"Content-Type": "text/plain"};
  const options = {method: "POST", credentials: "include", headers, body, mode: "no-cors"};
  const sent = await fetch(url + "/operations", options).then((answer) => answer.type, () => "failed");
  return [credentials, sent];
}"""
OTHER = "http://other.example.com"


def another(seen: Seen, text: str) -> Any:
    """Open a page of another origin."""
    page = seen.page.context.new_page()
    page.route(f"{OTHER}/**", lambda route: route.fulfill(body=text, content_type="text/html"))
    page.goto(f"{OTHER}/")
    return page


def test_another_origin_cannot_frame_the_page(service: Service, seen: Seen) -> None:
    signed_in_by_key(service, seen)
    page = another(seen, _FRAME.format(service.outputs["console_url"]))
    (frame,) = page.frames[1:]
    page.wait_for_load_state("networkidle")
    assert frame.url.startswith("chrome-error:")
    assert "RDS" not in frame.content()


def test_another_origin_has_no_credentials_of_the_browser(service: Service, seen: Seen) -> None:
    name = service.new_instance("elsewhere")
    signed_in_by_key(service, seen)
    page = another(seen, "elsewhere")
    asked = page.evaluate(_ASK, [service.outputs["api_url"], json.dumps(snapshot_of(name))])
    assert asked[0] == "unreadable"
    assert service.operations_on(name) == []
    assert seen.page.context.cookies() == []


def test_another_origin_that_opens_the_page_cannot_reach_it(service: Service, seen: Seen) -> None:
    page = another(seen, "elsewhere")
    with page.expect_popup() as opened:
        page.evaluate("(url) => { window.found = window.open(url); }", service.outputs["console_url"])
    opened.value.get_by_label("API key").wait_for()
    assert opened.value.evaluate("window.opener") is None
    assert page.evaluate("window.found.closed"), "to the opener it is a window that is gone"
