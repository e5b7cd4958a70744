"""Runs queries of CloudWatch Logs Insights over log events: fields, display, filter, stats, sort and limit.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.extensions.insights_language import Expression, QueryError, Reader, timestamp

Row = dict[str, Any]
Named = list[tuple[str, Expression]]
_AGGREGATES: dict[str, Callable[[list[tuple[float, Any]]], Any]] = {
    "count": len,
    "count_distinct": lambda found: len({str(value) for _at, value in found}),
    "sum": lambda found: sum(float(value) for _at, value in found),
    "avg": lambda found: sum(float(value) for _at, value in found) / len(found) if found else None,
    "min": lambda found: min((float(value) for _at, value in found), default=None),
    "max": lambda found: max((float(value) for _at, value in found), default=None),
    "earliest": lambda found: min(found, key=lambda one: one[0])[1] if found else None,
    "latest": lambda found: max(found, key=lambda one: one[0])[1] if found else None,
}
_MOST_ROWS = 10_000


@dataclass
class Query:
    """Hold what a query does. `reads` are the fields of log events that it takes."""

    steps: list[Callable[[list[Row]], list[Row]]] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    reads: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    sorted: bool = False

    def run(self, rows: list[Row]) -> list[dict[str, str]]:
        """Return the rows as Insights shows them. A column without a value is left out."""
        if not self.sorted:
            rows = sorted(rows, key=lambda row: row["@timestamp"], reverse=True)
        for step in self.steps:
            rows = step(rows)
        columns = self.columns or ["@timestamp", "@message"]
        return [
            {name: _shown(name, row[name]) for name in columns if row.get(name) is not None}
            for row in rows[:_MOST_ROWS]
        ]

    def take(self, expression: Expression) -> Expression:
        self.reads |= expression.reads - self.made
        return expression


def parsed(text: str) -> Query:
    """Return the query. Raises QueryError."""
    query, reader = Query(), Reader(text)
    while True:
        command = reader.next("field").text.lower()
        if command not in _COMMANDS:
            raise QueryError(f"the local cloud does not know the command {command}")
        _COMMANDS[command](query, reader)
        if reader.ahead.kind == "end":
            return query
        reader.needs("|")


def event(message: str, at: int, group: str, stream: str) -> Row:
    """Return the fields that Insights finds in a log event, `a.b` and `a.0` inside its JSON.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html
    """
    row: Row = {"@timestamp": at, "@message": message, "@log": group, "@logStream": stream}
    try:
        document = json.loads(message)
    except ValueError:
        return row
    if isinstance(document, dict):
        _flatten("", document, row)
    return row


def _flatten(prefix: str, value: Any, row: Row) -> None:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, element in inside:
        _flatten(f"{prefix}.{name}" if prefix else str(name), element, row)
    if not isinstance(value, dict | list) and value is not None:
        row[prefix] = value


def _fields(query: Query, reader: Reader) -> None:
    named = _named(query, reader)
    query.columns += [name for name, _expression in named]
    query.steps.append(lambda rows: [row | {name: each.value(row) for name, each in named} for row in rows])


def _display(query: Query, reader: Reader) -> None:
    query.columns = []
    _fields(query, reader)


def _filter(query: Query, reader: Reader) -> None:
    condition = query.take(reader.condition())
    query.steps.append(lambda rows: [row for row in rows if condition.value(row)])


def _sort(query: Query, reader: Reader) -> None:
    key = query.take(reader.operand())
    descending = reader.takes("desc") or (not reader.takes("asc") and "@timestamp" in key.reads)
    query.sorted = True

    def ordered(rows: list[Row]) -> list[Row]:
        present = [row for row in rows if key.value(row) is not None]
        missing = [row for row in rows if key.value(row) is None]
        return sorted(present, key=key.value, reverse=descending) + missing

    query.steps.append(ordered)


def _limit(query: Query, reader: Reader) -> None:
    most = int(reader.next("number").text)
    query.steps.append(lambda rows: rows[:most])


def _stats(query: Query, reader: Reader) -> None:
    aggregates = [_aggregate(query, reader)]
    while reader.takes(","):
        aggregates.append(_aggregate(query, reader))
    by = _named(query, reader) if reader.takes("by") else []
    query.made |= {name for name, _aggregate in aggregates}
    query.columns = [*(name for name, _expression in by), *(name for name, _aggregate in aggregates)]

    def grouped(rows: list[Row]) -> list[Row]:
        groups: dict[tuple[Any, ...], list[Row]] = {} if by else {(): []}
        for row in rows:
            groups.setdefault(tuple(each.value(row) for _name, each in by), []).append(row)
        return [
            dict(zip([name for name, _expression in by], key, strict=True))
            | {name: aggregate(members) for name, aggregate in aggregates}
            for key, members in groups.items()
        ]

    query.sorted = True
    query.steps.append(grouped)


def _aggregate(query: Query, reader: Reader) -> tuple[str, Callable[[Sequence[Row]], Any]]:
    name = reader.next("field").text.lower()
    if name not in _AGGREGATES:
        raise QueryError(f"the local cloud does not know the function {name}")
    reader.needs("(")
    if reader.takes("*"):
        shown, expression = f"{name}(*)", None
    else:
        shown, expression = f"{name}({reader.ahead.text})", query.take(reader.operand())
    reader.needs(")")
    compute = _AGGREGATES[name]

    def of(rows: Sequence[Row]) -> Any:
        found = [(row["@timestamp"], expression.value(row) if expression else 1) for row in rows]
        return compute([(at, value) for at, value in found if value is not None])

    return _alias(reader, shown), of


def _named(query: Query, reader: Reader) -> Named:
    """Read expressions with commas between them, each `as` a name or by its own."""
    named: Named = []
    while not named or reader.takes(","):
        shown = reader.ahead.text.strip("`")
        expression = query.take(reader.operand())
        name = _alias(reader, shown)
        if name != shown:
            query.made.add(name)
        named.append((name, expression))
    return named


def _alias(reader: Reader, otherwise: str) -> str:
    return reader.next("field").text.strip("`") if reader.takes("as") else otherwise


def _shown(name: str, value: Any) -> str:
    if name == "@timestamp":
        return timestamp(value)
    if isinstance(value, bool):
        return "1" if value else "0"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


_COMMANDS: dict[str, Callable[[Query, Reader], None]] = {
    "fields": _fields,
    "display": _display,
    "filter": _filter,
    "stats": _stats,
    "sort": _sort,
    "limit": _limit,
}
