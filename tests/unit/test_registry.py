"""An operation is one module: everything else follows from the registry."""

import sys
from pathlib import Path

import pytest

from rds_operations import operations
from rds_operations.operations import ALLOWED, OPERATIONS, ordered
from rds_operations.operations.base import Operation
from tests.unit.builders import COMPLETE, GIVEN, given_parameters

STOP_INSTANCE = """
from rds_operations.operations.base import Operation


class StopInstance(Operation):
    name, position = "stop_instance", 4
    summary = "Stop an instance"
    parameters = ()
    working_status = "stopping"
    ready_states = frozenset({"available"})
    acts_with = ()
    watches_with = ()

    def start(self, rds, request, instance): ...
    def resume(self, rds, request, since, instance): ...
    def document(self, request, progress): ...


OPERATION = StopInstance()
"""


def test_the_allowed_text_has_the_order_of_the_specification() -> None:
    assert ALLOWED == "create_snapshot, reboot_instance, modify_backup_window"


def test_the_builders_know_every_operation() -> None:
    assert set(OPERATIONS) == set(COMPLETE) == set(GIVEN) == set(given_parameters)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=str)
def test_every_operation_is_complete(operation: Operation) -> None:
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


def test_places_in_lists_are_distinct() -> None:
    positions = [operation.position for operation in OPERATIONS.values()]
    assert positions == sorted(set(positions))


def test_a_new_module_is_a_new_operation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stop_instance.py").write_text(STOP_INSTANCE)
    monkeypatch.setattr(operations, "__path__", [*operations.__path__, str(tmp_path)])
    try:
        assert list(ordered(operations._modules())) == [*OPERATIONS, "stop_instance"]
    finally:
        sys.modules.pop("rds_operations.operations.stop_instance")
        del operations.stop_instance  # type: ignore[attr-defined]


def test_two_operations_of_one_name_are_refused() -> None:
    (first, *_) = OPERATIONS.values()
    with pytest.raises(ValueError, match="Two operations are named create_snapshot"):
        ordered([first, first])


def test_an_operation_that_is_not_whole_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    operation = OPERATIONS["reboot_instance"]
    monkeypatch.delattr(type(operation), "working_status")
    with pytest.raises(ValueError, match="RebootInstance lacks working_status"):
        ordered([operation])
