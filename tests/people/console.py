"""What the tests of the console share: signing in, and the views."""

from __future__ import annotations

import json
from typing import Any

from local.cloud import ACCOUNT, REGION
from tests.people.browser import Seen
from tests.workflow.service import Service

PHONE, DESK, WALL = {"width": 320, "height": 800}, {"width": 1280, "height": 900}, {"width": 2560, "height": 1200}
CLOUDSCAPES_OWN = 'nav[aria-orientation="horizontal"]'
"""The toolbar that Cloudscape makes of the list of views on a phone: the attribute does not fit the role."""


def signed_in(service: Service, seen: Seen, view: str = "") -> Any:
    page = seen.page
    page.goto(service.outputs["console_url"] + view)
    page.get_by_label("API key").fill(service.outputs["api_key"])
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="apikey:").wait_for()
    page.get_by_role("heading", level=1).wait_for()
    return page


def only(name: str) -> str:
    """Return the view with the one instance."""
    return "#/instances?filter=" + json.dumps(["and", {"propertyKey": "name", "operator": "=", "value": name}])


def view_of(name: str, operation: str = "", account: str = ACCOUNT, region: str = REGION) -> str:
    return f"#/instances/{account}/{region}/{name}" + (f"?operation={operation}" if operation else "")


def confirmed(page: Any, act: str) -> str:
    """Check and confirm the form that is open, and return the operation's id."""
    page.get_by_role("button", name="Check and continue").click()
    page.get_by_role("dialog").get_by_role("button", name=act, exact=True).click()
    page.wait_for_url("**/console/#/operations/*")
    return str(page.url.rpartition("/")[2])


def lit(page: Any, look: str) -> list[str]:
    """Return the states of the picture that look so."""
    found = page.locator(f"[data-look={look}]").all()
    return [str(state.get_attribute("data-state")) for state in found]
