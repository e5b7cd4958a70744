"""The check of settings finds a name pattern that fits no identifier."""

import re
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model.identifiers import rds_identifier
from stacks.name_patterns import NotPlain, can_be_found


@pytest.mark.parametrize(
    "pattern",
    [
        "prod_", "a/b", r"prod\.", "prod db", r"\s", r"\w_", "É", "[_/]", "[^a-z0-9-]", "(prod_|a/b)", "x{0}_", "_+",
        r"pr\bod", r"-\B", r"\B-", r"prod\B-", r"-\Bprod", r"\Bprod\B$", "^.{64}", "[a-z]{40}-[a-z]{40}",
        "^-", "-$", "--", "-{2}", "^9", r"^\d", "^$", "a$b", "a^b", "^(1|2)", "prod-$|_", "(a-)+$",
    ],
)  # fmt: skip
def test_what_no_identifier_can_have(pattern: str) -> None:
    assert not can_be_found(pattern)
    shortest = ("".join(letters) for length in (1, 2, 3) for letters in product("aA9-", repeat=length))
    assert not any(re.search(pattern, name, re.IGNORECASE) for name in shortest if rds_identifier(name, 63))


@pytest.mark.parametrize(
    ("pattern", "name"),
    [
        ("^PROD-", "prod-1"), ("[A-Z]+-01", "prod-01"), ("(?i)^Prod", "prod"), ("(^|-)prod(-|$)", "orders-prod"),
        ("prod|a_b", "prod"), ("a_?b", "ab"), ("a_*b", "ab"), (r"\d$", "db1"), (r"\bprod\b", "x-prod"), ("a.b", "a-b"),
        ("[^_]", "a"), ("a{3,5}-b", "aaaa-b"), (r"\Aprod\Z", "prod"),
        (r"\borders\b", "x-orders-1"), (r"o\Brders", "orders"),
        ("(?:-[0-9]{2})+$", "a-01"), ("^[^0-9]", "a"), (r"\D-\d", "a-1"), ("(?i:prod)", "prod"), (r"\Brod\b", "prod"),
        (".{63}", "a" * 63),
    ],
)  # fmt: skip
def test_what_one_can_have(pattern: str, name: str) -> None:
    assert re.search(pattern, name, re.IGNORECASE)
    assert can_be_found(pattern)


@pytest.mark.parametrize(
    "pattern", ["(?=a)b", "prod(?=_)", "(?<=_)prod", "(?!)", "^(?!prod)", r"(-)\1", "(?:(x)|y)(?(1)_|_)", "(?-i:PROD)"]
)
def test_what_cannot_be_judged_is_not_taken(pattern: str) -> None:
    with pytest.raises(NotPlain):
        can_be_found(pattern)


pieces = st.sampled_from(["a", "B", "9", "-", "_", ".", "ſ", "[a-c]", "[^a]", "[_9]", "^", "$", "(-|a)", "(9|_b)?"])
pieces |= st.sampled_from([r"\d", r"\w", r"\W", r"\S", r"\b", r"\B"])
patterns = st.lists(
    st.builds("{}{}".format, pieces, st.sampled_from(["", "", "", "?", "{0,2}"])), min_size=1, max_size=5
).map("".join)
names = st.from_regex(r"\A[ab](-?[ab9]){0,6}\Z")


@given(patterns, names)
def test_a_pattern_that_fits_some_identifier_is_never_refused(pattern: str, name: str) -> None:
    try:
        found = re.search(pattern, name, re.IGNORECASE)
    except re.error:
        return
    assert can_be_found(pattern) or not found
