from __future__ import annotations

import pytest

from local.extensions.metric_math import MathError, Series, evaluate, ids

E, N = {0: 1.0, 1: 2.0}, {0: 4.0, 1: 0.0, 2: 8.0}


def value(expression: str, **known: Series) -> Series:
    return evaluate(expression, {"e": E, "n": N, "none": {}, **known}, 4)


@pytest.mark.parametrize(
    ("expression", "series"),
    {
        "e": E,
        "100 * e / n": {0: 25.0},  # a division by zero gives no point, nor does a missing operand
        "-e + 2 * (n - 1)": {0: 5.0, 1: -4.0},
        "e ^ 2": {0: 1.0, 1: 4.0},
        "e > 1": {0: 0.0, 1: 1.0},
        "e == 1": {0: 1.0, 1: 0.0},
        "IF(n >= 5, 100, 0)": {0: 0.0, 1: 0.0, 2: 100.0},
        "IF(n >= 5, e, 0)": {0: 0.0, 1: 0.0},  # the branch that is chosen has no point in period 2
        "IF (n > 0, 100 * e / n, 0)": {0: 25.0, 1: 0.0},
        "IF(n > 0 && e > 0, 1, 0)": {0: 1.0, 1: 0.0},
        "IF(n > 0 AND e > 1 OR e == 2, 1, 0)": {0: 0.0, 1: 1.0},
        "n > 5 || e > 1": {0: 0.0, 1: 1.0},
        "FILL(e, 0)": {0: 1.0, 1: 2.0, 2: 0.0, 3: 0.0},
        "FILL(none, 0) + FILL(e, 0)": {0: 1.0, 1: 2.0, 2: 0.0, 3: 0.0},
        "FILL(none, -1)": {0: -1.0, 1: -1.0, 2: -1.0, 3: -1.0},
        "none": {},
        "none + e": {},
        "MAX([e, n])": {0: 4.0, 1: 2.0, 2: 8.0},
        "SUM([e, n, 1])": {0: 6.0, 1: 3.0, 2: 9.0},
        "AVG([e, n])": {0: 2.5, 1: 1.0, 2: 8.0},
        "ABS(-e)": E,
    }.items(),
)
def test_values(expression: str, series: Series) -> None:
    assert value(expression) == series


def test_fill_can_repeat_the_last_value() -> None:
    assert evaluate("FILL(m, REPEAT)", {"m": {1: 5.0, 3: 7.0}}, 5) == {0: 5.0, 1: 5.0, 2: 7.0, 3: 7.0}


@pytest.mark.parametrize(
    "expression",
    [
        "e / missing",
        "100",
        "1 / 0",
        "e and n",
        "e if n else 0",
        "e ** 2",
        "e < n < 3",
        "SEARCH('{A,B}', 'Sum', 60)",
        "__import__('os').system('true')",
        "e.imag",
        "e +",
        "True",
    ],
)
def test_what_is_no_metric_math_is_an_error(expression: str) -> None:
    with pytest.raises(MathError):
        value(expression)


def test_the_ids_that_an_expression_uses() -> None:
    assert ids("IF(n >= 5 AND FILL(e, REPEAT) > 0, MAX([a, b]), 0)") == {"n", "e", "a", "b"}
