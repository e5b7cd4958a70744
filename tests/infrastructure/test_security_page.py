"""A test proves each promise of docs/security.md."""

import ast
import re

from tests.infrastructure.conftest import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text()


def shown_by() -> list[str]:
    table = PAGE.split("<!-- promises -->")[1].split("<!-- end of promises -->")[0]
    rows = table.strip().splitlines()[2:]
    assert len(rows) > 10
    for row in rows:
        assert re.search(r"`tests/\S+`", row), row
    return re.findall(r"`(tests/\S+)`", table)


def names_in(file: str) -> set[str]:
    """Return a file's test functions and classes, and the classes' functions as `Class::function`."""
    tree = ast.parse((ROOT / file).read_text())
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}::{item.name}" for item in node.body if isinstance(item, ast.FunctionDef)}
    return found


def test_every_promise_names_tests_that_exist() -> None:
    for shown in shown_by():
        file, _, name = shown.partition("::")
        assert (ROOT / file).exists(), shown
        assert not name or name in names_in(file), shown
        if not name:
            assert any(found.split("::")[-1].startswith("test_") for found in names_in(file)), shown
