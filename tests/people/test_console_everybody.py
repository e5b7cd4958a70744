"""The console for everybody: by keyboard alone, in forced colours, at rest, and in every size and scheme.

The last test keeps a screenshot of each view in `.local/screenshots`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from local.cloud import ROOT
from tests.people.browser import Seen
from tests.people.console import CLOUDSCAPES_OWN, DESK, PHONE, WALL, confirmed, only, signed_in, view_of
from tests.workflow.service import Service, reboot_of, snapshot_of

SCREENSHOTS = ROOT / ".local" / "screenshots"
_FOCUSED = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return "";
  const label = at.labels?.[0] ?? document.getElementById(at.getAttribute("aria-labelledby")?.split(" ")[0] ?? "");
  return [at.getAttribute("aria-label"), label?.innerText, at.innerText].filter(Boolean).join(" ").trim();
}"""
_NOTE_SHIFTS = """
window.shifted = 0;
new PerformanceObserver((list) => {
  for (const { hadRecentInput, value } of list.getEntries()) if (!hadRecentInput) window.shifted += value;
}).observe({ type: "layout-shift", buffered: true });
"""
GOOD_SHIFT = 0.1
"""https://web.dev/articles/cls"""


def tab_to(page: Any, name: str, tag: str, most: int = 80) -> None:
    """Press Tab until an element of this tag and name has the focus, and see that the focus shows."""
    passed = []
    for _ in range(most):
        page.keyboard.press("Tab")
        found = page.evaluate(_FOCUSED)
        passed.append(found[:40])
        if found.lower().startswith(name.lower()) and page.evaluate("document.activeElement.tagName") == tag:
            assert page.evaluate("document.body.dataset.awsuiFocusVisible") == "true", "the focus does not show"
            return
    raise AssertionError(f"{name!r} is not reached by Tab, but {passed}")


def test_a_backup_window_is_moved_by_the_keyboard_alone(service: Service, seen: Seen) -> None:
    name = service.new_instance("keys")
    service.aws("lambda").invoke(FunctionName="rds-operations-inventory", Payload=b"{}")
    page = seen.page
    page.goto(service.outputs["console_url"] + only(name))
    page.get_by_label("API key").wait_for()  # it has the focus
    page.keyboard.type(service.outputs["api_key"])
    page.keyboard.press("Enter")
    page.get_by_role("link", name=name).wait_for()
    tab_to(page, "Name", "DIV")  # of the table, whose cells are reached by the arrows
    page.keyboard.press("ArrowDown")
    assert page.evaluate(_FOCUSED) == name
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Move the backup window").wait_for()
    tab_to(page, "Move the backup window", "A")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Backup window").wait_for()
    tab_to(page, "Backup window", "INPUT")
    page.keyboard.press("Control+A")
    page.keyboard.type("01:30-02:30")
    tab_to(page, "Check and continue", "BUTTON")
    page.keyboard.press("Enter")
    page.get_by_role("dialog").wait_for()
    tab_to(page, "Move the backup window", "BUTTON")
    page.keyboard.press("Enter")
    page.wait_for_url("**/console/#/operations/*")
    page.get_by_text(f"Backup window of {name} is done").first.wait_for()
    tab_to(page, "apikey:", "BUTTON")
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Sign out").wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_label("API key").wait_for()
    assert service.instance(name)["PreferredBackupWindow"] == "01:30-02:30"
    assert seen.problems() == []


def test_the_keyboard_stays_in_a_dialog_and_escape_leaves_it(service: Service, seen: Seen) -> None:
    name = service.new_instance("keys")
    page = signed_in(service, seen, view_of(name, "reboot_instance"))
    page.get_by_role("button", name="Check and continue").click()
    page.get_by_role("dialog").wait_for()
    for _ in range(8):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('[role=dialog]') !== null"), "the focus left the dialog"
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    assert not service.rebooted(name)


def test_in_forced_colours_a_state_is_told_by_sign_and_line(service: Service, chrome: Any) -> None:
    context = chrome.new_context(viewport=DESK, forced_colors="active")
    seen = Seen(context.new_page())
    operation = service.accepted(snapshot_of(service.new_instance()))
    page = signed_in(service, seen, f"#/operations/{operation}")
    last = page.locator("[data-look=succeeded]")
    last.wait_for()
    assert str(last.text_content()).strip().endswith("✓ Audit")
    widths = [
        page.evaluate("(at) => parseFloat(getComputedStyle(at).strokeWidth)", state.locator("rect").element_handle())
        for state in (last, page.locator("[data-look=idle]").first)
    ]
    assert widths[0] > widths[1]
    assert page.evaluate("matchMedia('(forced-colors: active)').matches")
    assert seen.axe_violations("#top") == []  # Cloudscape's own header, whose colours axe does not know forced
    assert seen.problems() == []
    context.close()


@pytest.mark.parametrize("view", ["#/instances", "#/history", "operation"])
def test_nothing_jumps_while_a_view_loads_or_an_operation_runs(service: Service, seen: Seen, view: str) -> None:
    name = service.new_instance("calm")
    seen.page.add_init_script(_NOTE_SHIFTS)
    page = signed_in(service, seen)
    if view == "operation":
        view = f"#/operations/{service.accepted(snapshot_of(name))}"
    page.goto("about:blank")
    page.goto(service.outputs["console_url"] + view)
    rows = page.locator("tbody tr").or_(page.get_by_text("Nothing of this caller fits"))
    (page.locator("[data-look=succeeded]") if "operations" in view else rows.first).wait_for()
    page.wait_for_timeout(500)
    assert page.evaluate("window.shifted") < GOOD_SHIFT


@pytest.fixture(scope="module")
def shown(service: Service) -> dict[str, str]:
    """Return each view by its address, with something to see in it."""
    allowed = service.new_instance("shown", MultiAZ=True)
    production = service.new_instance("shown-prod", {"Environment": "Production"})
    service.aws("lambda").invoke(FunctionName="rds-operations-inventory", Payload=b"{}")
    operation = service.accepted(snapshot_of(allowed))
    service.result(operation)
    assert service.post(reboot_of(production)).status == 403
    return {
        "instances": "#/instances",
        "production": view_of(production),
        "form": view_of(allowed, "create_snapshot"),
        "dialog": view_of(allowed, "reboot_instance"),
        "operation": f"#/operations/{operation}",
        "history": "#/history",
    }


def opened(page: Any, name: str) -> None:
    """Wait until the view is whole."""
    ready = {
        "instances": page.get_by_text("Reading the instances").or_(page.locator("tbody tr").first).first,
        "production": page.get_by_text("Please create a CloudOps request.").first,
        "form": page.get_by_label("Snapshot name"),
        "dialog": page.get_by_role("button", name="Check and continue"),
        "operation": page.get_by_text("The whole record").nth(1),
        "history": page.locator("tbody tr").first,
    }[name]
    ready.wait_for()
    if name == "dialog":
        page.get_by_role("button", name="Check and continue").click()
        page.get_by_role("dialog").get_by_text("all connections are interrupted").wait_for()


def sizes() -> Iterator[Any]:
    for width, size in (("phone", PHONE), ("desk", DESK), ("wall", WALL)):
        for scheme in ("light", "dark"):
            yield pytest.param(size, scheme, id=f"{width}-{scheme}")


@pytest.mark.parametrize(("size", "scheme"), list(sizes()))
def test_every_view_fits_and_can_be_read(
    service: Service, chrome: Any, shown: dict[str, str], size: dict[str, int], scheme: str
) -> None:
    context = chrome.new_context(viewport=size, color_scheme=scheme)
    seen = Seen(context.new_page())
    page = seen.page
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.goto(service.outputs["console_url"])
    page.get_by_label("API key").wait_for()
    looked_at(seen, "sign-in", size, scheme)
    signed_in(service, seen)
    for name, address in shown.items():
        page.goto("about:blank")
        page.goto(service.outputs["console_url"] + address)
        opened(page, name)
        looked_at(seen, name, size, scheme)
    assert seen.problems() == []
    context.close()


def looked_at(seen: Seen, name: str, size: dict[str, int], scheme: str) -> None:
    page = seen.page
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), f"{name} scrolls sideways"
    assert seen.axe_violations(CLOUDSCAPES_OWN) == [], name
    page.screenshot(path=str(SCREENSHOTS / f"{name}-{size['width']}-{scheme}.png"))


def test_a_confirmed_operation_can_be_followed_on_a_phone(service: Service, chrome: Any) -> None:
    name = service.new_instance()
    context = chrome.new_context(viewport=PHONE)
    seen = Seen(context.new_page())
    page = signed_in(service, seen, view_of(name, "reboot_instance"))
    confirmed(page, "Reboot")
    page.locator("[data-look=succeeded]").wait_for()
    context.close()
