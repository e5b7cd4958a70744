"""Identifiers, against RDS's and Step Functions' own rules spelled out character by character."""

from itertools import product
from string import ascii_letters, digits

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.identifiers import is_execution_name, operation_id, rds_identifier
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
