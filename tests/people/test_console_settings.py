"""What the settings make of the console, in a real browser."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.people.browser import Seen
from tests.people.console import confirmed, signed_in, view_of
from tests.people.test_console_sign_in import signed_in as signed_in_to_the_pool
from tests.workflow.service import Service

PRODUCTION = {"Environment": "Production"}
FORM = "https://requests.example.com/cloudops?kind=database"


def told(seen: Seen, **settings: str) -> None:
    """Let the page read these settings besides those that the service has."""

    def answer(route: Any) -> None:
        response = route.fetch()
        route.fulfill(response=response, body=json.dumps({**response.json(), **settings}))

    seen.page.route("**/console/config.json", answer)


def test_a_refusal_that_names_a_request_links_to_its_form(service: Service, seen: Seen) -> None:
    production = service.new_instance("asked-prod", PRODUCTION)
    told(seen, cloudops_url=FORM)
    page = signed_in(service, seen, view_of(production))
    link = page.get_by_role("link", name="Create a CloudOps request").first
    link.wait_for()
    assert link.get_attribute("href") == FORM
    assert link.get_attribute("target") == "_blank"
    assert "noopener" in link.get_attribute("rel")
    assert seen.axe_violations() == []


def test_without_a_form_the_words_stand_alone(service: Service, seen: Seen) -> None:
    page = signed_in(service, seen, view_of(service.new_instance("asked-prod", PRODUCTION)))
    page.get_by_text("Please create a CloudOps request.").first.wait_for()
    assert page.get_by_role("link", name="CloudOps").count() == 0


@pytest.mark.parametrize("title", ["Databases of Example Ltd", "<img src=x onerror=alert(1)>"])
def test_the_page_has_the_title_that_it_was_given(service: Service, seen: Seen, title: str) -> None:
    told(seen, title=title)
    page = signed_in(service, seen)
    assert page.title() == title
    page.get_by_role("link", name=title, exact=True).wait_for()
    assert seen.problems() == []


def test_what_is_asked_here_says_so_on_record(service: Service, seen: Seen) -> None:
    """So the stage tells the workflow and the functions which app client is the page's."""
    name = service.new_instance("asked-dev")
    page = signed_in_to_the_pool(service, seen, "carla", view_of(name, "modify_backup_window"))
    page.get_by_role("textbox", name="Backup window").fill("01:30-02:30")
    operation = confirmed(page, "Move the backup window")
    page.get_by_text("is done").wait_for()
    records = [record for record in service.records(name) if record["operation_id"] == operation]
    assert [json.loads(record["user_identity"])["application"] for record in records] == ["console", "console"]
