"""Shows on stderr how far an operation is: a live line on a terminal, a line for each change elsewhere."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from rds_ops.service import Document
from rds_ops.tables import cell, seconds

_BAR_CELLS, _SPINNER_CELLS, _GAP = 20, 2, 2


class Progress(Protocol):
    def update(self, document: Document) -> None: ...

    def tell(self, sentence: str) -> None: ...


@contextmanager
def progress(typical: float | None) -> Iterator[Progress]:
    if not sys.stderr.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        yield _Lines(typical)
        return
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True, highlight=False, markup=False, emoji=False)
    line = _Line(typical, console)
    with Live(console=console, get_renderable=line.render, refresh_per_second=4, transient=True):
        yield line


def parts(document: Document) -> list[str]:
    """Return what is to say, the most important first."""
    polls, most, percent = document.get("polls", 0), document.get("max_polls"), document.get("percent")
    told = [cell(document.get("status", "?"))]
    if document.get("finished"):
        return told
    if isinstance(percent, int | float):
        told.append(f"{percent:g} %")
    if isinstance(most, int) and isinstance(polls, int):
        told.append(f"poll {polls} of {most}, {max(0, most - polls)} left" if polls else f"{most} polls left")
    return told


class _Lines:
    def __init__(self, typical: float | None) -> None:
        self._typical = typical
        self._last = ""

    def update(self, document: Document) -> None:
        line = ", ".join(parts(document))
        if not self._last and self._typical is not None:
            line += f"; typically {seconds(self._typical)}"
        if line != self._last:
            print(line, file=sys.stderr, flush=True)
        self._last = line

    def tell(self, sentence: str) -> None:
        if sentence != self._last:
            print(cell(sentence), file=sys.stderr, flush=True)
        self._last = sentence


class _Line:
    """Draw one line that is never longer than the terminal: what does not fit is left out, from its end on."""

    def __init__(self, typical: float | None, console: Any) -> None:
        from rich.spinner import Spinner

        self._typical = typical
        self._console = console
        self._spinner = Spinner("dots" if str(console.encoding).lower().startswith("utf") else "line")
        self._began = time.monotonic()
        self._document: Document = {"status": "asking"}
        self._trouble = ""

    def update(self, document: Document) -> None:
        self._document, self._trouble = document, ""

    def tell(self, sentence: str) -> None:
        self._trouble = cell(sentence)

    def render(self) -> Any:
        from rich.text import Text

        took = seconds(time.monotonic() - self._began)
        room = self._console.width - _SPINNER_CELLS
        line = f"{took}  {self._trouble}" if self._trouble else self._told(took, room)
        self._spinner.update(text=Text(line[:room], no_wrap=True))
        return self._spinner

    def _told(self, took: str, room: int) -> str:
        line, *rest = parts(self._document)
        timed = took if self._typical is None else f"{took} of typically {seconds(self._typical)}"
        for part in (timed, *rest):
            if len(line) + _GAP + len(part) <= room:
                line += " " * _GAP + part
        return line + self._bar(room - len(line))

    def _bar(self, room: int) -> str:
        percent = self._document.get("percent")
        if not isinstance(percent, int | float) or room < _BAR_CELLS + _GAP:
            return ""
        full, empty = "━─" if str(self._console.encoding).lower().startswith("utf") else "#-"
        done = round(_BAR_CELLS * min(max(percent, 0), 100) / 100)
        return " " * _GAP + full * done + empty * (_BAR_CELLS - done)
