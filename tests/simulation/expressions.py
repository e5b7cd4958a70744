"""DynamoDB's expressions, as far as the product uses them; any other is an error of the simulation.

Models conditions (`=`, `<`, `<=`, `>`, `>=`, `<>`, AND, OR, NOT, parentheses, `attribute_exists`,
`attribute_not_exists`) and updates (SET of a value, REMOVE).
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.UpdateExpressions.html
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from functools import cache
from typing import Any

Attributes = dict[str, Any]
Look = Callable[[Attributes, "Given"], Any]
_TOKEN = re.compile(r"\s*(<=|>=|<>|[=<>(),]|[#:]?[A-Za-z_][A-Za-z0-9_]*)")
_EXPRESSIONS = ("ConditionExpression", "UpdateExpression", "KeyConditionExpression", "FilterExpression")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Given:
    def __init__(self, call: dict[str, Any]) -> None:
        self.names: dict[str, str] = call.get("ExpressionAttributeNames", {})
        self.values: dict[str, Any] = call.get("ExpressionAttributeValues", {})


def check(call: dict[str, Any], keys: tuple[str, ...]) -> None:
    """Fail where DynamoDB would refuse a call as malformed.

    Each placeholder is given and used. An update changes an attribute once, and never a key.
    https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_UpdateItem.html
    """
    given = Given(call)
    used = frozenset().union(*(_placeholders(call[name]) for name in _EXPRESSIONS if name in call))
    assert used == given.names.keys() | given.values.keys(), f"placeholders: {call}"
    changed = [_name(name, given) for _, name, _ in _update(call.get("UpdateExpression", ""))]
    assert len({*changed, *keys}) == len(changed) + len(keys), f"changed twice, or a key: {call}"


def holds(expression: str, item: Attributes, given: Given) -> bool:
    return bool(_condition(expression)(item, given))


def updated(expression: str, item: Attributes, given: Given) -> Attributes:
    changed = dict(item)
    for kind, name, value in _update(expression):
        attribute = given.names[name] if name.startswith("#") else name
        if kind == "REMOVE":
            changed.pop(attribute, None)
        else:
            changed[attribute] = given.values[value]
    return changed


@cache
def _placeholders(expression: str) -> frozenset[str]:
    return frozenset(token for token in _tokens(expression) if token[0] in "#:")


@cache
def _condition(expression: str) -> Look:
    tokens = _tokens(expression)
    look = _any_of(tokens)
    assert not tokens, f"not understood: {expression}"
    return look


@cache
def _update(expression: str) -> list[tuple[str, str, str]]:
    tokens, kind = _tokens(expression), ""
    changes: list[tuple[str, str, str]] = []
    while tokens:
        token = tokens.pop(0)
        if token in ("SET", "REMOVE"):
            kind = token
        elif token != ",":
            value = ""
            if kind == "SET":
                assert tokens.pop(0) == "=", expression
                value = tokens.pop(0)
                assert value.startswith(":"), f"not understood: {expression}"
            changes.append((kind, token, value))
    return changes


def _tokens(expression: str) -> list[str]:
    found, at = [], 0
    while at < len(expression.rstrip()):
        match = _TOKEN.match(expression, at)
        assert match, f"not understood: {expression}"
        found.append(match[1])
        at = match.end()
    return found


def _any_of(tokens: list[str]) -> Look:
    parts = [_all_of(tokens)]
    while tokens and tokens[0] == "OR":
        tokens.pop(0)
        parts.append(_all_of(tokens))
    return lambda item, given: any(part(item, given) for part in parts)


def _all_of(tokens: list[str]) -> Look:
    parts = [_one(tokens)]
    while tokens and tokens[0] == "AND":
        tokens.pop(0)
        parts.append(_one(tokens))
    return lambda item, given: all(part(item, given) for part in parts)


def _one(tokens: list[str]) -> Look:
    token = tokens.pop(0)
    if token == "NOT":
        negated = _one(tokens)
        return lambda item, given: not negated(item, given)
    if token == "(":
        inner = _any_of(tokens)
        assert tokens.pop(0) == ")"
        return inner
    if token in ("attribute_exists", "attribute_not_exists"):
        assert tokens.pop(0) == "("
        name, wanted = tokens.pop(0), token == "attribute_exists"
        assert tokens.pop(0) == ")"
        return lambda item, given: (_name(name, given) in item) is wanted
    return _comparison(token, tokens.pop(0), tokens.pop(0))


def _comparison(left: str, sign: str, right: str) -> Look:
    def look(item: Attributes, given: Given) -> bool:
        one, other = _operand(left, item, given), _operand(right, item, given)
        if sign in ("=", "<>"):
            return (one == other and one is not None) is (sign == "=")  # a missing value differs from everything
        if one is None or other is None or one.keys() != other.keys():
            return False  # a missing value, or one of another type, is not ordered
        return _COMPARISONS[sign](plain(one), plain(other))

    assert sign in ("=", "<>") or sign in _COMPARISONS, f"not understood: {sign}"
    return look


def _operand(token: str, item: Attributes, given: Given) -> Any:
    return given.values[token] if token.startswith(":") else item.get(_name(token, given))


def _name(token: str, given: Given) -> str:
    return given.names[token] if token.startswith("#") else token


def plain(attribute: dict[str, Any]) -> Any:
    """Return the value by which it is ordered."""
    ((kind, value),) = attribute.items()
    assert kind in ("N", "S"), f"has no order: {attribute}"
    return int(value) if kind == "N" else value
