"""The registry: every module of this package that defines an `OPERATION` is one. Nothing else lists them.

To add one: its module here, `make docs`, and its lines in docs/api.md, docs/openapi.json, tests/unit/builders.py and
tests/infrastructure/test_permissions.py.
"""

from __future__ import annotations

import pkgutil
from collections.abc import Iterable
from importlib import import_module

from rds_operations.operations.base import Operation


def ordered(found: Iterable[Operation]) -> dict[str, Operation]:
    """By name, in the order of their positions. Raises ValueError where one is not whole or not unique."""
    operations: dict[str, Operation] = {}
    for operation in found:
        missing = [name for name in Operation.__annotations__ if not hasattr(operation, name)]
        if missing:
            raise ValueError(f"{type(operation).__name__} lacks {', '.join(missing)}")
        if operation.name in operations:
            raise ValueError(f"Two operations are named {operation.name}")
        operations[operation.name] = operation
    return {item.name: item for item in sorted(operations.values(), key=lambda item: (item.position, item.name))}


def _modules() -> Iterable[Operation]:
    for module in pkgutil.iter_modules(__path__):
        found = import_module(f"{__name__}.{module.name}")
        if hasattr(found, "OPERATION"):
            yield found.OPERATION


OPERATIONS = ordered(_modules())
ALLOWED = ", ".join(OPERATIONS)
