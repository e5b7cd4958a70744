"""Which files of a package its modules import, so that no other is shipped.

Read from the source. Of our own code, what is imported inside a function counts, too; of a library, only what comes
with its import: Powertools reaches for pydantic inside functions that nothing here calls. The tests of the package run
what is shipped.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from pathlib import Path


def imported_files(folder: Path, modules: Collection[str], own: Collection[str]) -> set[Path]:
    """Return the files that a program loads for these modules, if its path begins with the folder. `own`: the names of
    our own packages in it.
    """
    found: set[Path] = set()
    left = [loaded for name in modules for loaded in _files(folder, name)]
    while left:
        file = left.pop()
        if file not in found:
            found.add(file)
            is_own = file.relative_to(folder).parts[0] in own
            left += [loaded for name in _names(file, folder, is_own) for loaded in _files(folder, name)]
    return found


def _files(folder: Path, name: str) -> Iterator[Path]:
    """Yield the file of a module, and those of the packages around it."""
    parts = name.split(".")
    for length in range(1, len(parts) + 1):
        path = folder.joinpath(*parts[:length])
        yield from (file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file())


def _names(file: Path, folder: Path, in_functions: bool) -> Iterator[str]:
    """Yield what a file imports, by its whole name; `from a import b` is perhaps the module `a.b`."""
    package = file.relative_to(folder).parent.parts
    for node in _executed(ast.parse(file.read_text()), in_functions):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            around = package[: len(package) - node.level + 1] if node.level else ()
            base = ".".join([*around, *([node.module] if node.module else [])])
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _executed(tree: ast.AST, in_functions: bool) -> Iterator[ast.AST]:
    """Yield the nodes that run, without what is for a type checker alone."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) and not in_functions:
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from _executed(ast.Module(node.orelse, []), in_functions)
            continue
        yield node
        yield from _executed(node, in_functions)
