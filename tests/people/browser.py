"""A real Chromium, and what a page must not do in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

from local import browser
from local.cloud import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
PATIENCE_MS = 60_000
"""For whatever a test waits for, an operation's end too: the machine may be busy."""
_NOTE_VIOLATIONS = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (found) => window.violations.push(found.violatedDirective));
"""

_STANDS_STILL = """() => document.getAnimations().every((each) =>
    each.playState !== "running" || each.effect.getComputedTiming().endTime === Infinity)"""


@contextmanager
def chromium() -> Iterator[Any]:
    """Start it, or skip the test where something is missing: nowhere in CI."""
    if lacking := browser.missing():
        pytest.skip(f"Missing: {', '.join(lacking)}")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - not installed everywhere

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser.chromium(), args=["--no-sandbox"])
        yield started
        started.close()


class Seen:
    """What one page logged, raised, and asked other hosts for."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.console: list[str] = []
        self.errors: list[str] = []
        self.outside: list[str] = []
        page.set_default_timeout(PATIENCE_MS)
        page.add_init_script(_NOTE_VIOLATIONS)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._note)

    def problems(self) -> list[str]:
        return [*self.console, *self.errors, *self.outside, *self.page.evaluate("window.violations")]

    def axe_violations(self, *but: str) -> list[str]:
        """Return what axe-core finds on the page, but for the parts that these selectors name.

        What is being faded in has too little contrast for a moment, so it waits for what moves and comes to an end.

        https://github.com/dequelabs/axe-core/blob/develop/doc/API.md
        """
        self.page.evaluate(AXE.read_text())
        self.page.wait_for_function(_STANDS_STILL)
        found = self.page.evaluate("(exclude) => axe.run({exclude})", list(but))["violations"]
        return [f"{item['id']}: {node['html']}" for item in found for node in item["nodes"]]

    def _hear(self, message: Any) -> None:
        self.console.append(f"{message.type}: {message.text} ({message.location['url']})")

    def _note(self, request: Any) -> None:
        if request.url.startswith("data:"):
            return
        if urlsplit(request.url).hostname != "127.0.0.1":
            self.outside.append(request.url)
