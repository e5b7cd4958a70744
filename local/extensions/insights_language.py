"""The query language of CloudWatch Logs Insights, as far as saved queries use it. What it does not know is an error.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

Row = Mapping[str, Any]
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<regex>/(?:[^/\\]|\\.)+/)|(?P<number>-?\d+(?:\.\d+)?)
    |(?P<field>`[^`]+`|@?[A-Za-z_][\w.@]*)|(?P<mark>!=|<=|>=|[=<>()\[\],|*]))""",
    re.VERBOSE,
)
_ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class QueryError(Exception):
    """Say what of a query is not understood: AWS would refuse it, or the local cloud does not know it."""


class Token(NamedTuple):
    kind: str
    text: str


@dataclass(frozen=True)
class Expression:
    """`value` of a row. `reads` are the fields that it takes."""

    value: Callable[[Row], Any]
    reads: frozenset[str]


class Reader:
    """Read a query's tokens from left to right."""

    def __init__(self, query: str) -> None:
        self._tokens = list(_tokens(query))

    @property
    def ahead(self) -> Token:
        return self._tokens[0] if self._tokens else Token("end", "")

    def takes(self, *words: str) -> bool:
        """Take the words if they come next."""
        if [token.text.lower() for token in self._tokens[: len(words)]] != list(words):
            return False
        del self._tokens[: len(words)]
        return True

    def needs(self, word: str) -> None:
        if not self.takes(word):
            raise QueryError(f"{word} expected before {self.ahead.text!r}")

    def next(self, *kinds: str) -> Token:
        if self.ahead.kind not in kinds:
            raise QueryError(f"{' or '.join(kinds)} expected, not {self.ahead.text!r}")
        return self._tokens.pop(0)

    def condition(self) -> Expression:
        return self._joined("or", self._conjunction)

    def operand(self) -> Expression:
        token = self.next("text", "number", "field")
        if token.kind == "text":
            return _constant(token.text[1:-1])
        if token.kind == "number":
            return _constant(float(token.text))
        if token.text.lower() in _FUNCTIONS and self.takes("("):
            argument = self.operand()
            self.needs(")")
            function = _FUNCTIONS[token.text.lower()]
            return Expression(lambda row: function(argument.value(row)), argument.reads)
        return field(token.text)

    def _conjunction(self) -> Expression:
        return self._joined("and", self._negation)

    def _joined(self, word: str, read: Callable[[], Expression]) -> Expression:
        several = [read()]
        while self.takes(word):
            several.append(read())
        decide = any if word == "or" else all
        return Expression(lambda row: decide(each.value(row) for each in several), _union(several))

    def _negation(self) -> Expression:
        if self.takes("not"):
            inner = self._negation()
            return Expression(lambda row: not inner.value(row), inner.reads)
        if self.takes("("):
            inner = self.condition()
            self.needs(")")
            return inner
        return self._comparison()

    def _comparison(self) -> Expression:
        left = self.operand()
        if self.takes("in"):
            several = self._list()
            return Expression(
                lambda row: any(_equal(left.value(row), each.value(row)) for each in several),
                _union([left, *several]),
            )
        if self.takes("not", "like"):
            like = self._like(left)
            return Expression(lambda row: not like.value(row), like.reads)
        if self.takes("like"):
            return self._like(left)
        if self.ahead.text not in ("=", "!=", *_ORDERS):
            return left  # such as ispresent(...)
        return _compared(left, self.next("mark").text, self.operand())

    def _list(self) -> list[Expression]:
        self.needs("[")
        several = [self.operand()]
        while self.takes(","):
            several.append(self.operand())
        self.needs("]")
        return several

    def _like(self, left: Expression) -> Expression:
        token = self.next("regex", "text")
        pattern = re.compile(token.text[1:-1] if token.kind == "regex" else re.escape(token.text[1:-1]))
        return Expression(
            lambda row: (value := left.value(row)) is not None and bool(pattern.search(_text(value))), left.reads
        )


def field(name: str) -> Expression:
    plain = name.strip("`")
    return Expression(lambda row: row.get(plain), frozenset({plain}))


def timestamp(milliseconds: float) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "ispresent": lambda value: value is not None,
    "isempty": lambda value: value in (None, ""),
    "frommillis": lambda value: None if value is None else timestamp(value),
    "tomillis": lambda value: value,
    "strlen": lambda value: None if value is None else len(_text(value)),
}


def _tokens(query: str) -> Iterator[Token]:
    rest = re.sub(r"(?m)^\s*#.*$", "", query).strip()
    while rest:
        found = _TOKEN.match(rest)
        if found is None or found.lastgroup is None:
            raise QueryError(f"{rest!r} is not understood")
        yield Token(found.lastgroup, found[found.lastgroup])
        rest = rest[found.end() :].lstrip()


def _constant(value: Any) -> Expression:
    return Expression(lambda _row: value, frozenset())


def _union(several: list[Expression]) -> frozenset[str]:
    return frozenset().union(*(each.reads for each in several))


def _compared(left: Expression, mark: str, right: Expression) -> Expression:
    def value(row: Row) -> bool:
        one, other = left.value(row), right.value(row)
        if mark in ("=", "!="):
            return _equal(one, other) == (mark == "=")
        one, other = _number(one), _number(other)
        return one is not None and other is not None and _ORDERS[mark](one, other)

    return Expression(value, left.reads | right.reads)


def _equal(one: Any, other: Any) -> bool:
    """Compare as numbers where both are."""
    if one is None or other is None:
        return False
    numbers = _number(one), _number(other)
    return numbers[0] == numbers[1] if None not in numbers else _text(one) == _text(other)


def _number(value: Any) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "1" if value else "0"  # as Insights shows JSON's true and false
    return str(value)
