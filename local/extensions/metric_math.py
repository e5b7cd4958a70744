"""Metric math, as far as alarms use it: arithmetic, comparisons, AND, OR, IF, FILL and a few functions.

A series maps a period to its value; 0 is the latest period, 1 the one before. A period without a point is left out.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping

Series = dict[int, float]
Value = float | Series
_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.BitXor: operator.pow,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_OF_ONE: dict[str, Callable[[float], float]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}
_OF_MANY: dict[str, Callable[[list[float]], float]] = {
    "SUM": sum,
    "MIN": min,
    "MAX": max,
    "AVG": lambda values: sum(values) / len(values),
}
_PYTHON_ONLY = re.compile(r"\b(and|or|not|if|else|in|is|lambda)\b|\*\*|//")


class MathError(Exception):
    """Say why CloudWatch would refuse the expression."""


def evaluate(expression: str, known: Mapping[str, Series], periods: int) -> Series:
    """Return the expression's series over the latest `periods`. An id that is not known is an error."""
    value = _Evaluation(known, periods).value(_parsed(expression).body)
    if isinstance(value, float):
        raise MathError(f"{expression!r} has no metric in it; an alarm needs a time series")
    return value


def ids(expression: str) -> set[str]:
    """Return the ids of metrics and expressions that it uses."""
    names = {node.id for node in ast.walk(_parsed(expression)) if isinstance(node, ast.Name)}
    return names - {"IF", "FILL", "REPEAT", *_OF_ONE, *_OF_MANY}


def _parsed(expression: str) -> ast.Expression:
    if _PYTHON_ONLY.search(expression):
        raise MathError(f"{expression!r} has a word or operator that metric math does not know")
    text = re.sub(r"&&|\bAND\b", " and ", expression)
    text = re.sub(r"\|\||\bOR\b", " or ", text)
    text = re.sub(r"\bIF\s*\(", "IF(", text)
    try:
        return ast.parse(text.strip(), mode="eval")
    except SyntaxError as error:
        raise MathError(f"{expression!r} is no expression: {error.msg}") from error


def _operation(node: ast.expr) -> tuple[Callable[..., float], list[ast.expr]]:
    """Return what an operator does to each period's values, and its operands."""
    match node:
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return operator.neg, [operand]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return _ARITHMETIC[type(op)], [left, right]
        case ast.Compare(left=left, ops=[compare], comparators=[right]) if type(compare) in _COMPARISONS:
            return _COMPARISONS[type(compare)], [left, right]
        case ast.BoolOp(op=ast.Or(), values=operands):
            return lambda *values: any(values), operands
        case ast.BoolOp(values=operands):
            return lambda *values: all(values), operands
    raise MathError(f"metric math does not know {ast.unparse(node)!r}")


class _Evaluation:
    def __init__(self, known: Mapping[str, Series], periods: int) -> None:
        self._known = known
        self._periods = periods

    def value(self, node: ast.expr) -> Value:
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return float(number)
            case ast.Name(id=name):
                return self._named(name)
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._called(name, arguments)
        function, operands = _operation(node)
        return _each(function, *(self.value(operand) for operand in operands))

    def _named(self, name: str) -> Series:
        if name not in self._known:
            raise MathError(f"{name} is not the id of a metric or expression")
        return self._known[name]

    def _called(self, name: str, arguments: list[ast.expr]) -> Value:
        if name == "IF" and len(arguments) == 3:
            condition, then, otherwise = (self.value(argument) for argument in arguments)
            return self._chosen(condition, then, otherwise)
        if name == "FILL" and len(arguments) == 2:
            return self._filled(self.value(arguments[0]), arguments[1])
        if name in _OF_ONE and len(arguments) == 1:
            return _each(_OF_ONE[name], self.value(arguments[0]))
        if name in _OF_MANY and len(arguments) == 1 and isinstance(arguments[0], ast.List):
            return self._reduced(_OF_MANY[name], [self.value(element) for element in arguments[0].elts])
        raise MathError(f"the local cloud does not know the function {name} with {len(arguments)} arguments")

    def _chosen(self, condition: Value, then: Value, otherwise: Value) -> Value:
        """Evaluate IF: a period needs a point of the condition, and of the branch that it chooses."""
        if isinstance(condition, float):
            return then if condition else otherwise
        chosen = {period: then if truth else otherwise for period, truth in condition.items()}
        return {
            period: branch if isinstance(branch, float) else branch[period]
            for period, branch in chosen.items()
            if isinstance(branch, float) or period in branch
        }

    def _filled(self, series: Value, filler: ast.expr) -> Series:
        """Evaluate FILL with a number or REPEAT, which leaves periods before the first point empty."""
        if isinstance(series, float):
            raise MathError("FILL takes a time series")
        if not (isinstance(filler, ast.Name) and filler.id == "REPEAT"):
            value = self.value(filler)
            if not isinstance(value, float):
                raise MathError("FILL takes a number or REPEAT")
            return {period: series.get(period, value) for period in range(self._periods)}
        filled: Series = {}
        for period in sorted(range(self._periods), reverse=True):
            if period in series or period + 1 in filled:
                filled[period] = series[period] if period in series else filled[period + 1]
        return filled

    def _reduced(self, reduce: Callable[[list[float]], float], values: list[Value]) -> Series:
        """Reduce the points that there are in each period."""
        constants = [value for value in values if isinstance(value, float)]
        series = [value for value in values if isinstance(value, dict)]
        columns = {period: [one[period] for one in series if period in one] for period in range(self._periods)}
        return {period: float(reduce([*column, *constants])) for period, column in columns.items() if column}


def _each(function: Callable[..., float], *values: Value) -> Value:
    """Apply it in each period in which all have a point. A division by zero gives no point."""
    series = [value for value in values if isinstance(value, dict)]
    if not series:
        try:
            return float(function(*values))
        except ZeroDivisionError as error:
            raise MathError("a constant is divided by zero") from error
    result = {}
    for period in set(series[0]).intersection(*series[1:]):
        try:
            result[period] = float(function(*(v if isinstance(v, float) else v[period] for v in values)))
        except ZeroDivisionError:
            continue
    return result
