"""The audit record: the specification's attributes with its types."""

import json
from datetime import timedelta

import pytest

from rds_operations.audit_record import Event, audit_record
from rds_operations.order import Order
from tests.unit.builders import DEVELOPMENT, INSTANCE_ID, MOMENT, SNAPSHOT_ID, an_order

DONE = {"success": True, "duration_seconds": 125.3}


def test_the_attributes_of_a_record() -> None:
    order = an_order()
    assert audit_record(order, Event.COMPLETED, DONE, MOMENT, DEVELOPMENT) == {
        "instance_id": INSTANCE_ID,
        "audit_id": f"{INSTANCE_ID}#2025-11-13T10:30:00.000Z#{order.operation_id}#completed",
        "timestamp": "2025-11-13T10:30:00.000Z",
        "operation": "create_snapshot",
        "parameters": f'{{"snapshot_id": "{SNAPSHOT_ID}", "tags": []}}',
        "user_identity": '{"userId": "john.doe", "sourceIp": "203.0.113.42"}',
        "result": '{"success": true, "duration_seconds": 125.3}',
        "success": True,
        "ttl": 1770805800,
        "event": "completed",
        "recorded_by": "operation",
        "operation_id": order.operation_id,
        "execution_arn": order.execution_arn,
        "request_id": "request-1",
        "environment": "development",
        "environment_source": "tag Environment=dev",
    }


def test_the_types_are_the_specifications() -> None:
    record = audit_record(an_order(), Event.REFUSED, {"success": False, "error": "no"}, MOMENT)
    assert record["success"] is False
    assert type(record["ttl"]) is int
    for name in ("parameters", "user_identity", "result"):
        assert isinstance(json.loads(str(record[name])), dict)


def test_an_attempt_that_names_nothing_sound_has_a_partition_of_its_own() -> None:
    record = audit_record(Order("request-1"), Event.REFUSED, {"success": False}, MOMENT)
    assert (record["instance_id"], record["operation"]) == ("-", "-")
    assert (record["environment"], record["environment_source"]) == ("unknown", "")


def test_words_of_any_language_stay_readable() -> None:
    record = audit_record(an_order(caller={"userId": "Jürgen"}), Event.ACCEPTED, DONE, MOMENT)
    assert "Jürgen" in str(record["user_identity"])


@pytest.mark.parametrize(
    "other",
    [
        audit_record(an_order(), Event.ACCEPTED, DONE, MOMENT),
        audit_record(an_order(operation_id="another"), Event.COMPLETED, DONE, MOMENT),
        audit_record(an_order(), Event.COMPLETED, DONE, MOMENT + timedelta(milliseconds=1)),
        audit_record(an_order(instance_id="dev-postgres-02"), Event.COMPLETED, DONE, MOMENT),
    ],
)
def test_no_two_records_share_a_key(other: dict[str, object]) -> None:
    record = audit_record(an_order(), Event.COMPLETED, DONE, MOMENT)
    assert (record["instance_id"], record["audit_id"]) != (other["instance_id"], other["audit_id"])
