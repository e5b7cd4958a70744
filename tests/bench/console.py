"""How soon the console is there, and how soon it follows what one does, in a real Chromium with 2,000 instances.

`python -m tests.bench.console` (ROUNDS=5). The local cloud compresses nothing, so the sizes are those of the files.
An interaction's time is the browser's own: from the event to the next paint.
https://web.dev/articles/inp
"""

from __future__ import annotations

import gzip
import json
import os
import statistics
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from stacks import console_package
from tests.bench.budgets import HEADINGS, Budget, table
from tests.local_service import passing_service
from tests.people.browser import chromium
from tests.people.console import DESK, view_of
from tests.workflow.service import Service

_INSTANCES = 2_000
_PAGE = 100
FIRST_PAINT = "first paint"
_SIZES = {"script": 420, "style": 260}
_FIRST_PAINT, _INTERACTION = 2_000, 200
_NOTE_EVENTS = """
window.interactions = [];
new PerformanceObserver((list) => {
  for (const { interactionId, duration } of list.getEntries()) if (interactionId) window.interactions.push(duration);
}).observe({ type: "event", durationThreshold: 16, buffered: true });
"""
_TWO_FRAMES = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50))))"


def main() -> None:
    rounds = int(os.environ.get("ROUNDS") or 5)
    took: dict[str, list[float]] = {}
    with passing_service() as service, chromium() as chrome:
        name = service.new_instance("bench")
        service.aws("lambda").invoke(FunctionName="rds-operations-inventory", Payload=b"{}")  # lists it
        for _ in range(rounds):
            with _opened(chrome, service) as page:
                for step, milliseconds in _steps(page, service, name):
                    took.setdefault(step, []).append(milliseconds)
    budgets = [Budget(f"{name}, compressed", _SIZES[name], size, "kB", "counted") for name, size in _sizes().items()]
    for step, many in took.items():
        most = _FIRST_PAINT if step == FIRST_PAINT else _INTERACTION
        budgets.append(Budget(step, most, statistics.median(many), "ms", "measured"))
    print(table(HEADINGS, [budget.row() for budget in budgets]))


@contextmanager
def _opened(chrome: Any, service: Service) -> Iterator[Any]:
    """Open a new page whose tab has the key, and whose list of instances comes at once."""
    context = chrome.new_context(viewport=DESK)
    kept = json.dumps(service.outputs["api_key"])
    context.add_init_script(f"sessionStorage.setItem('rds-operations.api-key', {kept}); {_NOTE_EVENTS}")
    context.route("**/instances?*", _many(service))
    yield context.new_page()
    context.close()


def _many(service: Service) -> Callable[[Any], None]:
    (listed,) = service.send("GET", "/instances?limit=1").body["instances"]
    many = [{**listed, "instance_id": f"many-{number:04}"} for number in range(_INSTANCES)]

    def answer(route: Any) -> None:
        start = int(route.request.url.partition("next=")[2] or 0)
        following = {"next": str(start + _PAGE)} if start + _PAGE < _INSTANCES else {}
        route.fulfill(json={"instances": many[start : start + _PAGE], "places": [], **following})

    return answer


def _steps(page: Any, service: Service, name: str) -> Iterator[tuple[str, float]]:
    page.goto(service.outputs["console_url"])
    page.get_by_text(f"({_INSTANCES})").wait_for()
    (paint,) = page.evaluate("performance.getEntriesByName('first-contentful-paint').map((entry) => entry.startTime)")
    yield FIRST_PAINT, paint
    engine = page.get_by_role("columnheader", name="Engine").get_by_role("button")
    yield "sort 2,000 rows", _interaction(page, lambda: engine.press("Enter"))
    yield "next page of the table", _interaction(page, page.get_by_role("button", name="Next page").click)
    finder = page.get_by_role("combobox", name="Find instances")
    yield "type into the filter", _interaction(page, lambda: finder.press_sequentially("many-1999"))
    yield "filter 2,000 rows", _interaction(page, lambda: page.keyboard.press("Enter"))
    yield (
        "open the menu of who is signed in",
        _interaction(page, lambda: page.get_by_role("button", name="apikey:").click()),
    )
    page.keyboard.press("Escape")
    page.goto(service.outputs["console_url"] + view_of(name, "modify_backup_window"))
    window = page.get_by_role("textbox", name="Backup window")
    window.wait_for()
    yield "type into the form", _interaction(page, lambda: window.press_sequentially("x"))
    check = page.get_by_role("button", name="Check and continue")
    yield "be told what is wrong in the form", _interaction(page, check.click)


def _interaction(page: Any, act: Callable[[], object]) -> float:
    """Return the longest interaction's time; 16 ms for one that the browser does not report, as it was shorter."""
    page.evaluate("window.interactions.length = 0")
    act()
    page.evaluate(_TWO_FRAMES)
    return float(max([*page.evaluate("window.interactions"), 16]))


def _sizes() -> dict[str, float]:
    """Return the kB of the first view's files, compressed."""
    files = console_package.build() / "console" / "files"
    start = (files / "index.html").read_text()
    kinds = {".js": "script", ".css": "style"}
    return {
        kinds[path.suffix]: len(gzip.compress(path.read_bytes())) / 1000
        for path in sorted(files.glob("assets/index-*"))
        if path.name in start
    }


if __name__ == "__main__":
    main()
