"""How a poll reads an instance: it ignores a stale `available`, and takes no healthy state for a failure."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from rds_operations.model import clock
from rds_operations.model.end_codes import EndCode
from rds_operations.model.progress import Progress, done, failed
from rds_operations.model.request import OperationRequest
from rds_operations.operations import OPERATIONS
from rds_operations.operations.reboot_instance import FAILED_STATES
from tests.builders import INSTANCE_ID, MOMENT, a_request, an_instance
from tests.unit.stub_rds import error, rds

REBOOT = a_request("reboot_instance")
FAILOVER = a_request("reboot_instance", {"force_failover": True})
REBOOTING = Progress("rebooting")
SEEN = Progress("rebooting", evidence="rebooting")
ABANDONED = "Abandoning user requested failover since a failover recently occurred on the database instance."
STILL_PENDING = "Parameters or options still wait for a reboot: this failover has not applied them"
NO_EVENT = "RDS took the reboot and shows the instance as available, but has told of no restart"


def rebooted(previous: Progress, *events: str, request: OperationRequest = REBOOT, **instance: Any) -> Progress:
    shown = rds(
        describe_db_instances={"DBInstances": [an_instance(**instance)]},
        describe_events={"Events": [{"Message": message} for message in events]},
    )
    return OPERATIONS["reboot_instance"].poll(shown, request, MOMENT, previous)


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


# terraform-provider-aws#2408, #38497, #39691: the instance works, and this state can last 24 hours or more.
@pytest.mark.parametrize("state", ["available", "storage-optimization", "storage-initialization"])
def test_an_instance_that_works_for_its_users_is_back(state: str) -> None:
    assert rebooted(SEEN, DBInstanceStatus=state) == done("available")
    assert rebooted(REBOOTING, "DB instance restarted", DBInstanceStatus=state) == done("available")
    assert rebooted(REBOOTING, DBInstanceStatus=state) == REBOOTING


# The event of a short reboot, under 30 seconds, is lost, but RebootDBInstance's answer said `rebooting`.
def test_a_reboot_without_an_event_ends_later_with_a_note(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    taken = Progress("rebooting", evidence="taken")
    for seconds, expected in ((30, taken), (119, taken), (120, done("available", note=NO_EVENT))):
        monkeypatch.setattr(clock, "now", lambda after=seconds: MOMENT + timedelta(seconds=after))
        assert rebooted(taken) == expected
        assert rebooted(REBOOTING) == REBOOTING  # RDS may not have taken the call
    assert rebooted(taken, DBInstanceStatus="backing-up") == taken


@pytest.mark.parametrize(("status", "evidence"), [("rebooting", "taken"), ("available", "")])
def test_the_answer_to_the_call_is_evidence_that_it_was_taken(status: str, evidence: str) -> None:
    shown = rds(reboot_db_instance={"DBInstance": an_instance(DBInstanceStatus=status)})
    assert OPERATIONS["reboot_instance"].start(shown, REBOOT, an_instance()).evidence == evidence


# aws-cloudformation-resource-providers-rds#345, RDS-EVENT-0034.
@pytest.mark.parametrize("previous", [SEEN, REBOOTING])
def test_a_failover_that_rds_has_abandoned_has_failed_in_its_words(previous: Progress) -> None:
    assert rebooted(previous, ABANDONED, request=FAILOVER, MultiAZ=True) == failed(ABANDONED, EndCode.REBOOT_FAILED)
    assert rebooted(SEEN, ABANDONED, MultiAZ=True) == done("available")  # none was asked for


# RDS User Guide, Rebooting a DB instance: a SQL Server failover may leave parameters as they were;
# aws-controllers-k8s/community#1949, terraform-provider-aws#1494.
@pytest.mark.parametrize("engine", ["sqlserver-se", "custom-sqlserver-ee", "postgres"])
def test_a_failover_of_sql_server_ends_with_parameters_that_still_wait(engine: str) -> None:
    waiting: dict[str, Any] = {"DBParameterGroups": [{"ParameterApplyStatus": "pending-reboot"}], "Engine": engine}
    for events in (["Multi-AZ instance failover completed"], []):  # the event may be lost
        over = rebooted(SEEN, *events, request=FAILOVER, **waiting)
        assert over == (SEEN if engine == "postgres" else done("available", note=STILL_PENDING))
    assert rebooted(REBOOTING, request=FAILOVER, **waiting) == REBOOTING
    assert rebooted(SEEN, "DB instance restarted", **waiting) == SEEN  # a reboot in place applies them


def test_an_option_group_that_could_not_be_applied_is_a_failure() -> None:
    groups = [{"OptionGroupName": "tde", "Status": "failed"}]
    text = f"Instance {INSTANCE_ID} has restarted, but its option group tde failed"
    assert rebooted(SEEN, OptionGroupMemberships=groups) == failed(text, EndCode.REBOOT_FAILED)
    assert rebooted(REBOOTING, OptionGroupMemberships=groups) == REBOOTING


# AWS Support on incompatible-parameters: the state before the reboot is not a failure of the reboot.
def test_the_state_that_a_reboot_is_to_end_fails_at_the_second_look() -> None:
    state = "incompatible-parameters"
    once = rebooted(REBOOTING, DBInstanceStatus=state)
    assert once == replace(REBOOTING, missing=1)
    text = f"Instance {INSTANCE_ID} is in the state {state}"
    assert rebooted(once, DBInstanceStatus=state) == failed(text, EndCode.REBOOT_FAILED)
    assert rebooted(once, "DB instance restarted") == done("available")


# RDS's list of states, as in k2m30/a9s: none of these ends by itself.
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
    text = f"Instance {INSTANCE_ID} is in the state {state}"
    assert rebooted(SEEN, DBInstanceStatus=state) == failed(text, EndCode.REBOOT_FAILED)


def test_a_failure_ends_with_the_last_event_of_rds() -> None:
    reason = "DB instance has run out of storage."
    progress = rebooted(SEEN, "DB instance shutdown", reason, DBInstanceStatus="storage-full")
    assert progress.error == f"Instance {INSTANCE_ID} is in the state storage-full. RDS's last event: {reason}"


@pytest.mark.parametrize("answer", [error("DBInstanceNotFound"), {"DBInstances": []}])
@pytest.mark.parametrize("operation", ["reboot_instance", "modify_backup_window"])
def test_an_instance_that_is_gone_at_two_looks_in_a_row_is_a_failure(operation: str, answer: Any) -> None:
    def look(previous: Progress) -> Progress:
        gone = rds(describe_db_instances=answer)
        return OPERATIONS[operation].poll(gone, a_request(operation), MOMENT, previous)

    once = look(SEEN)
    assert once == replace(SEEN, missing=1)
    assert look(once) == failed(f"Instance {INSTANCE_ID} is gone", EndCode.INSTANCE_GONE)


def test_an_instance_that_shows_again_was_not_gone() -> None:
    assert rebooted(replace(SEEN, missing=1), DBInstanceStatus="modifying") == SEEN
