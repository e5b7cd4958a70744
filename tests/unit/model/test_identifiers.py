"""Identifiers, by the rules of RDS and Step Functions: written out, and read from botocore's models."""

import html
import re
from collections.abc import Callable
from functools import cache
from itertools import product
from string import ascii_letters, digits
from typing import Any

import pytest
from botocore.loaders import Loader
from hypothesis import assume, example, given
from hypothesis import strategies as st

from rds_operations.model.identifiers import (
    INSTANCE_ID_LENGTH,
    SNAPSHOT_ID_LENGTH,
    is_execution_name,
    operation_id,
    rds_identifier,
    recorded_name,
)
from rds_operations.operations import OPERATIONS

INSTANCE_IDS = st.from_regex(r"[a-z](-?[a-z0-9]){0,62}", fullmatch=True).filter(lambda name: len(name) <= 63)
UNIQUE = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
# https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html
FORBIDDEN_IN_EXECUTION_NAMES = ' \t\n<>{}[]?*"#%\\^|~`$&,;:/\x00\x1f\x7f\x80\x9f'


def model(value: str, longest: int) -> str | None:
    fits = (
        1 <= len(value) <= longest
        and all(character in ascii_letters + digits + "-" for character in value)
        and value[0] in ascii_letters
        and value[-1] != "-"
        and "--" not in value
    )
    return value.lower() if fits else None


def test_every_short_text_is_judged_as_rds_does() -> None:
    for length in range(6):
        for characters in product("aZ0-.", repeat=length):
            value = "".join(characters)
            assert rds_identifier(value, 4) == model(value, 4), value


@given(st.text(max_size=70) | st.text(alphabet=ascii_letters + digits + "-_\n ıſKé²٣", max_size=70))
def test_any_text_is_judged_as_rds_does(value: str) -> None:
    assert rds_identifier(value, 63) == model(value, 63)


@cache
def shapes(service: str) -> dict[str, Any]:
    found: dict[str, Any] = Loader().load_service_model(service, "service-2")["shapes"]
    return found


def sentences(service: str, shape: str, member: str) -> list[str]:
    """Return the rules listed in a member's documentation."""
    documentation = shapes(service)[shape]["members"][member]["documentation"]
    items = re.findall(r"<li>(.*?)</li>", documentation)
    return [html.unescape(re.sub(r"</?p>", "", item)).strip().rstrip(".") for item in items]


def rule(sentence: str) -> Callable[[str], bool]:
    """Return a sentence of RDS's documentation as a rule. An unknown one fails, so that somebody reads it."""
    if limits := re.fullmatch(r"Must contain from (\d+) to (\d+) letters, numbers, or hyphens", sentence):
        shortest, longest = map(int, limits.groups())
        return lambda text: shortest <= len(text) <= longest and set(text) <= {*ascii_letters, *digits, "-"}
    return {
        "Can't be null, empty, or blank": lambda text: bool(text.strip()),
        "First character must be a letter": lambda text: text[:1] in set(ascii_letters),
        "Can't end with a hyphen or contain two consecutive hyphens": lambda text: (
            not text.endswith("-") and "--" not in text
        ),
    }[sentence]


RDS_NAMES = {
    INSTANCE_ID_LENGTH: ("CreateDBInstanceMessage", "DBInstanceIdentifier"),
    SNAPSHOT_ID_LENGTH: ("CreateDBSnapshotMessage", "DBSnapshotIdentifier"),
}
nearly_identifiers = st.builds(
    lambda text, times, end: text * times + end,
    st.text("aZ09-", max_size=4),
    st.sampled_from([1, 2, 31, 32, 63, 64, 85, 127, 128, 255, 256]),
    st.text("b-_ é", max_size=2),
)


@pytest.mark.parametrize("longest", RDS_NAMES)
@given(value=nearly_identifiers | st.text(max_size=8))
@example(value="a" * 63)
@example(value="a" * 64)
@example(value="a" * 255)
@example(value="a" * 256)
@example(value="")
def test_an_identifier_is_one_by_every_rule_in_the_documentation_of_rds(longest: int, value: str) -> None:
    rules = [rule(sentence) for sentence in sentences("rds", *RDS_NAMES[longest])]
    assert len(rules) >= 3
    expected = value.lower() if all(holds(value) for holds in rules) else None
    assert rds_identifier(value, longest) == expected


def test_rds_stores_an_instances_identifier_in_lower_case() -> None:
    member = shapes("rds")["CreateDBInstanceMessage"]["members"]["DBInstanceIdentifier"]
    assert "This parameter is stored as a lowercase string." in member["documentation"]


@cache
def forbidden_by_step_functions() -> set[str]:
    """Return each character that StartExecution's documentation forbids in a name."""
    found = {character for character in map(chr, range(0x110000)) if character.isspace()}
    for item in sentences("stepfunctions", "StartExecutionInput", "name"):
        for code in re.findall(r"<code>(.*?)</code>", item):
            if ranged := re.fullmatch(r" ?U\+([0-9A-F]+)(?:-([0-9A-F]+))?", code):
                first, last = (int(limit or ranged[1], 16) for limit in ranged.groups())
                found |= set(map(chr, range(first, last + 1)))
            else:
                found |= set(code.replace(" ", ""))
    return found


def test_every_character_that_step_functions_forbids_is_in_no_execution_name() -> None:
    forbidden = forbidden_by_step_functions()
    assert {" ", "<", "*", "\\", "&", "\x9f", "\ud800", "\uffff", "\U0010ffff"} <= forbidden
    assert [ascii(character) for character in sorted(forbidden) if is_execution_name(f"a{character}b")] == []


@given(st.text(max_size=12) | st.text("aZ0-_.", min_size=78, max_size=82))
def test_any_other_text_of_the_documented_length_is_an_execution_name(value: str) -> None:
    limits = shapes("stepfunctions")["Name"]
    allowed = limits["min"] <= len(value) <= limits["max"] and not forbidden_by_step_functions() & set(value)
    assert is_execution_name(value) == allowed


@pytest.mark.parametrize("longest", [63, 255])
def test_the_longest_identifier_fits_and_one_more_does_not(longest: int) -> None:
    assert rds_identifier("A" * longest, longest) == "a" * longest
    assert rds_identifier("A" * (longest + 1), longest) is None


@given(INSTANCE_IDS, st.sampled_from(sorted(OPERATIONS)), UNIQUE)
def test_an_operation_id_is_an_execution_name_that_reads_well(instance_id: str, operation: str, unique: str) -> None:
    name = operation_id(operation, instance_id, unique)
    assert len(name) <= 80
    assert set(name) <= set(ascii_letters + digits + "-")
    assert is_execution_name(name)
    assert name.startswith(instance_id[:40].rstrip("-"))
    assert operation.replace("_", "-") in name
    assert "--" not in name


@given(st.lists(UNIQUE, min_size=2, max_size=2, unique=True))
def test_an_operation_id_is_the_same_for_the_same_parts_and_no_other(parts: list[str]) -> None:
    names = [operation_id("reboot_instance", "test-mysql-01", part) for part in parts]
    assert names[0] != names[1]
    assert names[0] == operation_id("reboot_instance", "test-mysql-01", parts[0])


@pytest.mark.parametrize("character", FORBIDDEN_IN_EXECUTION_NAMES)
def test_what_step_functions_forbids_is_no_execution_name(character: str) -> None:
    assert not is_execution_name(f"dev{character}01")
    assert not is_execution_name(f"dev-01{character}")


@pytest.mark.parametrize("value", ["", "a" * 81, "lock#dev-postgres-01", "key#0123"])
def test_no_execution_name(value: str) -> None:
    assert not is_execution_name(value)


@pytest.mark.parametrize("value", ["a", "a" * 80, "A-Z_0.9", "3f2504e0-4f89-11d3-9a0c-0305e82c3301"])
def test_an_execution_name(value: str) -> None:
    assert is_execution_name(value)


EXECUTION_NAMES = st.text(st.characters(codec="utf-8"), min_size=1, max_size=80).filter(is_execution_name)


@given(
    EXECUTION_NAMES | st.builds("{}{}".format, st.sampled_from("=+-@\uff1d\uff0b\uff0d\uff20'\u2212"), st.just("1+1"))
)
def test_an_execution_is_on_record_under_its_name_or_an_impossible_one(name: str) -> None:
    recorded = recorded_name(name)
    assert recorded[0].isalnum() or recorded[0] == "_"
    assert recorded == name or not is_execution_name(recorded)
    assert recorded_name(recorded) == recorded


@given(EXECUTION_NAMES, EXECUTION_NAMES)
def test_two_executions_are_on_record_under_two_ids(first: str, second: str) -> None:
    assume(first != second)
    for one, other in ((first, second), (f"={first}", f"={second}")):
        assert recorded_name(one) != recorded_name(other)


@given(INSTANCE_IDS, st.sampled_from(sorted(OPERATIONS)), UNIQUE)
def test_what_admission_starts_is_on_record_under_its_name(instance_id: str, operation: str, request: str) -> None:
    name = operation_id(operation, instance_id, request)
    assert recorded_name(name) == name
