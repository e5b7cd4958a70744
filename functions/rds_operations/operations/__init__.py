"""The registry: every module of this package that defines an `OPERATION` is one. Nothing else lists them."""

from __future__ import annotations

import pkgutil
from importlib import import_module

from rds_operations.operations.operation import Operation


def _registry() -> dict[str, Operation]:
    modules = (import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    found: list[Operation] = [module.OPERATION for module in modules if hasattr(module, "OPERATION")]
    return {operation.name: operation for operation in sorted(found, key=lambda operation: operation.position)}


OPERATIONS = _registry()
ALLOWED = ", ".join(OPERATIONS)
