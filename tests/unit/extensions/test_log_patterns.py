from __future__ import annotations

import json

import pytest

from local.extensions.log_patterns import PatternError, compiled, matches

LINE = {"status": "403", "latency": 120, "error": {"type": "INVALID_API_KEY"}, "null": None, "yes": True}


@pytest.mark.parametrize(
    ("pattern", "fits"),
    {
        '{ $.status = "403" }': True,
        '{$.status="404"}': False,
        '{ $.status != "404" }': True,
        '{ $.missing != "404" }': False,
        "{ $.status = 403 }": False,  # a number is no text
        "{ $.status = 4* }": True,
        "{ $.latency = 120 }": True,
        "{ $.latency >= 120.5 }": False,
        "{ $.latency < 121 }": True,
        "{ $.yes = 1 }": False,
        "{ $.error.type = INVALID_* }": True,
        '{ $.error.type = "INVALID" }': False,
        "{ $.error.type = *KEY }": True,
        '{ $.status = "404" || $.latency > 100 }': True,
        '{ $.status = "403" && $.latency > 200 }': False,
        '{ $.status = "403" || $.latency > 200 && $.latency < 100 }': True,
        '{ ($.status = "403" || $.latency > 200) && $.latency < 100 }': False,
        "{ $.null IS NULL }": True,
        "{ $.missing NOT EXISTS }": True,
        "{ $.null NOT EXISTS }": False,
        "{ $.yes IS TRUE }": True,
        "{ $.yes IS FALSE }": False,
    }.items(),
)
def test_patterns(pattern: str, fits: bool) -> None:
    assert matches(pattern, json.dumps(LINE)) is fits


@pytest.mark.parametrize("line", ["", "no JSON", "403", "[]", "null"])
def test_a_line_that_is_no_object_fits_nothing(line: str) -> None:
    assert not matches("{ $.status NOT EXISTS }", line)


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "ERROR",
        "[a, b]",
        "{ }",
        "{ $.a }",
        "{ $.a = }",
        "{ $.a = 1 && }",
        "{ ($.a = 1 }",
        "{ $.a > b }",
        "{ a = 1 }",
    ],
)
def test_what_is_not_understood_is_an_error(pattern: str) -> None:
    with pytest.raises(PatternError):
        compiled(pattern)
