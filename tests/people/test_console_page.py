"""The console in a real browser: getting in, and what may be done with which instance."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from local.cloud import ACCOUNT, REGION, ROOT
from stacks import console_package
from tests.people.browser import Seen
from tests.people.console import CLOUDSCAPES_OWN, DESK, PHONE, WALL, only, signed_in
from tests.workflow.service import Service

SCRIPT_IN_A_TAG = "<img src=x onerror=alert(1)>"
MOST_OF_SCRIPT, MOST_OF_STYLE = 420_000, 260_000


@pytest.fixture(scope="module")
def names(service: Service) -> dict[str, str]:
    """Make one instance for each answer, and have the service list them."""
    made = {
        "development": service.new_instance("page-dev"),
        "production": service.new_instance("page-prod", {"Environment": "Production"}),
        "untagged": service.new_instance("page-none", {}),
        "hostile": service.new_instance("page-hostile", {"Environment": SCRIPT_IN_A_TAG}),
    }
    service.aws("lambda").invoke(FunctionName="rds-operations-inventory", Payload=b"{}")
    return made


def test_the_key_lets_in_and_is_kept_for_the_tab_alone(service: Service, seen: Seen, names: dict[str, str]) -> None:
    page = signed_in(service, seen, only(names["development"]))
    row = page.get_by_role("row", name=names["development"])
    row.wait_for()
    assert "Snapshot, Reboot, Backup window" in row.inner_text()
    assert service.outputs["api_key"] not in page.evaluate("JSON.stringify([localStorage, document.cookie, location])")
    page.reload()
    row.wait_for()
    other = page.context.new_page()
    other.goto(service.outputs["console_url"])
    other.get_by_label("API key").wait_for()
    page.get_by_role("button", name="apikey:").click()
    page.get_by_role("menuitem", name="Sign out").click()
    page.get_by_label("API key").wait_for()
    assert page.evaluate("sessionStorage.length") == 0
    assert seen.problems() == []


def test_what_is_not_ready_is_not_said_to_be(service: Service, seen: Seen) -> None:
    name = service.new_instance("not-ready")
    service.aws("rds").stop_db_instance(DBInstanceIdentifier=name)
    service.aws("lambda").invoke(FunctionName="rds-operations-inventory", Payload=b"{}")
    page = signed_in(service, seen, only(name))
    page.get_by_text("Once it is ready: Snapshot, Reboot, Backup window").wait_for()
    page.get_by_role("link", name=name).click()
    page.get_by_text("Nothing.").wait_for()
    page.get_by_text("Start it first.").first.wait_for()
    assert seen.axe_violations() == []
    assert seen.problems() == []


def test_what_the_state_lets_begin_is_told_apart(service: Service, seen: Seen) -> None:
    """The listed state is put into the table: the local cloud has no instance that optimizes its storage."""
    name = service.new_instance("not-all-ready")
    service.aws("lambda").invoke(FunctionName="rds-operations-inventory", Payload=b"{}")
    service.aws("dynamodb").update_item(
        TableName=service.outputs["inventory_table"],
        Key={"instance_id": {"S": name}, "place": {"S": f"{ACCOUNT}#{REGION}"}},
        UpdateExpression="SET #status = :seen",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":seen": {"S": "storage-optimization"}},
        ConditionExpression="attribute_exists(#status)",
    )
    page = signed_in(service, seen, only(name))
    page.get_by_text("Snapshot, Backup window; once it is ready: Reboot").wait_for()
    assert seen.problems() == []


def test_a_wrong_key_is_refused_and_not_kept(service: Service, seen: Seen) -> None:
    page = seen.page
    page.goto(service.outputs["console_url"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Enter the API key.").wait_for()
    page.get_by_label("API key").fill("not-a-key-of-this-api")
    page.keyboard.press("Enter")
    page.get_by_text("The API does not know this key.").wait_for()
    assert page.evaluate("sessionStorage.length") == 0
    assert seen.axe_violations() == []
    assert all("403" in problem for problem in seen.problems())


def test_a_key_that_was_withdrawn_leads_back_to_the_sign_in(
    service: Service, seen: Seen, names: dict[str, str]
) -> None:
    page = signed_in(service, seen)
    withdrawn = {"status": 403, "json": {"error": "The API key is wrong.", "code": "invalid_api_key"}}
    page.route("**/instances?*", lambda route: route.fulfill(**withdrawn))
    page.get_by_role("button", name="Read the instances again").click()
    page.get_by_text("The API key is wrong.").wait_for()
    assert page.get_by_label("API key").is_visible()
    assert page.evaluate("sessionStorage.length") == 0


def test_without_the_network_it_says_so_and_tries_again(service: Service, seen: Seen, names: dict[str, str]) -> None:
    page = signed_in(service, seen, only(names["development"]))
    page.get_by_role("row", name=names["development"]).wait_for()
    page.context.set_offline(True)
    page.get_by_role("button", name="Read the instances again").click()
    page.get_by_text("The service cannot be reached.").wait_for()
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    page.get_by_text("The service cannot be reached.").wait_for(state="detached")
    page.get_by_role("row", name=names["development"]).wait_for()


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("production", "Operations not allowed on production instances. Please create a CloudOps request."),
        ("untagged", "untagged"),
    ],
)
def test_why_not_is_one_click_away(service: Service, seen: Seen, names: dict[str, str], kind: str, said: str) -> None:
    name = names[kind]
    page = signed_in(service, seen, only(name))
    page.get_by_role("button", name=f"Why not, for {name}").click()
    text = page.get_by_role("dialog").inner_text()
    refused = service.post({"operation": "reboot_instance", "instance_id": name, "dry_run": True}).body
    assert refused["error"] in text
    assert refused.get("hint", "") in text
    assert said in text or said == kind
    assert seen.axe_violations() == []
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="hidden")
    assert seen.problems() == []


def test_what_is_filtered_and_sorted_is_in_the_url(service: Service, seen: Seen, names: dict[str, str]) -> None:
    page = signed_in(service, seen)
    page.get_by_role("combobox", name="Find instances").fill("page-")
    page.keyboard.press("Enter")
    page.get_by_text(f"{len(names)} matches").first.wait_for()
    page.get_by_role("columnheader", name="Environment").get_by_role("button").press("Enter")
    page.get_by_role("columnheader", name="Environment").get_by_role("button").press("Enter")
    rows = page.locator("tbody tr")
    shown = rows.all_inner_texts()
    assert names["untagged"] in shown[0] + shown[1]
    page.wait_for_url("**sort=-environment**")
    page.reload()
    page.get_by_text(f"{len(names)} matches").first.wait_for()
    assert rows.all_inner_texts() == shown
    assert seen.problems() == []


@pytest.mark.parametrize(
    "hostile",
    [
        "#/instances?filter=%3Cscript%3E&sort=__proto__&page=-1e9",
        '#/instances?filter=["and",{"propertyKey":"__proto__","operator":":","value":"<img src=x onerror=alert(1)>"}]',
        "#/instances?filter=[null]&page=NaN&sort=-",
        "#javascript:alert(1)",
        "#//evil.example.com/?next=https://evil.example.com",
    ],
)
def test_a_hostile_link_does_nothing(service: Service, seen: Seen, names: dict[str, str], hostile: str) -> None:
    """Neither before the instances are read nor afterwards."""
    page = seen.page
    page.on("dialog", lambda dialog: seen.errors.append(dialog.message))
    page.goto(service.outputs["console_url"] + hostile)
    page.get_by_label("API key").fill(service.outputs["api_key"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="apikey:").wait_for()
    page.get_by_text("Listed at").or_(page.get_by_text("There is no such view")).wait_for()  # the rows have come
    assert seen.problems() == []


def test_a_view_that_breaks_says_so_and_the_others_work(service: Service, seen: Seen) -> None:
    page = seen.page
    page.route("**/instances?*", lambda route: route.fulfill(json={"instances": [None], "places": []}))
    page.goto(service.outputs["console_url"])
    page.get_by_label("API key").fill(service.outputs["api_key"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_text("Unexpected error").wait_for()
    page.get_by_role("link", name="History").click()
    page.get_by_text("Your own, as").wait_for()


def test_script_in_a_tag_is_text(service: Service, seen: Seen, names: dict[str, str]) -> None:
    seen.page.on("dialog", lambda dialog: seen.errors.append(dialog.message))
    page = signed_in(service, seen, only(names["hostile"]))
    page.get_by_role("button", name=f"Why not, for {names['hostile']}").click()
    page.get_by_role("dialog").wait_for()
    assert page.locator("img[src=x]").count() == 0
    assert seen.problems() == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESK, WALL], ids=lambda size: str(size["width"]))
def test_the_table_can_be_read_in_each_scheme_and_size(
    service: Service, chrome: Any, names: dict[str, str], scheme: str, size: dict[str, int]
) -> None:
    page = chrome.new_page(viewport=size, color_scheme=scheme)
    seen = Seen(page)
    view = only(names["development"])  # other tests' instances would fill the first page
    signed_in(service, seen, view).get_by_role("row", name=names["development"]).wait_for()
    assert seen.axe_violations(CLOUDSCAPES_OWN) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "the page scrolls sideways"
    assert seen.problems() == []
    page.close()


def test_two_thousand_instances_are_read_and_filtered(service: Service, seen: Seen, names: dict[str, str]) -> None:
    assert names, "one of them is listed"
    page = seen.page
    listed = service.send("GET", "/instances?limit=1").body["instances"][0]
    many = [{**listed, "instance_id": f"many-{number:04}"} for number in range(2000)]

    def answered(route: Any) -> None:
        start = int(route.request.url.partition("next=")[2] or 0)
        following = {"next": str(start + 100)} if start + 100 < len(many) else {}
        route.fulfill(json={"instances": many[start : start + 100], "places": [], **following})

    page.route("**/instances?*", answered)
    signed_in(service, seen)
    page.get_by_text("(2000)").wait_for()
    finder = page.get_by_role("combobox", name="Find instances")
    finder.fill("many-")
    page.get_by_role("option").nth(3).wait_for()
    assert page.get_by_role("option").count() < 100, "each letter typed would draw all names anew"
    finder.fill("many-1999")
    page.keyboard.press("Enter")
    page.get_by_text("(1/2000)").wait_for()
    assert page.locator("tbody tr").count() == 1
    assert seen.problems() == []


def test_where_only_signatures_count_the_page_says_how_to_get_in(service: Service, seen: Seen) -> None:
    seen.page.goto(f"{service.outputs['iam_api_url']}/console/")
    seen.page.get_by_text("rds-ops instances").wait_for()
    assert seen.page.get_by_label("API key").count() == 0
    assert seen.axe_violations() == []
    assert seen.problems() == []


def test_the_first_view_is_small() -> None:
    files = console_package.build() / "console" / "files"
    page = (files / "index.html").read_text()
    sizes = {
        path.suffix: len(gzip.compress(path.read_bytes())) for path in files.glob("assets/index-*") if path.name in page
    }
    assert sizes[".js"] < MOST_OF_SCRIPT
    assert sizes[".css"] < MOST_OF_STYLE


def test_the_page_brings_its_own_fonts() -> None:
    styles = next((console_package.build() / "console" / "files" / "assets").glob("index-*.css")).read_text()
    assert "url(data:font/woff2" in styles
    assert "url(http" not in styles
    assert (ROOT / "console" / "index.html").read_text().count("<script ") == 1
