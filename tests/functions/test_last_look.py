"""Execute reads the tags right before it acts, and leaves alone what they call production."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rds_operations.model.errors import RdsThrottled, RdsUnreachable
from rds_operations.model.place import Place
from rds_operations.settings.callers import CallerSettings
from tests.builders import HOME, INSTANCE_ID, MANY_TARGETS, OTHER_ACCOUNT, OTHER_REGION, REGION, a_body
from tests.functions.calls import Answer, Call, error
from tests.functions.fake_aws import Document, FakeAws
from tests.operation_cases import CASES

CALLER = "apikey:key-id-1"
THERE = Place(OTHER_ACCOUNT, REGION)
ACTIONS = {name: case.acting_call for name, case in CASES.items()}


@pytest.fixture(autouse=True)
def _deployed(aws: FakeAws) -> None:
    aws.deploy(MANY_TARGETS)


def accepted(aws: FakeAws, operation: str = "create_snapshot", place: Place = HOME) -> Document:
    """Return the work just before Execute. Classify has twice seen a development instance."""
    choice = {"account_id": place.account_id, "region": place.region}
    return aws.begin(aws.admit(a_body(operation) | choice)["start"])


def changes(aws: FakeAws) -> list[str]:
    return [action for action in aws.actions if not action.startswith("Describe")]


def assert_refused(aws: FakeAws, work: Document, code: str) -> Document:
    """Check that nothing was done, with a record and a free lock. Return the closing record."""
    work = aws.execute(work)
    assert work["refusal"]["code"] == code
    assert work["progress"]["finished"] is True
    outcome = aws.audit(work)
    assert outcome["error"] == "OperationRefused"
    assert outcome["document"]["error"] == work["refusal"]["error"]
    assert aws.actions == []
    assert aws.held() == []
    assert aws.late_watches() == []
    opening, closing = aws.records()
    assert (opening["event"], opening["environment"]) == ("accepted", "development")
    assert (closing["event"], closing["success"]) == ("completed", False)
    return closing


def assert_not_begun(aws: FakeAws, work: Document, code: str, environment: str) -> None:
    """Check that a direct start never became an operation, and that it has a record."""
    work = aws.execute(work)
    assert work["refusal"]["code"] == code
    assert aws.audit(work)["error"] == "OperationRefused"
    assert (aws.actions, aws.items()) == ([], [])
    (record,) = aws.records()
    assert (record["event"], record["environment"], record["operation_id"]) == ("refused", environment, "by-hand")
    assert json.loads(record["result"])["code"] == code


# No longer allowed.


PRODUCTION = ("Production", "production_instance", "production", "tag Environment=Production")


@pytest.mark.parametrize(
    ("operation", "place", "tag", "code", "environment", "source"),
    [
        *((operation, place, *PRODUCTION) for operation in ACTIONS for place in (HOME, THERE)),
        ("create_snapshot", HOME, "whatever", "environment_unknown", "unknown", "tag Environment=whatever"),
        ("create_snapshot", THERE, "", "environment_unknown", "unknown", "nothing"),
    ],
)
def test_a_tag_that_changes_after_classify_stops_the_operation(
    aws: FakeAws, operation: str, place: Place, tag: str, code: str, environment: str, source: str
) -> None:
    aws.create_instance(place=place)
    work = accepted(aws, operation, place)
    aws.retag(tag, place=place)
    closing = assert_refused(aws, work, code)
    assert (closing["environment"], closing["environment_source"]) == (environment, source)
    assert aws.snapshots(place) == []


@pytest.mark.parametrize("source", [HOME, Place(HOME.account_id, OTHER_REGION), THERE])
def test_a_source_that_turns_to_production_stops_the_operation_on_its_replica(aws: FakeAws, source: Place) -> None:
    name = "orders" if source == HOME else f"arn:aws:rds:{source.region}:{source.account_id}:db:orders"
    aws.create_instance("dev", "orders", source)
    aws.create_instance()
    aws.replicate(name)
    work = accepted(aws)
    aws.retag("prod", "orders", source)
    closing = assert_refused(aws, work, "production_instance")
    assert closing["environment"] == "production"
    assert closing["environment_source"] == f"replication source {name}, tag Environment=prod"


def test_a_source_that_cannot_be_read_any_more_stops_it_too(aws: FakeAws) -> None:
    aws.create_instance("dev", "orders")
    aws.create_instance()
    aws.replicate("orders")
    work = accepted(aws)
    aws.delete_instance("orders")
    assert assert_refused(aws, work, "environment_unknown")["environment"] == "unknown"


def test_a_replica_whose_source_stays_allowed_is_operated(aws: FakeAws) -> None:
    aws.create_instance("dev", "orders", THERE)
    aws.create_instance()
    aws.replicate(f"arn:aws:rds:{REGION}:{OTHER_ACCOUNT}:db:orders")
    assert aws.execute(accepted(aws))["progress"]["success"] is True


def test_an_instance_that_is_gone_is_told_as_that(aws: FakeAws) -> None:
    aws.create_instance()
    work = accepted(aws)
    aws.delete_instance()
    closing = assert_refused(aws, work, "instance_not_found")
    assert json.loads(closing["result"])["error"] == f"Instance {INSTANCE_ID} not found"


def test_a_direct_start_is_stopped_alike(aws: FakeAws) -> None:
    aws.create_instance()
    work = aws.start_directly()
    aws.retag("prod")
    assert_not_begun(aws, work, "production_instance", "production")


def test_a_direct_start_is_stopped_after_it_was_opened_too(aws: FakeAws) -> None:
    aws.create_instance()
    work = aws.start_directly()

    def turn(call: Call) -> None:
        if call.action == "AssumeRole":
            aws.retag("prod")

    with aws.calls.answering(turn):
        assert assert_refused(aws, work, "production_instance")["operation_id"] == "by-hand"


def test_a_direct_start_on_what_is_gone_is_not_begun(aws: FakeAws) -> None:
    aws.create_instance()
    work = aws.start_directly()
    aws.delete_instance()
    assert_not_begun(aws, work, "instance_not_found", "unknown")


def test_a_namesake_that_is_production_is_in_nobodys_way(aws: FakeAws) -> None:
    aws.create_instance(place=THERE)
    aws.create_instance("prod")
    assert aws.execute(accepted(aws, place=THERE))["progress"]["success"] is True
    assert (len(aws.snapshots(THERE)), aws.snapshots()) == (1, [])


# Other changes.


def test_a_permission_is_asked_again_for_the_environment_of_now(aws: FakeAws) -> None:
    aws.deploy(MANY_TARGETS, CallerSettings({CALLER: {"environments": ["development"]}}))
    aws.create_instance()
    work = accepted(aws, "reboot_instance")
    aws.retag("staging")
    closing = assert_refused(aws, work, "caller_not_permitted")
    assert (closing["environment"], closing["environment_source"]) == ("staging", "tag Environment=staging")
    assert json.loads(closing["result"])["error"].startswith(f"{CALLER} is not permitted to run reboot_instance in ")


def test_a_permission_that_covers_the_environment_of_now_lets_it_through(aws: FakeAws) -> None:
    aws.deploy(MANY_TARGETS, CallerSettings({CALLER: {"environments": ["development", "staging"]}}))
    aws.create_instance()
    work = accepted(aws, "reboot_instance")
    aws.retag("staging")
    work = aws.execute(work)
    assert aws.actions == ["RebootDBInstance"]
    aws.audit({**work, "progress": {"status": "available", "finished": True, "success": True}})
    assert [record["environment"] for record in aws.records()] == ["development", "staging"]


def test_a_permission_that_was_withdrawn_stops_the_operation(aws: FakeAws) -> None:
    aws.create_instance()
    work = accepted(aws)
    aws.deploy(MANY_TARGETS, CallerSettings({"group:others": {}}))
    assert_refused(aws, work, "caller_not_permitted")


def test_a_direct_start_is_asked_for_its_permission_by_the_environment_of_now(aws: FakeAws) -> None:
    aws.deploy(MANY_TARGETS, CallerSettings({"states:StartExecution": {"environments": ["development"]}}))
    aws.create_instance()
    place = {"account_id": HOME.account_id, "region": HOME.region}
    work = aws.begin({"name": "by-hand", "input": a_body() | place})
    aws.retag("staging")
    assert_not_begun(aws, work, "caller_not_permitted", "staging")


@pytest.mark.parametrize("operation", ACTIONS)
def test_a_no_whose_answer_is_lost_is_said_again(aws: FakeAws, operation: str) -> None:
    """The repetition must not take it for an attempt that may have acted."""
    aws.create_instance()
    work = accepted(aws, operation)
    aws.retag("prod")
    first = aws.execute(work)
    item = aws.item(work["request"]["operation_id"])
    assert item
    assert "acting_at" not in item
    assert aws.execute(work)["refusal"] == first["refusal"]
    assert_refused(aws, work, "production_instance")


def test_a_refused_call_whose_answer_is_lost_is_told_as_that_and_not_as_a_time_out(aws: FakeAws) -> None:
    aws.create_instance()
    work = accepted(aws, "reboot_instance")
    for _attempt in range(2):
        with aws.calls.acting() as rds:
            rds.refuse("RebootDBInstance", "InvalidDBInstanceState")
            executed = aws.execute(work)
        assert executed["progress"]["error"] == "InvalidDBInstanceState: no"
    assert aws.audit(executed)["error"] == "OperationFailed"
    assert aws.late_watches() == []


def test_a_no_that_cannot_be_taken_back_is_a_no(aws: FakeAws) -> None:
    aws.create_instance()
    work = accepted(aws)
    aws.retag("prod")
    with aws.calls.refusing("execute", "dynamodb", "UpdateItem", "InternalServerError"):
        assert_refused(aws, work, "production_instance")


def test_a_change_that_became_pending_is_not_applied(aws: FakeAws) -> None:
    aws.create_instance()
    work = accepted(aws, "modify_backup_window")
    aws.backend.databases[INSTANCE_ID].pending_modified_values = {"DBInstanceClass": "db.m7g.large"}
    closing = assert_refused(aws, work, "pending_changes")
    assert "(DBInstanceClass)" in json.loads(closing["result"])["error"]


@pytest.mark.parametrize("operation", ACTIONS)
def test_an_instance_that_is_not_ready_any_more_is_left_alone(aws: FakeAws, operation: str) -> None:
    aws.create_instance()
    work = accepted(aws, operation)
    aws.rds.stop_db_instance(DBInstanceIdentifier=INSTANCE_ID)
    closing = assert_refused(aws, work, "instance_not_ready")
    assert "is stopped" in json.loads(closing["result"])["error"]


def test_a_failover_whose_standby_is_gone_is_not_asked_for(aws: FakeAws) -> None:
    aws.create_instance(MultiAZ=True)
    work = aws.accept("reboot_instance", force_failover=True)
    aws.rds.modify_db_instance(DBInstanceIdentifier=INSTANCE_ID, MultiAZ=False, ApplyImmediately=True)
    assert_refused(aws, work, "not_supported_by_instance")


def test_a_window_that_overlaps_by_now_is_not_set(aws: FakeAws) -> None:
    aws.create_instance()
    work = accepted(aws, "modify_backup_window")
    aws.backend.databases[INSTANCE_ID].preferred_maintenance_window = "sun:03:30-sun:04:30"
    assert_refused(aws, work, "not_supported_by_instance")


def test_a_snapshots_tags_are_held_to_the_environment_of_now(aws: FakeAws) -> None:
    aws.create_instance()
    work = aws.accept(tags=[{"Key": "Environment", "Value": "dev"}])
    aws.retag("staging")
    assert_refused(aws, work, "invalid_parameter")


def test_a_replica_that_turns_to_production_stops_the_operation_on_its_source(aws: FakeAws) -> None:
    aws.create_instance()
    aws.create_instance("dev", "replica")
    aws.backend.databases[INSTANCE_ID].replicas = ["replica"]
    aws.backend.databases["replica"].source_db_instance_identifier = INSTANCE_ID
    work = accepted(aws)
    aws.retag("prod", "replica")
    closing = assert_refused(aws, work, "production_instance")
    assert closing["environment_source"] == "read replica replica, tag Environment=prod"


@pytest.mark.parametrize("direction", ["source", "replica"])
def test_a_tag_that_turns_while_others_are_looked_at_stops_the_operation(aws: FakeAws, direction: str) -> None:
    aws.create_instance()
    aws.create_instance("dev", "other")
    if direction == "source":
        aws.replicate("other")
    else:
        aws.backend.databases[INSTANCE_ID].replicas = ["other"]
    work = accepted(aws)

    def turn(call: Call) -> None:
        if (call.state, call.params.get("DBInstanceIdentifier")) == ("execute", "other"):
            aws.retag("prod")

    with aws.calls.answering(turn):
        assert_refused(aws, work, "production_instance")


# Execute cannot read.


@pytest.mark.parametrize("operation", ACTIONS)
@pytest.mark.parametrize(
    ("code", "status", "fault"),
    [("Throttling", 400, RdsThrottled), ("InternalFailure", 500, RdsUnreachable)],
)
def test_a_look_that_fails_gives_the_claim_back_and_the_repetition_acts_once(
    aws: FakeAws, operation: str, code: str, status: int, fault: type[Exception]
) -> None:
    aws.create_instance()
    work = accepted(aws, operation)
    with aws.calls.refusing("execute", "rds", "DescribeDBInstances", code, status), pytest.raises(fault) as raised:
        aws.execute(work)
    assert type(raised.value) is fault
    assert aws.actions == []
    item = aws.item(work["request"]["operation_id"])
    assert item
    assert "acting_at" not in item
    for _attempt in range(2):
        aws.execute(work)
    assert changes(aws) == [ACTIONS[operation]]


def test_a_look_that_is_denied_ends_the_operation_with_nothing_done(aws: FakeAws) -> None:
    aws.create_instance()
    work = accepted(aws)
    with aws.calls.refusing("execute", "rds", "DescribeDBInstances", "AccessDenied", 403):
        work = aws.execute(work)
    outcome = aws.audit(work)
    assert (outcome["error"], outcome["document"]["error"]) == ("OperationFailed", "AccessDenied: refused")
    assert (aws.actions, aws.lock()) == ([], None)


def test_a_source_that_throttles_is_not_taken_for_unreadable(aws: FakeAws) -> None:
    aws.create_instance("dev", "orders", Place(HOME.account_id, OTHER_REGION))
    aws.create_instance()
    aws.replicate(f"arn:aws:rds:{OTHER_REGION}:{HOME.account_id}:db:orders")
    work = accepted(aws)

    def throttled(call: Call) -> Answer | None:
        return error("Throttling") if (call.service, call.region) == ("rds", OTHER_REGION) else None

    with aws.calls.answering(throttled), pytest.raises(RdsThrottled):
        aws.execute(work)
    assert aws.execute(work)["progress"]["success"] is True


# The order of the steps.


@pytest.mark.parametrize("operation", ACTIONS)
@pytest.mark.parametrize("direct", [False, True])
def test_first_the_session_then_the_claim_then_the_look_and_at_once_the_act(
    aws: FakeAws, operation: str, direct: bool
) -> None:
    aws.create_instance()
    choice = {"account_id": HOME.account_id, "region": HOME.region}
    direct_work = {"name": "by-hand", "input": a_body(operation) | choice}
    work = aws.begin(direct_work) if direct else accepted(aws, operation)
    aws.calls.made.clear()
    aws.execute(work)
    steps = [call.step for call in aws.calls.made if call.action != "GetItem"]
    opening = [("rds", "DescribeDBInstances", "own"), ("dynamodb", "TransactWriteItems", "own")] if direct else []
    read_back = [("rds", "DescribeDBInstances", "acting")] if operation == "modify_backup_window" else []
    assert steps == [
        *opening,
        ("sts", "AssumeRole", "own"),
        ("dynamodb", "TransactWriteItems", "own"),
        ("rds", "DescribeDBInstances", "own"),
        ("rds", ACTIONS[operation], "acting"),
        *read_back,
    ]
    whole = [call.action for call in aws.calls.made]
    assert whole[whole.index(ACTIONS[operation]) - 1] == "DescribeDBInstances"


def test_sources_are_read_from_the_nearest_before_a_replica_is_changed(
    aws: FakeAws,
) -> None:
    for name, source in (("far", ""), ("near", "far"), (INSTANCE_ID, "near")):
        aws.create_instance("dev", name)
        aws.replicate(source, name)
    work = accepted(aws, "reboot_instance")
    aws.calls.made.clear()
    aws.execute(work)
    *_, first, second, third, last, act = aws.calls.made
    looked_at = [call.params["DBInstanceIdentifier"] for call in (first, second, third, last)]
    assert looked_at == [INSTANCE_ID, "near", "far", INSTANCE_ID]
    assert act.step == ("rds", "RebootDBInstance", "acting")


# Repetitions.


@pytest.mark.parametrize(
    ("operation", "tag"),
    [*((operation, "prod") for operation in ACTIONS), ("create_snapshot", ""), ("create_snapshot", None)],
)
def test_a_repeated_execute_on_what_is_production_now_does_nothing_more(
    aws: FakeAws, operation: str, tag: str | None
) -> None:
    """`None`: the instance is gone. The polls see what the first attempt did."""
    aws.create_instance()
    work = accepted(aws, operation)
    first = aws.execute(work)
    done = len(aws.calls.of("execute", "rds"))
    if tag is None:
        aws.delete_instance()
    else:
        aws.retag(tag)
    second = aws.execute(work)
    assert changes(aws) == [ACTIONS[operation]]
    assert "refusal" not in second
    assert (second["progress"]["finished"], second["since"]) == (False, first["since"])
    assert [call.hand for call in aws.calls.of("execute", "rds")[done:]] == ["own"]


def test_a_repeated_execute_begins_nothing_on_what_became_production(aws: FakeAws) -> None:
    aws.create_instance()
    work = accepted(aws)
    with aws.calls.acting() as rds:
        rds.refuse("CreateDBSnapshot", "InternalFailure", status=500)
        aws.execute(work)
    aws.retag("prod")
    for _attempt in range(2):
        aws.execute(work)
    assert changes(aws) == ["CreateDBSnapshot"]
    assert aws.snapshots() == []


def test_a_repeated_execute_that_is_throttled_does_nothing_more(aws: FakeAws) -> None:
    aws.create_instance()
    work = accepted(aws, "reboot_instance")
    first: Any = aws.execute(work)
    refused = aws.calls.refusing("execute", "rds", "DescribeDBInstances", "Throttling")
    with refused, pytest.raises(RdsThrottled):
        aws.execute(work)
    assert aws.execute(work) == first
    assert changes(aws) == ["RebootDBInstance"]
