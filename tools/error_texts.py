"""Finds every error text that a caller can get, for `docs/errors.md`."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from rds_operations.model.refusals import Code

ROOT = Path(__file__).parent.parent
FUNCTIONS = ROOT / "functions" / "rds_operations"
_WRITTEN = re.compile(
    r"""(?:\$code = |'statusCode': )(?P<status>[0-9]{3})|"error": ?"(?P<text>[^"]+)", ?"code": ?"(?P<code>[a-z_]+)\""""
)
# What makes refusals, with the status and code that it sets, or None where the call gives them.
_MAKERS: dict[str, tuple[int | None, Code | None]] = {
    "Refusal": (None, None),
    "bad_request": (400, Code.INVALID_REQUEST),
    "invalid_parameter": (400, Code.INVALID_PARAMETER),
    "not_supported": (400, Code.NOT_SUPPORTED),
    "conflict": (409, None),
}


class ErrorText(NamedTuple):
    """Describe an error. `…` in the text stands for what varies."""

    status: int
    code: str
    text: str


def error_texts() -> list[ErrorText]:
    """Return them all, in the order of their status and code."""
    found = {text for path in FUNCTIONS.rglob("*.py") for text in _in_module(ast.parse(path.read_text()))}
    templates = (ROOT / "stacks" / "mapping_templates").glob("*.response.vtl"), (ROOT / "statemachine").glob("*.json")
    for path in chain.from_iterable(templates):
        found.update(_in_template(path.read_text()))
    return sorted(found)


def _in_template(text: str) -> Iterator[ErrorText]:
    """Find the answers that are written out, each after its status."""
    status = 0
    for part in _WRITTEN.finditer(text.replace('\\"', '"')):
        if part["status"]:
            status = int(part["status"])
        else:
            yield ErrorText(status, part["code"], part["text"])


def _in_module(module: ast.Module) -> Iterator[ErrorText]:
    for scope in ast.walk(module):
        if isinstance(scope, ast.Module | ast.FunctionDef):
            names = _returned_texts(module) | _assigned_texts(scope)
            names |= _assigned_texts(module) if scope is not module else {}
            for call in _calls_of(scope):
                yield from _error_text(call, names)


def _calls_of(scope: ast.AST) -> Iterator[ast.Call]:
    """Return a function's own calls, not those of nested functions."""
    for child in ast.iter_child_nodes(scope):
        if isinstance(child, ast.FunctionDef):
            continue
        if isinstance(child, ast.Call):
            yield child
        yield from _calls_of(child)


def _error_text(call: ast.Call, names: dict[str, str]) -> Iterator[ErrorText]:
    maker = call.func.id if isinstance(call.func, ast.Name) else ""
    if maker not in _MAKERS:
        return
    status, code = _MAKERS[maker]
    arguments = list(call.args)
    if maker == "Refusal":
        status = _constant(arguments.pop(0))
    codes = [argument for argument in arguments if _is_code(argument)]
    texts = [argument for argument in arguments if not _is_code(argument)]
    if codes:
        code = Code[codes[0].attr]  # type: ignore[attr-defined]
    text = _text(texts[0], names) if texts else ""
    if status and code and text.strip("… "):
        yield ErrorText(status, code.value, text)


def _is_code(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Code"


def _constant(node: ast.AST) -> int | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, int) else None


def _assigned_texts(scope: ast.AST) -> dict[str, str]:
    return {
        target.id: text
        for node in ast.walk(scope)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name) and (text := _text(node.value, {})).strip("… ")
    }


def _returned_texts(module: ast.Module) -> dict[str, str]:
    """Return what the module's functions return that end with one text."""
    return {
        function.name: text
        for function in module.body
        if isinstance(function, ast.FunctionDef)
        and isinstance(last := function.body[-1], ast.Return)
        and last.value
        and (text := _text(last.value, {})).strip("… ")
    }


def _text(node: ast.AST, names: dict[str, str]) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else "…"
    if isinstance(node, ast.JoinedStr):
        return "".join(_text(part, names) for part in node.values)
    if isinstance(node, ast.BinOp):
        return _text(node.left, names) + _text(node.right, names)
    called = node.func if isinstance(node, ast.Call) else node
    return names.get(called.id, "…") if isinstance(called, ast.Name) else "…"


if __name__ == "__main__":
    for status, code, text in error_texts():
        print(f"{status} {code}: {text}")
