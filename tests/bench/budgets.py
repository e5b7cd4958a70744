"""The budgets, and how today's figures stand to them."""

from __future__ import annotations

from dataclasses import dataclass

NOISE = 0.06
"""A measured figure holds its budget up to so much above it; what is counted, or follows from counts, has none."""


@dataclass(frozen=True)
class Budget:
    """`how`: `measured` here, `counted`, `simulated`, or `modelled` from counts and list prices."""

    what: str
    target: float
    found: float
    unit: str
    how: str

    @property
    def holds(self) -> bool:
        return self.found <= self.target * (1 + (NOISE if self.how == "measured" else 1e-9))

    @property
    def verdict(self) -> str:
        if self.holds:
            return "held"
        return f"missed by {self.found / self.target - 1:.0%}" if self.target else "missed"

    def row(self) -> tuple[str, ...]:
        return self.what, _figure(self.target), _figure(self.found), self.unit, self.how, self.verdict


HEADINGS = ("budget", "target", "today", "unit", "how", "")


def table(headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """Return the rows in columns; what is not in the first one or the last one to the right."""
    widths = [max(len(row[column]) for row in [headings, *rows]) for column in range(len(headings))]
    last = len(headings) - 1

    def line(row: tuple[str, ...]) -> str:
        cells = [
            cell.ljust(width) if column in (0, last) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    return "\n".join(map(line, [headings, *rows]))


def _figure(value: float) -> str:
    return f"{value:.0f}" if value == int(value) else f"{value:.3f}" if value < 0.1 else f"{value:.2f}"
