"""Finds name patterns that cannot match any RDS identifier (`prod_`, `^-`, `orders/`), and so protect nothing."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from rds_operations.model.identifiers import INSTANCE_ID_LENGTH

# Python's own parser returns the pattern as a tree of (operation, argument).
_parse = import_module("re._parser").parse

# Places in an identifier: a letter, then letters, digits and single hyphens, none of them last.
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
_START, _INSIDE, _HYPHEN, _END = "start", "inside", "after a hyphen", "end"
_BEFORE_A_HYPHEN, _BEFORE_A_LETTER = "where a word ends", "where a word goes on"
_ANYWHERE = frozenset({_START, _INSIDE, _HYPHEN})
_LETTERS = frozenset(string.ascii_lowercase)
_CHARACTERS = sorted(_LETTERS | set(string.digits) | {"-"})
Places = frozenset[str]


class NotPlain(ValueError):
    """Name what this module cannot judge in a pattern."""


_NOT_PLAIN = {
    "ASSERT": "lookaround",
    "ASSERT_NOT": "lookaround",
    "GROUPREF": "a backreference",
    "GROUPREF_EXISTS": "a conditional",
    "SUBPATTERN": "a flag that is turned off",
}


def can_be_found(pattern: str) -> bool:
    """Return whether a search in any case can find the pattern in some identifier. Raises `NotPlain`."""
    parsed = _parse(pattern, re.IGNORECASE)
    shortest, _longest = parsed.getwidth()
    return bool(_after(parsed, _ANYWHERE)) and shortest <= INSTANCE_ID_LENGTH


def _after(nodes: Iterable[tuple[Any, Any]], places: Places) -> Places:
    """Return where a match can be after all nodes, in order."""
    for operation, argument in nodes:
        places = _step(str(operation), argument, places)
    return places


def _step(operation: str, argument: Any, places: Places) -> Places:
    if operation in ("LITERAL", "NOT_LITERAL", "IN", "ANY"):
        return _consume(_fitting(operation, argument), places)
    if operation == "AT":
        return _at(str(argument), places)
    if operation == "SUBPATTERN" and not argument[2]:  # it switches no flags off
        return _after(argument[3], places)
    if operation == "BRANCH":
        short = (branch for branch in argument[1] if branch.getwidth()[0] <= INSTANCE_ID_LENGTH)
        return frozenset().union(*(_after(branch, places) for branch in short))
    if operation in ("MAX_REPEAT", "MIN_REPEAT"):
        least, most, nodes = argument
        return _repeated(least, most, nodes, places)
    raise NotPlain(_NOT_PLAIN.get(operation, "an atomic group"))


def _fitting(operation: str, argument: Any) -> set[str]:
    """Return the identifier characters that Python matches with a node."""
    if operation == "ANY":
        return set(_CHARACTERS)
    return {character for character in _CHARACTERS if _takes(operation, argument, character)}


def _takes(operation: str, argument: Any, character: str) -> bool:
    if operation in ("LITERAL", "NOT_LITERAL"):
        return _is_same(argument, character) is (operation == "LITERAL")
    negated = str(argument[0][0]) == "NEGATE"
    return any(_is_member(str(kind), value, character) for kind, value in argument[negated:]) is not negated


def _is_member(kind: str, value: Any, character: str) -> bool:
    spellings = {ord(character), ord(character.upper())}
    if kind == "RANGE":
        return any(value[0] <= spelling <= value[1] for spelling in spellings)
    if kind == "CATEGORY":
        members = {"DIGIT": character.isdigit(), "WORD": character != "-", "SPACE": False}
        _category, *negation, name = str(value).split("_")
        return members[name] is not bool(negation)
    return _is_same(value, character)


def _is_same(literal: int, character: str) -> bool:
    return bool(re.fullmatch(re.escape(chr(literal)), character, re.IGNORECASE))


def _consume(characters: set[str], places: Places) -> Places:
    reached = set()
    if characters & _LETTERS and places & {_START, _INSIDE, _HYPHEN, _BEFORE_A_LETTER}:
        reached.add(_INSIDE)
    if characters - _LETTERS - {"-"} and places & {_INSIDE, _HYPHEN, _BEFORE_A_LETTER}:
        reached.add(_INSIDE)
    if "-" in characters and places & {_INSIDE, _BEFORE_A_HYPHEN}:
        reached.add(_HYPHEN)
    return frozenset(reached)


def _at(where: str, places: Places) -> Places:
    """Apply an anchor. Words begin at the start and after a hyphen, and end before a hyphen and at the end."""
    if where in ("AT_BEGINNING", "AT_BEGINNING_STRING"):
        return places & {_START}
    if where in ("AT_END", "AT_END_STRING"):
        return frozenset({_END}) if places & {_INSIDE, _BEFORE_A_HYPHEN, _END} else frozenset()
    inside = places & {_INSIDE}
    if where == "AT_BOUNDARY":
        return places - {_INSIDE, _BEFORE_A_LETTER} | ({_BEFORE_A_HYPHEN} if inside else set())
    return places & {_BEFORE_A_LETTER} | ({_BEFORE_A_LETTER} if inside else set())


def _repeated(least: int, most: int, nodes: Any, places: Places) -> Places:
    for _time in range(min(least, INSTANCE_ID_LENGTH + 1)):
        places = _after(nodes, places)
    for _time in range(min(most - least, 6)):  # one for each place
        places |= _after(nodes, places)
    return places
