"""An operation is one module and one line in a list, from which all else follows."""

from pathlib import Path

import pytest

from rds_operations import operations
from rds_operations.operations import ALLOWED, OPERATIONS
from rds_operations.operations.base import Operation
from tests.builders import COMPLETE, GIVEN, given_parameters


def test_the_allowed_text_has_the_order_of_the_specification() -> None:
    assert ALLOWED.startswith("create_snapshot, reboot_instance, modify_backup_window")


def test_every_module_that_defines_an_operation_is_listed() -> None:
    modules = Path(str(operations.__file__)).parent.glob("*.py")
    defined = [path.stem for path in modules if "(Operation):" in path.read_text()]
    assert sorted(OPERATIONS) == sorted(defined)


def test_the_builders_know_every_operation() -> None:
    assert set(OPERATIONS) == set(COMPLETE) == set(GIVEN) == set(given_parameters)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_every_operation_is_complete(operation: Operation) -> None:
    missing = [name for name in Operation.__annotations__ if not hasattr(operation, name)]
    assert not missing
    assert OPERATIONS[operation.name] is operation
    assert operation.summary
    assert operation.working_status
    assert operation.ready_states
    assert all(parameter.summary and callable(parameter.parse) for parameter in operation.parameters)
    assert operation.execute_permissions
    for permission in (*operation.execute_permissions, *operation.poll_permissions):
        assert permission.action.startswith("rds:")
        assert "*" not in permission.action
        assert permission.resources
        assert set(permission.resources) <= {"*", "db", "snapshot", "snapshot-tenant-database"}
