"""Execute's last look: the tags are read live, right before acting, and what they call production stays untouched."""

from __future__ import annotations

import json
from typing import Any

import pytest

from rds_operations.model.errors import RdsThrottled, RdsUnreachable
from rds_operations.model.place import Place
from rds_operations.settings.callers import CallerSettings
from tests.functions.calls import Answer, Call, error
from tests.functions.cloud import Cloud, Document
from tests.unit.builders import HOME, INSTANCE_ID, MANY_TARGETS, OTHER_ACCOUNT, OTHER_REGION, REGION, a_body

CALLER = "apikey:key-id-1"
THERE = Place(OTHER_ACCOUNT, REGION)
ACTIONS = {
    "create_snapshot": "CreateDBSnapshot",
    "reboot_instance": "RebootDBInstance",
    "modify_backup_window": "ModifyDBInstance",
}


@pytest.fixture(autouse=True)
def _deployed(cloud: Cloud) -> None:
    cloud.deploy(MANY_TARGETS)


def accepted(cloud: Cloud, operation: str = "create_snapshot", place: Place = HOME) -> Document:
    """Right before Execute: Classify has seen a development instance, twice."""
    choice = {"account_id": place.account_id, "region": place.region}
    return cloud.begin(cloud.request(a_body(operation) | choice)["start"])


def changes(cloud: Cloud) -> list[str]:
    return [action for action in cloud.actions if not action.startswith("Describe")]


def assert_refused(cloud: Cloud, work: Document, code: str) -> Document:
    """Nothing was done, that is on record, and the lock is free; the closing record."""
    work = cloud.executed(work)
    assert work["refusal"]["code"] == code
    assert work["progress"]["finished"] is True
    outcome = cloud.audited(work)
    assert outcome["error"] == "OperationRefused"
    assert outcome["document"]["error"] == work["refusal"]["error"]
    assert cloud.actions == []
    assert cloud.held() == []
    assert cloud.late_watches() == []
    opening, closing = cloud.records()
    assert (opening["event"], opening["environment"]) == ("accepted", "development")
    assert (closing["event"], closing["success"]) == ("completed", False)
    return closing


def assert_not_begun(cloud: Cloud, work: Document, code: str, environment: str) -> None:
    """Of a direct start: it never was an operation, and that is on record."""
    work = cloud.executed(work)
    assert work["refusal"]["code"] == code
    assert cloud.audited(work)["error"] == "OperationRefused"
    assert (cloud.actions, cloud.items()) == ([], [])
    (record,) = cloud.records()
    assert (record["event"], record["environment"], record["operation_id"]) == ("refused", environment, "by-hand")
    assert json.loads(record["result"])["code"] == code


# What is not allowed now.


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
    cloud: Cloud, operation: str, place: Place, tag: str, code: str, environment: str, source: str
) -> None:
    cloud.create_instance(place=place)
    work = accepted(cloud, operation, place)
    cloud.retag(tag, place=place)
    closing = assert_refused(cloud, work, code)
    assert (closing["environment"], closing["environment_source"]) == (environment, source)
    assert cloud.snapshots(place) == []


@pytest.mark.parametrize("source", [HOME, Place(HOME.account_id, OTHER_REGION), THERE])
def test_a_source_that_turns_to_production_stops_the_operation_on_its_replica(cloud: Cloud, source: Place) -> None:
    name = "orders" if source == HOME else f"arn:aws:rds:{source.region}:{source.account_id}:db:orders"
    cloud.create_instance("dev", "orders", source)
    cloud.create_instance()
    cloud.replicate(name)
    work = accepted(cloud)
    cloud.retag("prod", "orders", source)
    closing = assert_refused(cloud, work, "production_instance")
    assert closing["environment"] == "production"
    assert closing["environment_source"] == f"replication source {name}, tag Environment=prod"


def test_a_source_that_cannot_be_read_any_more_stops_it_too(cloud: Cloud) -> None:
    cloud.create_instance("dev", "orders")
    cloud.create_instance()
    cloud.replicate("orders")
    work = accepted(cloud)
    cloud.delete_instance("orders")
    assert assert_refused(cloud, work, "environment_unknown")["environment"] == "unknown"


def test_a_replica_whose_source_stays_allowed_is_operated(cloud: Cloud) -> None:
    cloud.create_instance("dev", "orders", THERE)
    cloud.create_instance()
    cloud.replicate(f"arn:aws:rds:{REGION}:{OTHER_ACCOUNT}:db:orders")
    assert cloud.executed(accepted(cloud))["progress"]["success"] is True


def test_an_instance_that_is_gone_is_told_as_that(cloud: Cloud) -> None:
    cloud.create_instance()
    work = accepted(cloud)
    cloud.delete_instance()
    closing = assert_refused(cloud, work, "instance_not_found")
    assert json.loads(closing["result"])["error"] == f"Instance {INSTANCE_ID} not found"


def test_a_direct_start_is_stopped_alike(cloud: Cloud) -> None:
    cloud.create_instance()
    work = cloud.by_hand()
    cloud.retag("prod")
    assert_not_begun(cloud, work, "production_instance", "production")


def test_a_direct_start_is_stopped_after_it_was_opened_too(cloud: Cloud) -> None:
    cloud.create_instance()
    work = cloud.by_hand()

    def turn(call: Call) -> None:
        if call.action == "AssumeRole":
            cloud.retag("prod")

    with cloud.calls.answering(turn):
        assert assert_refused(cloud, work, "production_instance")["operation_id"] == "by-hand"


def test_a_direct_start_on_what_is_gone_is_not_begun(cloud: Cloud) -> None:
    cloud.create_instance()
    work = cloud.by_hand()
    cloud.delete_instance()
    assert_not_begun(cloud, work, "instance_not_found", "unknown")


def test_a_namesake_that_is_production_is_in_nobodys_way(cloud: Cloud) -> None:
    cloud.create_instance(place=THERE)
    cloud.create_instance("prod")
    assert cloud.executed(accepted(cloud, place=THERE))["progress"]["success"] is True
    assert (len(cloud.snapshots(THERE)), cloud.snapshots()) == (1, [])


# What else has changed by then.


def test_a_permission_is_asked_again_for_the_environment_of_now(cloud: Cloud) -> None:
    cloud.deploy(MANY_TARGETS, CallerSettings({CALLER: {"environments": ["development"]}}))
    cloud.create_instance()
    work = accepted(cloud, "reboot_instance")
    cloud.retag("staging")
    closing = assert_refused(cloud, work, "caller_not_permitted")
    assert (closing["environment"], closing["environment_source"]) == ("staging", "tag Environment=staging")
    assert json.loads(closing["result"])["error"].startswith(f"{CALLER} may not ask for reboot_instance in the env")


def test_a_permission_that_covers_the_environment_of_now_lets_it_through(cloud: Cloud) -> None:
    cloud.deploy(MANY_TARGETS, CallerSettings({CALLER: {"environments": ["development", "staging"]}}))
    cloud.create_instance()
    work = accepted(cloud, "reboot_instance")
    cloud.retag("staging")
    work = cloud.executed(work)
    assert cloud.actions == ["RebootDBInstance"]
    cloud.audited({**work, "progress": {"status": "available", "finished": True, "success": True}})
    assert [record["environment"] for record in cloud.records()] == ["development", "staging"]


def test_a_permission_that_was_withdrawn_stops_the_operation(cloud: Cloud) -> None:
    cloud.create_instance()
    work = accepted(cloud)
    cloud.deploy(MANY_TARGETS, CallerSettings({"group:others": {}}))
    assert_refused(cloud, work, "caller_not_permitted")


def test_a_direct_start_is_asked_for_its_permission_by_the_environment_of_now(cloud: Cloud) -> None:
    cloud.deploy(MANY_TARGETS, CallerSettings({"states:StartExecution": {"environments": ["development"]}}))
    cloud.create_instance()
    place = {"account_id": HOME.account_id, "region": HOME.region}
    work = cloud.begin({"name": "by-hand", "input": a_body() | place})
    cloud.retag("staging")
    assert_not_begun(cloud, work, "caller_not_permitted", "staging")


@pytest.mark.parametrize("operation", ACTIONS)
def test_a_no_whose_answer_is_lost_is_said_again(cloud: Cloud, operation: str) -> None:
    """It must not be taken for an attempt that may have acted."""
    cloud.create_instance()
    work = accepted(cloud, operation)
    cloud.retag("prod")
    first = cloud.executed(work)
    item = cloud.item(work["request"]["operation_id"])
    assert item
    assert "acting_at" not in item
    assert cloud.executed(work)["refusal"] == first["refusal"]
    assert_refused(cloud, work, "production_instance")


def test_a_refused_call_whose_answer_is_lost_is_told_as_that_and_not_as_a_time_out(cloud: Cloud) -> None:
    cloud.create_instance()
    work = accepted(cloud, "reboot_instance")
    for _attempt in range(2):
        with cloud.calls.acting() as rds:
            rds.refuse("RebootDBInstance", "InvalidDBInstanceState")
            executed = cloud.executed(work)
        assert executed["progress"]["error"] == "InvalidDBInstanceState: no"
    assert cloud.audited(executed)["error"] == "OperationFailed"
    assert cloud.late_watches() == []


def test_a_no_that_cannot_be_taken_back_is_a_no(cloud: Cloud) -> None:
    cloud.create_instance()
    work = accepted(cloud)
    cloud.retag("prod")
    with cloud.calls.refusing("execute", "dynamodb", "UpdateItem", "InternalServerError"):
        assert_refused(cloud, work, "production_instance")


def test_a_change_that_became_pending_is_not_applied(cloud: Cloud) -> None:
    cloud.create_instance()
    work = accepted(cloud, "modify_backup_window")
    cloud.backend.databases[INSTANCE_ID].pending_modified_values = {"DBInstanceClass": "db.m7g.large"}
    closing = assert_refused(cloud, work, "pending_changes")
    assert "(DBInstanceClass)" in json.loads(closing["result"])["error"]


@pytest.mark.parametrize("operation", ACTIONS)
def test_an_instance_that_is_not_ready_any_more_is_left_alone(cloud: Cloud, operation: str) -> None:
    cloud.create_instance()
    work = accepted(cloud, operation)
    cloud.rds.stop_db_instance(DBInstanceIdentifier=INSTANCE_ID)
    closing = assert_refused(cloud, work, "instance_not_ready")
    assert "is stopped" in json.loads(closing["result"])["error"]


def test_a_failover_whose_standby_is_gone_is_not_asked_for(cloud: Cloud) -> None:
    cloud.create_instance(MultiAZ=True)
    work = cloud.accepted("reboot_instance", force_failover=True)
    cloud.rds.modify_db_instance(DBInstanceIdentifier=INSTANCE_ID, MultiAZ=False, ApplyImmediately=True)
    assert_refused(cloud, work, "not_supported_by_instance")


def test_a_window_that_overlaps_by_now_is_not_set(cloud: Cloud) -> None:
    cloud.create_instance()
    work = accepted(cloud, "modify_backup_window")
    cloud.backend.databases[INSTANCE_ID].preferred_maintenance_window = "sun:03:30-sun:04:30"
    assert_refused(cloud, work, "not_supported_by_instance")


def test_a_snapshots_tags_are_held_to_the_environment_of_now(cloud: Cloud) -> None:
    cloud.create_instance()
    work = cloud.accepted(tags=[{"Key": "Environment", "Value": "dev"}])
    cloud.retag("staging")
    assert_refused(cloud, work, "invalid_parameter")


def test_a_replica_that_turns_to_production_stops_the_operation_on_its_source(cloud: Cloud) -> None:
    cloud.create_instance()
    cloud.create_instance("dev", "replica")
    cloud.backend.databases[INSTANCE_ID].replicas = ["replica"]
    cloud.backend.databases["replica"].source_db_instance_identifier = INSTANCE_ID
    work = accepted(cloud)
    cloud.retag("prod", "replica")
    closing = assert_refused(cloud, work, "production_instance")
    assert closing["environment_source"] == "read replica replica, tag Environment=prod"


@pytest.mark.parametrize("direction", ["source", "replica"])
def test_a_tag_that_turns_while_others_are_looked_at_stops_the_operation(cloud: Cloud, direction: str) -> None:
    cloud.create_instance()
    cloud.create_instance("dev", "other")
    if direction == "source":
        cloud.replicate("other")
    else:
        cloud.backend.databases[INSTANCE_ID].replicas = ["other"]
    work = accepted(cloud)

    def turn(call: Call) -> None:
        if (call.state, call.params.get("DBInstanceIdentifier")) == ("execute", "other"):
            cloud.retag("prod")

    with cloud.calls.answering(turn):
        assert_refused(cloud, work, "production_instance")


# Where there is no look.


@pytest.mark.parametrize("operation", ACTIONS)
@pytest.mark.parametrize(
    ("code", "status", "fault"),
    [("Throttling", 400, RdsThrottled), ("InternalFailure", 500, RdsUnreachable)],
)
def test_a_look_that_fails_gives_the_claim_back_and_the_repetition_acts_once(
    cloud: Cloud, operation: str, code: str, status: int, fault: type[Exception]
) -> None:
    cloud.create_instance()
    work = accepted(cloud, operation)
    with cloud.calls.refusing("execute", "rds", "DescribeDBInstances", code, status), pytest.raises(fault) as raised:
        cloud.executed(work)
    assert type(raised.value) is fault
    assert cloud.actions == []
    item = cloud.item(work["request"]["operation_id"])
    assert item
    assert "acting_at" not in item
    for _attempt in range(2):
        cloud.executed(work)
    assert changes(cloud) == [ACTIONS[operation]]


def test_a_look_that_is_denied_ends_the_operation_with_nothing_done(cloud: Cloud) -> None:
    cloud.create_instance()
    work = accepted(cloud)
    with cloud.calls.refusing("execute", "rds", "DescribeDBInstances", "AccessDenied", 403):
        work = cloud.executed(work)
    outcome = cloud.audited(work)
    assert (outcome["error"], outcome["document"]["error"]) == ("OperationFailed", "AccessDenied: refused")
    assert (cloud.actions, cloud.lock()) == ([], None)


def test_a_source_that_throttles_is_not_taken_for_unreadable(cloud: Cloud) -> None:
    cloud.create_instance("dev", "orders", Place(HOME.account_id, OTHER_REGION))
    cloud.create_instance()
    cloud.replicate(f"arn:aws:rds:{OTHER_REGION}:{HOME.account_id}:db:orders")
    work = accepted(cloud)

    def throttled(call: Call) -> Answer | None:
        return error("Throttling") if (call.service, call.region) == ("rds", OTHER_REGION) else None

    with cloud.calls.answering(throttled), pytest.raises(RdsThrottled):
        cloud.executed(work)
    assert cloud.executed(work)["progress"]["success"] is True


# One after the other.


@pytest.mark.parametrize("operation", ACTIONS)
@pytest.mark.parametrize("direct", [False, True])
def test_first_the_session_then_the_claim_then_the_look_and_at_once_the_act(
    cloud: Cloud, operation: str, direct: bool
) -> None:
    cloud.create_instance()
    choice = {"account_id": HOME.account_id, "region": HOME.region}
    direct_work = {"name": "by-hand", "input": a_body(operation) | choice}
    work = cloud.begin(direct_work) if direct else accepted(cloud, operation)
    cloud.calls.made.clear()
    cloud.executed(work)
    steps = [call.step for call in cloud.calls.made if call.action != "GetItem"]
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
    whole = [call.action for call in cloud.calls.made]
    assert whole[whole.index(ACTIONS[operation]) - 1] == "DescribeDBInstances"


def test_a_replica_and_its_sources_are_looked_at_from_the_nearest_to_the_farthest_and_then_it_acts(
    cloud: Cloud,
) -> None:
    for name, source in (("far", ""), ("near", "far"), (INSTANCE_ID, "near")):
        cloud.create_instance("dev", name)
        cloud.replicate(source, name)
    work = accepted(cloud, "reboot_instance")
    cloud.calls.made.clear()
    cloud.executed(work)
    *_, first, second, third, last, act = cloud.calls.made
    looked_at = [call.params["DBInstanceIdentifier"] for call in (first, second, third, last)]
    assert looked_at == [INSTANCE_ID, "near", "far", INSTANCE_ID]
    assert act.step == ("rds", "RebootDBInstance", "acting")


# Once more.


@pytest.mark.parametrize(
    ("operation", "tag"),
    [*((operation, "prod") for operation in ACTIONS), ("create_snapshot", ""), ("create_snapshot", None)],
)
def test_a_repeated_execute_on_what_is_production_now_does_nothing_more(
    cloud: Cloud, operation: str, tag: str | None
) -> None:
    """`None`: the instance is gone. What the first attempt has done, the polls will see."""
    cloud.create_instance()
    work = accepted(cloud, operation)
    first = cloud.executed(work)
    done = len(cloud.calls.of("execute", "rds"))
    if tag is None:
        cloud.delete_instance()
    else:
        cloud.retag(tag)
    second = cloud.executed(work)
    assert changes(cloud) == [ACTIONS[operation]]
    assert "refusal" not in second
    assert (second["progress"]["finished"], second["since"]) == (False, first["since"])
    assert [call.hand for call in cloud.calls.of("execute", "rds")[done:]] == ["own"]


def test_a_repeated_execute_does_not_begin_on_production_what_the_first_one_left_undone(cloud: Cloud) -> None:
    cloud.create_instance()
    work = accepted(cloud)
    with cloud.calls.acting() as rds:
        rds.refuse("CreateDBSnapshot", "InternalFailure", status=500)
        cloud.executed(work)
    cloud.retag("prod")
    for _attempt in range(2):
        cloud.executed(work)
    assert changes(cloud) == ["CreateDBSnapshot"]
    assert cloud.snapshots() == []


def test_a_repeated_execute_whose_look_is_throttled_is_repeated_and_does_nothing_more(cloud: Cloud) -> None:
    cloud.create_instance()
    work = accepted(cloud, "reboot_instance")
    first: Any = cloud.executed(work)
    refused = cloud.calls.refusing("execute", "rds", "DescribeDBInstances", "Throttling")
    with refused, pytest.raises(RdsThrottled):
        cloud.executed(work)
    assert cloud.executed(work) == first
    assert changes(cloud) == ["RebootDBInstance"]
