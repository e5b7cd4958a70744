"""During an operation, another one begins, or the instance is deleted and created again."""

from __future__ import annotations

from local.demo_instances import DemoInstance, create
from tests.workflow.faults.case import Case, Row
from tests.workflow.faults.checks import assert_as_expected, parametrized
from tests.workflow.faults.conftest import Seen
from tests.workflow.faults.expected import RECORDS
from tests.workflow.service import reboot_of, window_of

WHERE = "Meanwhile"


def stop_and_ask_for_another(case: Case) -> None:
    """Stop the execution. Execute goes on, and the next operation must wait for its call."""
    case.wait_for_faults()
    arn = case.answers[0].body["execution_arn"]
    case.service.aws("stepfunctions").stop_execution(executionArn=arn)
    case.service.result(case.operation_id)
    answer = case.service.post(window_of(case.instance))
    assert (answer.status, answer.body["code"]) == (409, "operation_in_progress"), answer


def make_anew(case: Case) -> None:
    """Replace the instance by another of the same name, after a poll has seen the reboot."""
    case.eventually(lambda: any("polls" in item for item in case.items()), "a poll")
    rds = case.service.aws("rds")
    rds.delete_db_instance(DBInstanceIdentifier=case.instance, SkipFinalSnapshot=True)
    create(rds, DemoInstance(case.instance, "", "postgres", {"Environment": "dev"}))


ROWS = [
    Row(
        WHERE,
        "another operation is asked for when one was stopped in its call",
        reboot_of,
        ({"point": "rds:RebootDBInstance", "caller": "Execute", "effect": "hang", "seconds": 3},),
        {"execution": "ABORTED", "outcome": "failed, available later", "sent": 1, "acted": 1},
        during=stop_and_ask_for_another,
    ),
    Row(
        WHERE,
        "the instance is deleted and made anew",
        reboot_of,
        expected={"execution": "FAILED OperationFailed", "outcome": "failed", "acted": 1, "records": RECORDS},
        tags={"Environment": "dev", "local:reboot": "never"},
        during=make_anew,
    ),
]


@parametrized(ROWS)
def test_meanwhile(row: Row, seen: Seen) -> None:
    assert_as_expected(row, seen(row))
