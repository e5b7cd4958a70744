"""How the operations call RDS: pages, and translated errors."""

from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ReadTimeoutError

from rds_operations.aws.rds import Rds
from rds_operations.model.errors import RdsRejected, RdsThrottled, RdsUnavailable
from rds_operations.model.progress import Progress, done
from rds_operations.operations import OPERATIONS
from tests.builders import MOMENT, a_request, an_instance
from tests.unit.stub_rds import error, rds

REBOOT = a_request("reboot_instance")
REBOOTING = Progress("rebooting")


def watched(answer: Any, previous: Progress | None = None) -> Progress:
    shown = rds(describe_db_snapshots=answer if isinstance(answer, Exception) else {"DBSnapshots": [answer]})
    return OPERATIONS["create_snapshot"].poll(shown, a_request(), MOMENT, previous or Progress("creating"))


def test_events_are_read_to_the_last_page() -> None:
    pages = {"": {"Events": [{"Message": "x"}], "Marker": "1"}, "1": {"Events": [{"Message": "DB instance restarted"}]}}
    client = SimpleNamespace(
        describe_db_instances=lambda **_call: {"DBInstances": [an_instance()]},
        describe_events=lambda **call: pages[call.get("Marker", "")],
    )
    assert OPERATIONS["reboot_instance"].poll(Rds(cast("Any", client)), REBOOT, MOMENT, REBOOTING) == done("available")


@pytest.mark.parametrize(
    ("problem", "fault"),
    [
        (error("Throttling"), RdsThrottled),
        (error("ThrottlingException"), RdsThrottled),
        (error("RequestLimitExceeded", 503), RdsThrottled),
        (error("InternalFailure", 500), RdsUnavailable),
        (error("ServiceUnavailable", 503), RdsUnavailable),
        (error("AccessDenied", 403), RdsRejected),
        (ReadTimeoutError(endpoint_url="https://rds"), RdsUnavailable),
    ],
)
def test_a_look_that_fails_says_whether_it_is_worth_another(problem: Exception, fault: type[Exception]) -> None:
    with pytest.raises(fault) as raised:
        watched(problem)
    assert raised.type is fault
    assert str(raised.value)
