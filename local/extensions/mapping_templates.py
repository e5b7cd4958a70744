"""Velocity with API Gateway's variables. Tests compare it with Apache Velocity itself.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any

import airspeed
from airspeed import operators

Context = dict[str, Any]

# A text in quotes is no Text: there, this method is all that airspeed lacks of those that the templates call.
operators.__additional_methods__[str]["endsWith"] = str.endswith


_BARE_CLAIMS = re.compile(r"(\$!?\{?context\.authorizer\.)claims\b(?![.\[])")
EMPTY_BODY = "{}"


def as_api_gateway_reads(template: str) -> str:
    """Make the map of all claims null: only a property of it has a value."""
    return _BARE_CLAIMS.sub(r"\1nothing", template)


def render_request(template: str, body: str, headers: dict[str, str], context: Context) -> str:
    return _render(template, _Input(body or EMPTY_BODY, headers), {**context})


def render_response(template: str, body: str, context: Context) -> tuple[str, dict[str, Any]]:
    """Return the text, and what the template sets in `$context.responseOverride`."""
    override: dict[str, Any] = {"header": {}}
    return _render(template, _Input(body, {}), {**context, "responseOverride": override}), override


def _render(template: str, given: _Input, context: Context) -> str:
    stage = context.get("stageVariables", {})
    names = {"input": given, "util": _Util(), "context": context, "stageVariables": stage}
    rendered: str = _parsed(template).merge(names)
    return rendered


@lru_cache(maxsize=256)
def _parsed(template: str) -> airspeed.Template:
    parsed = airspeed.Template(as_api_gateway_reads(template))
    parsed.ensure_compiled()
    return parsed


class _Input:
    def __init__(self, body: str, headers: dict[str, str]) -> None:
        self.body = Text(body)
        self._headers = headers

    def path(self, path: str) -> Any:
        """Return the value at a path of dotted names."""
        value: Any = json.loads(self.body)
        for name in path.removeprefix("$").removeprefix(".").split("."):
            value = value.get(name) if isinstance(value, dict) else None
        return Text(value) if isinstance(value, str) else value

    def params(self) -> dict[str, _Map]:
        return {"header": _Map(self._headers)}


class _Util:
    def escapeJavaScript(self, text: str) -> str:
        return Text("".join(_escaped(unit) for unit in _utf16_units(text)))

    def parseJson(self, text: str) -> Any:
        return json.loads(text) if text else {}


class _Map(dict[str, str]):
    """Act as a Java map, as far as the templates need."""

    def keySet(self) -> list[Text]:
        return [Text(name) for name in self]


class Text(str):
    """A Java string, as far as the templates use one."""

    def endsWith(self, end: str) -> bool:
        return self.endswith(end)

    def toLowerCase(self) -> str:
        return self.lower()

    def length(self) -> int:
        return len(_utf16_units(self))

    def replaceAll(self, pattern: str, replacement: str) -> str:

        return Text(re.sub(pattern, replacement, self))


_SHORT = {"\b": "\\b", "\n": "\\n", "\t": "\\t", "\f": "\\f", "\r": "\\r"}


def _escaped(unit: str) -> str:
    """Escape like StringEscapeUtils.escapeJavaScript of commons-lang 2.6."""
    if unit in _SHORT:
        return _SHORT[unit]
    if unit in "'\"\\/":
        return f"\\{unit}"
    return unit if " " <= unit <= "\x7f" else f"\\u{ord(unit):04X}"


def _utf16_units(text: str) -> list[str]:
    raw = text.encode("utf-16-be", "surrogatepass")
    return [chr(int.from_bytes(raw[i : i + 2])) for i in range(0, len(raw), 2)]
