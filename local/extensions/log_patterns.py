"""The filter patterns of CloudWatch Logs for lines of JSON, such as `{ $.status = "403" && $.latency > 100 }`.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

Matches = Callable[[Mapping[str, Any]], bool]
_TOKEN = re.compile(
    r"""\s*(?:(?P<mark>\(|\)|&&|\|\||!=|<=|>=|=|<|>)|(?P<field>\$(?:\.\w[\w-]*)+)
    |(?P<test>NOT\ EXISTS|IS\ (?:NULL|TRUE|FALSE))
    |"(?P<text>(?:[^"\\]|\\.)*)"|(?P<number>-?\d+(?:\.\d+)?)(?![\w*.-])|(?P<word>[\w*.-]+))""",
    re.VERBOSE,
)
_NUMBERS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MISSING = object()


class PatternError(Exception):
    """Say what of a pattern is not understood: CloudWatch would refuse it, or the local cloud does not know it."""


def matches(pattern: str, line: str) -> bool:
    """Return whether the line is a JSON object that the pattern fits."""
    fits = compiled(pattern)
    try:
        document = json.loads(line)
    except ValueError:
        return False
    return isinstance(document, dict) and fits(document)


@lru_cache
def compiled(pattern: str) -> Matches:
    text = pattern.strip()
    if not (text.startswith("{") and text.endswith("}")):
        raise PatternError(f"the local cloud knows only patterns for JSON, not {pattern!r}")
    return _Parser(text[1:-1]).parsed()


def value_of(field: str, document: Mapping[str, Any]) -> Any:
    """Return the value at `$.a.b`, or `_MISSING`."""
    found: Any = document
    for name in field.split(".")[1:]:
        if not isinstance(found, dict) or name not in found:
            return _MISSING
        found = found[name]
    return found


class _Parser:
    """Read alternatives of conjunctions of comparisons, from left to right."""

    def __init__(self, text: str) -> None:
        self._rest = self._text = text.rstrip()

    def parsed(self) -> Matches:
        fits = self._alternatives()
        if self._rest:
            raise PatternError(f"{self._rest!r} of {self._text!r} is not understood")
        return fits

    def _alternatives(self) -> Matches:
        several = [self._conjunction()]
        while self._takes("||"):
            several.append(self._conjunction())
        return lambda document: any(fits(document) for fits in several)

    def _conjunction(self) -> Matches:
        several = [self._comparison()]
        while self._takes("&&"):
            several.append(self._comparison())
        return lambda document: all(fits(document) for fits in several)

    def _comparison(self) -> Matches:
        if self._takes("("):
            inner = self._alternatives()
            if not self._takes(")"):
                raise PatternError(f"a bracket of {self._text!r} is not closed")
            return inner
        field = self._next("field")["field"]
        token = self._next("test", "mark")
        if token["test"]:
            return _test(field, token["test"])
        return _compare(field, token["mark"], self._next("text", "number", "word"))

    def _takes(self, mark: str) -> bool:
        token = _TOKEN.match(self._rest)
        if token is None or token["mark"] != mark:
            return False
        self._rest = self._rest[token.end() :]
        return True

    def _next(self, *kinds: str) -> re.Match[str]:
        token = _TOKEN.match(self._rest)
        if token is None or all(token[kind] is None for kind in kinds):
            raise PatternError(f"{' or '.join(kinds)} expected at {self._rest!r} of {self._text!r}")
        self._rest = self._rest[token.end() :]
        return token


def _test(field: str, test: str) -> Matches:
    wanted = {"NOT EXISTS": _MISSING, "IS NULL": None, "IS TRUE": True, "IS FALSE": False}[test]
    return lambda document: value_of(field, document) is wanted


def _compare(field: str, mark: str, token: re.Match[str]) -> Matches:
    """Compare numbers with numbers and texts with texts, in which * stands for any characters."""
    if token["number"] is not None:
        number, compare = float(token["number"]), _NUMBERS[mark]
        return lambda document: _is_number(found := value_of(field, document)) and compare(found, number)
    if mark not in ("=", "!="):
        raise PatternError(f"{mark} needs a number")
    text = token["text"] if token["text"] is not None else token["word"]
    fitting = re.compile(".*".join(re.escape(part) for part in text.split("*")), re.DOTALL)
    return lambda document: (
        isinstance(found := value_of(field, document), str) and bool(fitting.fullmatch(found)) == (mark == "=")
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
