"""What is known of a request before validation."""

from rds_operations.rules.request_stub import api_stub, execution_stub
from tests.builders import (
    INSTANCE_ID,
    a_body,
    an_admission,
    an_envelope,
    an_execution,
)

ADMISSION = an_admission("request-1")


def test_the_event_of_an_executions_end_makes_the_same_stub_as_its_context_object() -> None:
    moment = 1763029800123
    as_event = an_execution(StartTime=moment)
    as_context = an_execution(StartTime="2025-11-13T10:30:00.123Z")
    assert execution_stub(a_body(), as_event) == execution_stub(a_body(), as_context)


def test_the_stub_of_an_admission_that_broke_early_knows_its_caller() -> None:
    known = api_stub(a_body(), an_envelope(), ADMISSION)
    assert (known.request_id, known.instance_id) == ("request-1", INSTANCE_ID)
    assert known.caller["userId"] == "apikey:key-id-1"
