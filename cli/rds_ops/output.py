"""Prints a result on stdout: JSON exactly as the service has it, a table, text, or what --query makes of it."""

from __future__ import annotations

import csv
import io
import json
import sys
from typing import Any

from rds_ops.failures import ExitCode, Failure
from rds_ops.tables import Column, Table, cell, fitting, rich_table, text
from rds_ops.voice import say

JSON, TABLE, TEXT, CSV = "json", "table", "text", "csv"
FORMATS = (JSON, TABLE, TEXT)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class Output:
    """Know the format. On a terminal it is a table, in a pipe text, unless --output says otherwise."""

    def __init__(self, chosen: str, query: str) -> None:
        self.format = chosen or (TABLE if sys.stdout.isatty() else TEXT)
        self._query = _compiled(query) if query else None

    @property
    def for_people(self) -> bool:
        return self.format == TABLE and self._query is None

    def show(self, document: Any, table: Table) -> None:
        if self._query is not None:
            self._show_found(self._query.search(document))
        elif self.format == JSON:
            _print_json(document)
        elif self.format == TEXT:
            if table.rows:
                print(text(table))
        else:
            self._draw(table)

    def show_refusal(self, body: Any) -> None:
        """Print the service's own answer where a program reads JSON; people get the sentence."""
        if self.format == JSON and self._query is None and isinstance(body, dict):
            _print_json(body)

    def _show_found(self, found: Any) -> None:
        rows = _rows(found)
        if self.format == JSON or rows is None:
            _print_json(found)
        elif self.format == TABLE and found and isinstance(found, list) and isinstance(found[0], dict):
            titles = list(dict.fromkeys(name for item in found for name in item))
            self._draw(
                Table([Column(cell(t)) for t in titles], [[cell(item.get(t)) for t in titles] for item in found])
            )
        else:
            print("\n".join("\t".join(row) for row in rows))

    def _draw(self, table: Table) -> None:
        if not table.rows and table.empty:
            print(table.empty)
            return
        from rich.console import Console

        console = Console(highlight=False, markup=False, emoji=False)
        console.print(rich_table(table, console.width))
        kept = fitting(table, console.width)
        if lacking := [column.title for index, column in enumerate(table.columns) if index not in kept]:
            say(f"No room for {', '.join(lacking)}: --output text has all.")


def csv_text(table: Table) -> str:
    """Return RFC 4180 with a header. A spreadsheet takes no cell for a formula: each such begins with an apostrophe."""
    written = io.StringIO()
    writer = csv.writer(written)
    writer.writerow([column.title for column in table.columns])
    writer.writerows([[neutral(value) for value in row] for row in table.rows])
    return written.getvalue()


def neutral(value: str) -> str:
    return f"'{value}" if value.startswith(_FORMULA) else value


def _rows(found: Any) -> list[list[str]] | None:
    """Return rows of plain values as the AWS CLI prints them, or None for what is nested deeper."""
    items = found if isinstance(found, list) else [found]
    if all(_is_plain(item) for item in items):
        return [[cell(item) for item in items]]
    rows = [list(item.values()) if isinstance(item, dict) else item for item in items]
    if all(isinstance(row, list) and all(map(_is_plain, row)) for row in rows):
        return [[cell(value) for value in row] for row in rows]
    return None


def _is_plain(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _print_json(document: Any) -> None:
    encoding = (getattr(sys.stdout, "encoding", "") or "ascii").lower().replace("-", "")
    print(json.dumps(document, indent=2, ensure_ascii=encoding != "utf8"))


def _compiled(query: str) -> Any:
    import jmespath  # type: ignore[import-untyped]

    try:
        return jmespath.compile(query)
    except jmespath.exceptions.JMESPathError as error:
        why = str(error).splitlines()[0].rstrip(".")
        raise Failure(
            ExitCode.USAGE, f"--query is no JMESPath expression: {why}.", "Examples: https://jmespath.org"
        ) from error
