"""What is told of a running operation, on a line that never breaks."""

import io

import pytest
from rich.console import Console

from rds_ops.progress import _Line, parts
from rds_ops.tables import seconds
from tests.cli.answers import DONE, RUNNING


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, ["creating", "30 %", "poll 1 of 10, 9 left"]),
        ({"percent": None, "polls": 0}, ["creating", "10 polls left"]),
        ({"polls": 11}, ["creating", "30 %", "poll 11 of 10, 0 left"]),
        ({"max_polls": None}, ["creating", "30 %"]),
    ],
)
def test_the_parts_of_a_running_operation(changed: dict[str, object], expected: list[str]) -> None:
    assert parts({**RUNNING, **changed}) == expected


def test_an_ended_operation_has_nothing_left() -> None:
    assert parts(DONE) == ["available"]


@pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
@pytest.mark.parametrize("width", [20, 40, 80, 120])
def test_the_line_fits(width: int, encoding: str) -> None:
    written = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    console = Console(file=written, width=width, force_terminal=True, color_system=None)
    line = _Line(65.0, console)
    line.update(RUNNING)
    console.print(line.render())
    (shown,) = written.buffer.getvalue().decode(encoding).splitlines()
    assert len(shown) <= width
    assert "creating" in shown
    assert ("typically 1:05" in shown) == (width > 20)
    assert ("9 left" in shown) == (width >= 80), shown


def test_trouble_takes_the_place_of_the_state() -> None:
    console = Console(file=io.StringIO(), width=60, force_terminal=True, color_system=None)
    line = _Line(None, console)
    line.tell("The connection was lost.")
    with console.capture() as shown:
        console.print(line.render())
    assert "The connection was lost." in shown.get()
    line.update(RUNNING)
    with console.capture() as shown:
        console.print(line.render())
    assert "lost" not in shown.get()


@pytest.mark.parametrize(
    ("value", "expected"), [(0, "0:00"), (0.4, "<0:01"), (59.5, "1:00"), (65, "1:05"), (3661, "1:01:01"), (None, "-")]
)
def test_durations(value: float | None, expected: str) -> None:
    assert seconds(value) == expected
