"""What a command shows, as rows: a Rich table on a terminal, tab-separated text in a pipe."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")
_STYLES = {"yes": "green", "available": "green", "no": "yellow", "failed": "red", "refused": "red", "timeout": "red"}
_GAP = 2


@dataclass(frozen=True)
class Column:
    """Describe a column. Where the terminal is narrow, those of the highest `rank` are left out first; 0 stays."""

    title: str
    rank: int = 0
    wraps: bool = False
    shown: int | None = None
    """How many characters a terminal shows of each cell, if not all: text in a pipe is whole."""


@dataclass(frozen=True)
class Table:
    columns: Sequence[Column]
    rows: Sequence[Sequence[str]]
    empty: str = ""
    """What a terminal shows instead of no rows."""


def cell(value: Any) -> str:
    """Return a value as one line of text. What could steer a terminal is taken out."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return _CONTROL.sub(" ", str(value))


def moment(value: Any) -> str:
    """Return a time of the service to the second, in UTC as the service has it."""
    return re.sub(r"T(\d\d:\d\d:\d\d)(\.\d+)?Z$", r" \1", cell(value))


def seconds(value: Any) -> str:
    """Return a duration as minutes and seconds."""
    if not isinstance(value, int | float):
        return "-"
    if 0 < value < 1:
        return "<0:01"
    whole = round(value)
    return (
        f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}" if whole >= 3600 else f"{whole // 60}:{whole % 60:02}"
    )


def pairs(values: dict[str, Any]) -> Table:
    """Return a document as a table of names and values."""
    return Table((Column(""), Column("", wraps=True)), [(name, cell(value)) for name, value in values.items()])


def text(table: Table) -> str:
    return "\n".join("\t".join(row) for row in table.rows)


def fitting(table: Table, width: int) -> list[int]:
    """Return the columns that fit: of the least rank all, of the others as many as there is room for."""
    kept = list(range(len(table.columns)))
    while sum(_needed(table, index) + _GAP for index in kept) > width:
        rank, index = max((table.columns[index].rank, index) for index in kept)
        if rank == 0:
            break
        kept.remove(index)
    return kept


def rich_table(table: Table, width: int) -> Any:
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(
        box=None, pad_edge=False, padding=(0, _GAP, 0, 0), show_header=any(c.title for c in table.columns)
    )
    kept = fitting(table, width)
    for index in kept:
        column = table.columns[index]
        drawn.add_column(Text(column.title), overflow="fold", no_wrap=False, header_style="bold")
    for row in table.rows:
        drawn.add_row(*(_cell(table, row, index) for index in kept))
    return drawn


def _cell(table: Table, row: Sequence[str], index: int) -> Any:
    from rich.text import Text

    return Text(row[index][: table.columns[index].shown], style=_STYLES.get(row[index], ""))


def _needed(table: Table, index: int) -> int:
    """Return the column's width; of one that wraps, what is still readable."""
    column = table.columns[index]
    widest = max((len(row[index][: column.shown]) for row in table.rows), default=0)
    return max(len(column.title), min(widest, 24) if column.wraps else widest)
