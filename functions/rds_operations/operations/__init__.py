"""The operations of the service. A new one is its module and its line here: see docs/adding-an-operation.md."""

from __future__ import annotations

from rds_operations.operations.base import Operation
from rds_operations.operations.create_snapshot import CreateSnapshot
from rds_operations.operations.modify_backup_window import ModifyBackupWindow
from rds_operations.operations.reboot_instance import RebootInstance

_ALL: tuple[Operation, ...] = (CreateSnapshot(), RebootInstance(), ModifyBackupWindow())
"""In the order of lists, error texts and tables."""

OPERATIONS = {operation.name: operation for operation in _ALL}
ALLOWED = ", ".join(OPERATIONS)
