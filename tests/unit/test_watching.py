"""How a poll reads RDS: never a stale `available`, never a healthy state taken for a failure."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from rds_operations.aws.rds import Rds
from rds_operations.model import clock
from rds_operations.model.errors import RdsRejected, RdsThrottled, RdsUnavailable
from rds_operations.model.progress import Progress, done, failed
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.operations.reboot_instance import FAILED_STATES
from rds_operations.operations.snapshot_tags import OPERATION_TAG
from tests.unit.builders import INSTANCE_ID, MOMENT, SNAPSHOT_ID, a_request, an_instance

SNAPSHOT_ARN = f"arn:aws:rds:ap-southeast-1:123456789012:snapshot:{SNAPSHOT_ID}"
REBOOT = a_request("reboot_instance")
FAILOVER = a_request("reboot_instance", {"force_failover": True})
REBOOTING = Progress("rebooting")
SEEN = Progress("rebooting", evidence="rebooting")
ABANDONED = "Abandoning user requested failover since a failover recently occurred on the database instance."
STILL_PENDING = "Parameters or options still wait for a reboot: this failover has not applied them"
NO_EVENT = "RDS took the reboot and shows the instance as available, but has told of no restart"


def rds(**answers: Any) -> Rds:
    """The edge with a client whose methods answer, or raise, what a test says."""

    def method(answer: Any) -> Any:
        def call(**_arguments: Any) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    return Rds(cast("Any", SimpleNamespace(**{name: method(answer) for name, answer in answers.items()})))


def error(code: str, status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "words"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "Describe")


def rebooted(previous: Progress, *events: str, request: OperationRequest = REBOOT, **instance: Any) -> Progress:
    shown = rds(
        describe_db_instances={"DBInstances": [an_instance(**instance)]},
        describe_events={"Events": [{"Message": message} for message in events]},
    )
    return OPERATIONS["reboot_instance"].poll(shown, request, MOMENT, previous)


def snapshot(**fields: Any) -> dict[str, Any]:
    return {
        "DBSnapshotIdentifier": SNAPSHOT_ID,
        "DBSnapshotArn": SNAPSHOT_ARN,
        "Status": "creating",
        "TagList": [{"Key": OPERATION_TAG, "Value": a_request().operation_id}],
        **fields,
    }


def watched(answer: Any, previous: Progress | None = None) -> Progress:
    shown = rds(describe_db_snapshots=answer if isinstance(answer, Exception) else {"DBSnapshots": [answer]})
    return OPERATIONS["create_snapshot"].poll(shown, a_request(), MOMENT, previous or Progress("creating"))


def test_an_available_instance_that_was_never_seen_rebooting_is_still_rebooting() -> None:
    assert rebooted(REBOOTING) == REBOOTING
    assert rebooted(REBOOTING, "DB instance shutdown", "Finished DB Instance backup") == REBOOTING


@pytest.mark.parametrize(
    "message",
    ["DB instance restarted", "Multi-AZ instance failover completed", "A Multi-AZ failover has completed."],
)
def test_an_available_instance_with_the_event_of_a_restart_is_back(message: str) -> None:
    assert rebooted(REBOOTING, message) == done("available")


def test_an_available_instance_that_was_seen_rebooting_is_back() -> None:
    assert rebooted(REBOOTING, DBInstanceStatus="rebooting") == SEEN
    assert rebooted(SEEN) == done("available")


# terraform-provider-aws#2408, #38497, #39691: fully operational, and it can take 24 hours and more.
@pytest.mark.parametrize("state", ["available", "storage-optimization", "storage-initialization"])
def test_an_instance_that_works_for_its_users_is_back(state: str) -> None:
    assert rebooted(SEEN, DBInstanceStatus=state) == done("available")
    assert rebooted(REBOOTING, "DB instance restarted", DBInstanceStatus=state) == done("available")
    assert rebooted(REBOOTING, DBInstanceStatus=state) == REBOOTING


# A reboot under 30 seconds whose event is lost: RebootDBInstance's own answer has said `rebooting`.
def test_what_rds_took_and_shows_as_available_later_is_back_and_says_what_is_not_certain(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = Progress("rebooting", evidence="taken")
    for seconds, expected in ((30, taken), (119, taken), (120, done("available", note=NO_EVENT))):
        monkeypatch.setattr(clock, "now", lambda after=seconds: MOMENT + timedelta(seconds=after))
        assert rebooted(taken) == expected
        assert rebooted(REBOOTING) == REBOOTING  # nobody knows whether RDS took it
    assert rebooted(taken, DBInstanceStatus="backing-up") == taken


@pytest.mark.parametrize(("status", "evidence"), [("rebooting", "taken"), ("available", "")])
def test_the_answer_to_the_call_is_evidence_that_it_was_taken(status: str, evidence: str) -> None:
    shown = rds(reboot_db_instance={"DBInstance": an_instance(DBInstanceStatus=status)})
    assert OPERATIONS["reboot_instance"].start(shown, REBOOT, an_instance()).evidence == evidence


# aws-cloudformation-resource-providers-rds#345, RDS-EVENT-0034.
@pytest.mark.parametrize("previous", [SEEN, REBOOTING])
def test_a_failover_that_rds_has_abandoned_has_failed_in_its_words(previous: Progress) -> None:
    assert rebooted(previous, ABANDONED, request=FAILOVER, MultiAZ=True) == failed(ABANDONED)
    assert rebooted(SEEN, ABANDONED, MultiAZ=True) == done("available")  # none was asked for


# RDS User Guide, Rebooting a DB instance: a SQL Server failover may leave parameters as they were;
# aws-controllers-k8s/community#1949, terraform-provider-aws#1494.
@pytest.mark.parametrize("engine", ["sqlserver-se", "custom-sqlserver-ee", "postgres"])
def test_a_failover_of_sql_server_ends_with_parameters_that_still_wait(engine: str) -> None:
    waiting: dict[str, Any] = {"DBParameterGroups": [{"ParameterApplyStatus": "pending-reboot"}], "Engine": engine}
    for events in (["Multi-AZ instance failover completed"], []):  # which may be lost
        over = rebooted(SEEN, *events, request=FAILOVER, **waiting)
        assert over == (SEEN if engine == "postgres" else done("available", note=STILL_PENDING))
    assert rebooted(REBOOTING, request=FAILOVER, **waiting) == REBOOTING
    assert rebooted(SEEN, "DB instance restarted", **waiting) == SEEN  # a reboot in place applies them


def test_events_are_read_to_the_last_page() -> None:
    pages = {"": {"Events": [{"Message": "x"}], "Marker": "1"}, "1": {"Events": [{"Message": "DB instance restarted"}]}}
    client = SimpleNamespace(
        describe_db_instances=lambda **_call: {"DBInstances": [an_instance()]},
        describe_events=lambda **call: pages[call.get("Marker", "")],
    )
    assert OPERATIONS["reboot_instance"].poll(Rds(cast("Any", client)), REBOOT, MOMENT, REBOOTING) == done("available")


def test_an_option_group_that_could_not_be_applied_is_a_failure() -> None:
    groups = [{"OptionGroupName": "tde", "Status": "failed"}]
    text = f"Instance {INSTANCE_ID} has restarted, but its option group tde failed"
    assert rebooted(SEEN, OptionGroupMemberships=groups) == failed(text)
    assert rebooted(REBOOTING, OptionGroupMemberships=groups) == REBOOTING


# AWS Support on incompatible-parameters: the state of before is no failure of the reboot that is to end it.
def test_the_state_that_a_reboot_is_to_end_fails_at_the_second_look() -> None:
    state = "incompatible-parameters"
    once = rebooted(REBOOTING, DBInstanceStatus=state)
    assert once == replace(REBOOTING, missing=1)
    assert rebooted(once, DBInstanceStatus=state) == failed(f"Instance {INSTANCE_ID} is in the state {state}")
    assert rebooted(once, "DB instance restarted") == done("available")


# RDS's list of states, as k2m30/a9s keeps it: none of these ends by itself.
@pytest.mark.parametrize("state", ["insufficient-capacity", "restore-error", "stopped", "storage-full", "deleting"])
def test_what_came_after_the_restart_is_told_and_is_no_failure_of_the_reboot(state: str) -> None:
    note = f"Instance {INSTANCE_ID} is in the state {state}. It has restarted before"
    assert rebooted(SEEN, "DB instance restarted", DBInstanceStatus=state) == done("available", note=note)


@pytest.mark.parametrize("state", ["backing-up", "modifying", "maintenance", "starting"])
def test_a_healthy_state_in_between_is_no_failure_and_forgets_nothing(state: str) -> None:
    assert rebooted(SEEN, "DB instance restarted", DBInstanceStatus=state) == SEEN


@pytest.mark.parametrize(
    "left",
    [
        {"DBParameterGroups": [{"ParameterApplyStatus": "in-sync"}, {"ParameterApplyStatus": "pending-reboot"}]},
        {"DBParameterGroups": [{"ParameterApplyStatus": "applying"}]},
        {"OptionGroupMemberships": [{"Status": "pending-apply"}]},
    ],
)
def test_an_instance_with_something_left_to_apply_is_not_back(left: dict[str, Any]) -> None:
    assert rebooted(SEEN, "DB instance restarted", **left) == SEEN


def test_an_instance_without_groups_is_in_sync() -> None:
    assert rebooted(SEEN, DBParameterGroups=[], OptionGroupMemberships=[]) == done("available")


@pytest.mark.parametrize("state", sorted(FAILED_STATES))
def test_a_state_from_which_no_instance_comes_back_is_a_failure(state: str) -> None:
    assert rebooted(SEEN, DBInstanceStatus=state) == failed(f"Instance {INSTANCE_ID} is in the state {state}")


@pytest.mark.parametrize("answer", [error("DBInstanceNotFound"), {"DBInstances": []}])
@pytest.mark.parametrize("operation", ["reboot_instance", "modify_backup_window"])
def test_an_instance_that_is_gone_at_two_looks_in_a_row_is_a_failure(operation: str, answer: Any) -> None:
    def look(previous: Progress) -> Progress:
        gone = rds(describe_db_instances=answer)
        return OPERATIONS[operation].poll(gone, a_request(operation), MOMENT, previous)

    once = look(SEEN)
    assert once == replace(SEEN, missing=1)
    assert look(once) == failed(f"Instance {INSTANCE_ID} is gone")


def test_an_instance_that_shows_again_was_not_gone() -> None:
    assert rebooted(replace(SEEN, missing=1), DBInstanceStatus="modifying") == SEEN


@pytest.mark.parametrize("percent", [0, 40])
def test_a_snapshot_in_the_making_tells_its_percent(percent: int) -> None:
    details = {"snapshot_arn": SNAPSHOT_ARN}
    expected = Progress("creating", percent=percent, evidence="seen", details=details)
    assert watched(snapshot(PercentProgress=percent)) == expected


def test_an_available_snapshot_is_done_with_its_arn_and_time() -> None:
    created = datetime(2025, 11, 13, 10, 30, 0, 500_000, tzinfo=UTC)
    progress = watched(snapshot(Status="available", SnapshotCreateTime=created, PercentProgress=100))
    expected = done("available", snapshot_arn=SNAPSHOT_ARN, snapshot_create_time="2025-11-13T10:30:00Z")
    assert progress == replace(expected, evidence="seen")


@pytest.mark.parametrize("state", ["failed", "deleting", "deleted", "incompatible-restore", "incompatible-parameters"])
def test_a_snapshot_that_will_never_be_available_is_a_failure(state: str) -> None:
    expected = failed(f"Snapshot {SNAPSHOT_ID} ended in the state {state}", snapshot_arn=SNAPSHOT_ARN)
    assert watched(snapshot(Status=state)) == replace(expected, evidence="seen")


@pytest.mark.parametrize("tags", [[], [{"Key": OPERATION_TAG, "Value": "another operation"}]])
def test_a_snapshot_of_that_name_by_somebody_else_is_not_taken_for_ours(tags: list[dict[str, str]]) -> None:
    once = watched(snapshot(Status="available", TagList=tags))
    assert once == Progress("creating", missing=1)  # its tags may show later than itself
    expected = failed(f"DBSnapshotAlreadyExists: Snapshot {SNAPSHOT_ID} already exists")
    assert watched(snapshot(Status="available", TagList=tags), once) == replace(expected, evidence="seen")


def test_a_snapshot_that_does_not_show_yet_leaves_things_as_they_were() -> None:
    previous = Progress("creating", percent=3)
    assert watched(error("DBSnapshotNotFound"), previous) == previous


def test_a_snapshot_that_was_seen_and_is_gone_at_two_looks_in_a_row_is_a_failure() -> None:
    seen = watched(snapshot())
    once = watched(error("DBSnapshotNotFound"), seen)
    assert once == replace(seen, missing=1)
    assert watched(snapshot(), once) == seen
    assert watched(error("DBSnapshotNotFound"), once) == failed(f"Snapshot {SNAPSHOT_ID} is gone", **seen.details)


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
