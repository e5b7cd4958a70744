"""GET /instances and GET /instances/{instance_id}: what there is, and what its caller may do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from rds_operations.model import clock
from rds_operations.model.place import Place
from rds_operations.records.next_token import sealed
from rds_operations.settings.callers import CallerSettings
from tests.builders import ACCOUNT, INSTANCE_ID, MANY_TARGETS, OTHER_ACCOUNT, REGION, a_body
from tests.functions.calls import Answer, Call, error
from tests.functions.fake_aws import Document, FakeAws

KEY = "apikey:key-id-1"
THERE = Place(OTHER_ACCOUNT, REGION)
OPERATIONS = ["create_snapshot", "reboot_instance", "modify_backup_window"]
ALL_ALLOWED = {operation: {"allowed": True} for operation in OPERATIONS}


def names(answer: Document) -> list[str]:
    assert answer["statusCode"] == 200, answer
    return [instance["instance_id"] for instance in answer["body"]["instances"]]


def listed(aws: FakeAws, **parameters: Any) -> list[str]:
    return names(aws.get_instances(parameters=parameters))


def one(aws: FakeAws, instance_id: str = INSTANCE_ID, **parameters: Any) -> Document:
    answer = aws.get_instances(instance_id, parameters)
    assert answer["statusCode"] == 200, answer
    found: Document = answer["body"]
    return found


# One instance, live.


def test_an_instance_as_it_is_now(aws: FakeAws) -> None:
    aws.create_instance(PreferredBackupWindow="01:00-01:30")
    answer = aws.get_instances(INSTANCE_ID)
    assert answer["headers"]["Access-Control-Allow-Origin"] == "https://dashboard.example.com"
    found = answer["body"]
    assert found.pop("engine_version")
    assert found.pop("seen_at").endswith("Z")
    assert found == {
        "instance_id": INSTANCE_ID,
        "account_id": ACCOUNT,
        "region": REGION,
        "engine": "postgres",
        "instance_class": "db.t4g.micro",
        "status": "available",
        "multi_az": False,
        "environment": "development",
        "environment_source": "tag Environment=dev",
        "backup_window": "01:00-01:30",
        "maintenance_window": "wed:06:38-wed:07:08",
        "pending_changes": [],
        "snapshots": [],
        "allowed": True,
        "operations": ALL_ALLOWED,
        "running": None,
    }


def test_why_not_is_what_a_request_is_told(aws: FakeAws) -> None:
    aws.create_instance("production")
    found = one(aws)
    refusal = aws.admit(a_body())["refusal"]
    assert found["allowed"] is False
    for said in found["operations"].values():
        assert said == {"allowed": False, **{name: refusal[name] for name in ("code", "error", "environment_source")}}


def test_what_runs_and_since_when(aws: FakeAws) -> None:
    aws.create_instance()
    operation_id = aws.admit(a_body("reboot_instance"))["request"]["operation_id"]
    found = one(aws)
    item = aws.item(operation_id)
    assert item
    assert found["running"] == {
        "operation": "reboot_instance",
        "since": item["started_at"],
        "operation_id": operation_id,
    }
    refused = aws.admit(a_body(), request_id="request-2")["refusal"]
    assert found["operations"]["create_snapshot"] == {
        "allowed": False,
        "code": "operation_in_progress",
        "error": refused["error"],
    }
    other = aws.get_instances(INSTANCE_ID, apiKeyId="key-id-2")["body"]
    assert "operation_id" not in other["running"]
    assert operation_id not in other["operations"]["create_snapshot"]["error"]


def test_the_latest_ten_manual_snapshots_newest_first(aws: FakeAws) -> None:
    aws.create_instance()
    made = [
        {
            "DBSnapshotIdentifier": f"snap-{number}",
            "Status": "available",
            "SnapshotCreateTime": datetime(2026, 11, number + 1, tzinfo=UTC),
        }
        for number in range(12)
    ]

    def described(call: Call) -> Answer | None:
        if call.action != "DescribeDBSnapshots":
            return None
        assert call.params["SnapshotType"] == "manual"
        page = {"DBSnapshots": made[6:]} if "Marker" in call.params else {"DBSnapshots": made[:6], "Marker": "more"}
        return SimpleNamespace(status_code=200), page

    with aws.calls.answering(described):
        found = one(aws)["snapshots"]
    assert [snapshot["snapshot_id"] for snapshot in found] == [f"snap-{number}" for number in range(11, 1, -1)]
    assert found[0] == {"snapshot_id": "snap-11", "status": "available", "created_at": "2026-11-12T00:00:00.000Z"}


def test_how_long_it_typically_takes_here(aws: FakeAws) -> None:
    aws.create_instance()
    for number in range(3):
        work = aws.execute(
            aws.begin(aws.admit(a_body("modify_backup_window"), request_id=f"request-{number}")["start"])
        )
        aws.audit(work)
    said = one(aws)["operations"]
    assert said["modify_backup_window"]["typical_seconds"] >= 0
    assert "typical_seconds" not in said["create_snapshot"]


def test_a_look_is_used_again_for_five_seconds(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.create_instance()
    now = clock.now()
    for seconds, looks in ((0, 1), (4.9, 1), (5.1, 2)):
        monkeypatch.setattr(clock, "now", lambda seconds=seconds: now + timedelta(seconds=seconds))
        one(aws)
        one(aws)
        described = [call for call in aws.calls.of("instances", "rds") if call.action == "DescribeDBInstances"]
        assert len(described) == looks


def test_a_flood_of_looks_by_many_callers_reads_rds_once(aws: FakeAws) -> None:
    aws.create_instance()
    for number in range(100):
        name = INSTANCE_ID.upper() if number % 2 else INSTANCE_ID
        assert aws.get_instances(name, apiKeyId=f"key-{number}")["statusCode"] == 200
    actions = [call.action for call in aws.calls.of("instances", "rds")]
    assert actions == ["DescribeDBInstances", "DescribeDBSnapshots"]


def test_a_flood_of_looks_at_what_is_not_there_reads_rds_once_for_each_name(aws: FakeAws) -> None:
    for _ in range(50):
        assert aws.get_instances("nobody")["statusCode"] == 404
    assert len(aws.calls.of("instances", "rds")) == 1


def test_in_another_account(aws: FakeAws) -> None:
    aws.deploy(MANY_TARGETS)
    aws.create_instance("qa", place=THERE)
    aws.take_inventory()
    found = one(aws)
    assert (found["account_id"], found["environment"]) == (OTHER_ACCOUNT, "test")
    assert one(aws, account_id=OTHER_ACCOUNT, region=REGION)["allowed"] is True


@pytest.mark.parametrize(
    ("instance_id", "parameters", "status", "code"),
    [
        ("nobody", {}, 404, "instance_not_found"),
        ("no--name", {}, 404, "instance_not_found"),
        ("../operations", {}, 404, "instance_not_found"),
        ("=1+1", {}, 404, "instance_not_found"),
        (INSTANCE_ID, {"account_id": "1"}, 400, "invalid_parameter"),
        (INSTANCE_ID, {"account_id": [ACCOUNT, ACCOUNT]}, 400, "invalid_parameter"),
        (INSTANCE_ID, {"account_id": "999999999999"}, 400, "not_operated"),
        (INSTANCE_ID, {"acount_id": ACCOUNT}, 400, "invalid_request"),
    ],
)
def test_what_cannot_be_shown(aws: FakeAws, instance_id: str, parameters: Document, status: int, code: str) -> None:
    aws.create_instance()
    answer = aws.get_instances(instance_id, parameters)
    assert (answer["statusCode"], answer["body"]["code"]) == (status, code)


def test_rds_that_does_not_answer_is_a_503(aws: FakeAws) -> None:
    aws.create_instance()

    def throttled(call: Call) -> Answer | None:
        return error("Throttling") if call.service == "rds" else None

    with aws.calls.answering(throttled):
        answer = aws.get_instances(INSTANCE_ID)
    assert (answer["statusCode"], answer["body"]["code"]) == (503, "try_again")
    assert answer["headers"]["Retry-After"] == "2"


# Many, from the inventory.


def test_the_list_says_what_the_page_says(aws: FakeAws) -> None:
    aws.create_instance()
    aws.create_instance("production", "prod-1")
    aws.take_inventory()
    answer = aws.get_instances()
    assert names(answer) == [INSTANCE_ID, "prod-1"]
    for found in answer["body"]["instances"]:
        page = one(aws, found["instance_id"])
        assert found.pop("seen_at")
        for said in found["operations"].values():
            assert said.pop("ready", False) is said["allowed"]
        assert found == {name: page[name] for name in found}
    (place,) = answer["body"]["places"]
    assert (place["account_id"], place["region"]) == (ACCOUNT, REGION)
    assert place["seen_at"].endswith("Z")


@pytest.mark.parametrize("status", ["available", "storage-optimization", "incompatible-parameters", "stopped"])
def test_the_list_says_what_the_seen_status_lets_begin(aws: FakeAws, status: str) -> None:
    aws.create_instance()
    aws.backend.databases[INSTANCE_ID].status = status
    aws.take_inventory()
    (listed,) = aws.get_instances()["body"]["instances"]
    assert all(said["allowed"] for said in listed["operations"].values())
    now = one(aws)["operations"]
    assert {name: said["ready"] for name, said in listed["operations"].items()} == {
        name: said["allowed"] for name, said in now.items()
    }


def test_filters(aws: FakeAws) -> None:
    aws.deploy(MANY_TARGETS)
    aws.create_instance()
    aws.create_instance("production", "prod-1")
    aws.create_instance("qa", "there-1", THERE)
    aws.take_inventory()
    assert listed(aws) == [INSTANCE_ID, "prod-1", "there-1"]
    assert listed(aws, environment="production") == ["prod-1"]
    assert listed(aws, allowed="true") == [INSTANCE_ID, "there-1"]
    assert listed(aws, allowed="false") == ["prod-1"]
    assert listed(aws, account_id=OTHER_ACCOUNT) == ["there-1"]
    assert listed(aws, region="eu-west-1") == []


def test_what_has_gone_is_not_listed(aws: FakeAws) -> None:
    aws.create_instance()
    aws.take_inventory()
    aws.delete_instance()
    aws.take_inventory()
    assert listed(aws) == []


def test_a_place_that_was_never_listed_is_named(aws: FakeAws) -> None:
    aws.deploy(MANY_TARGETS)
    answer = aws.get_instances()
    assert [place["seen_at"] for place in answer["body"]["places"]] == [None] * len(MANY_TARGETS.places)
    assert answer["body"]["note"]


def test_whatever_the_page_size_it_is_the_same_list(aws: FakeAws) -> None:
    aws.deploy(MANY_TARGETS)
    for number in range(5):
        aws.create_instance("dev" if number % 2 else "prod", f"here-{number}")
        aws.create_instance("dev", f"there-{number}", THERE)
    aws.take_inventory()
    for filters in ({}, {"allowed": "true"}):
        whole = listed(aws, limit="100", **filters)
        assert len(whole) == (7 if filters else 10)
        for limit in range(1, 12):
            found, token = [], ""
            while True:
                more = {"next": token} if token else {}
                answer = aws.get_instances(parameters={**filters, "limit": str(limit), **more})
                page = names(answer)
                assert len(page) <= limit
                found += page
                if not (token := answer["body"].get("next", "")):
                    break
            assert found == whole


def test_a_page_reads_at_most_two_hundred(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rds_operations.steps.instance_list.MOST_EXAMINED", 3)
    for number in range(5):
        aws.create_instance("prod", f"prod-{number}")
    aws.create_instance("dev", "zuletzt")
    aws.take_inventory()
    first = aws.get_instances(parameters={"allowed": "true"})
    assert (first["body"]["instances"], "Go on" in first["body"]["note"]) == ([], True)
    second = aws.get_instances(parameters={"allowed": "true", "next": first["body"]["next"]})
    assert names(second) == ["zuletzt"]


def test_a_token_is_for_one_list_of_one_caller(aws: FakeAws) -> None:
    for number in range(3):
        aws.create_instance("dev", f"dev-{number}")
    aws.take_inventory()
    token = aws.get_instances(parameters={"limit": "1"})["body"]["next"]
    assert names(aws.get_instances(parameters={"limit": "2", "next": token})) == ["dev-1", "dev-2"]
    for answer in (
        aws.get_instances(parameters={"next": token, "allowed": "true"}),
        aws.get_instances(parameters={"next": token}, apiKeyId="other"),
        aws.get_instances(parameters={"next": token[:-2]}),
        aws.get_instances(parameters={"next": "AAAA"}),
    ):
        assert (answer["statusCode"], answer["body"]["code"]) == (400, "invalid_parameter")


@pytest.mark.parametrize("position", ["dev-0", "/dev-0", "{place}/", "{place}/#", "{place}/" + "a" * 1_100, "x/dev-0"])
def test_a_token_that_somebody_made_leads_to_nothing_that_no_page_ends_with(aws: FakeAws, position: str) -> None:
    """`#` comes before the inventory's own item, and DynamoDB refuses a long sort key."""
    aws.create_instance()
    aws.take_inventory()
    place = str(Place(ACCOUNT, REGION))
    bound = ["/instances", "", "", "", "", KEY]
    made = aws.get_instances(parameters={"next": sealed(f"{place}/a", bound)})
    assert names(made) == [INSTANCE_ID]
    answer = aws.get_instances(parameters={"next": sealed(position.format(place=place), bound)})
    assert (answer["statusCode"], answer["body"]["code"]) == (400, "invalid_parameter")


@pytest.mark.parametrize(
    "parameters",
    [{"limit": "0"}, {"limit": "101"}, {"limit": "1e1"}, {"environment": "prod"}, {"allowed": "yes"}, {"limit": ""}],
)
def test_what_is_not_understood_is_a_400(aws: FakeAws, parameters: Document) -> None:
    answer = aws.get_instances(parameters=parameters)
    assert (answer["statusCode"], answer["body"]["code"]) == (400, "invalid_parameter")


def test_lists_never_scan_and_never_ask_rds(aws: FakeAws) -> None:
    aws.create_instance()
    aws.take_inventory()
    aws.calls.made.clear()
    listed(aws)
    assert {(call.service, call.action) for call in aws.calls.made} == {("dynamodb", "Query")}


# Who may see them.


@pytest.mark.parametrize("instance_id", ["", INSTANCE_ID, "nobody"])
def test_whom_the_permissions_do_not_name_sees_none(aws: FakeAws, instance_id: str) -> None:
    aws.deploy(callers=CallerSettings({"apikey:another": {}}))
    aws.create_instance()
    answer = aws.get_instances(instance_id)
    assert (answer["statusCode"], answer["body"]["code"]) == (403, "caller_not_permitted")
    assert aws.calls.of("instances", "rds") == []


def test_a_look_that_is_used_again_is_shown_to_nobody_else(aws: FakeAws) -> None:
    aws.deploy(callers=CallerSettings({KEY: {"operations": ["reboot_instance"], "environments": ["development"]}}))
    aws.create_instance()
    assert one(aws)["allowed"] is True
    answer = aws.get_instances(INSTANCE_ID, apiKeyId="key-id-2")
    assert (answer["statusCode"], answer["body"]["code"]) == (403, "caller_not_permitted")


def test_what_one_may_do_follows_from_the_permissions(aws: FakeAws) -> None:
    aws.deploy(callers=CallerSettings({KEY: {"operations": ["reboot_instance"], "environments": ["development"]}}))
    aws.create_instance()
    aws.create_instance("qa", "test-1")
    aws.take_inventory()
    here, test = (one(aws, name)["operations"] for name in (INSTANCE_ID, "test-1"))
    assert [said["allowed"] for said in here.values()] == [False, True, False]
    assert not any(said["allowed"] for said in test.values())
    assert listed(aws, allowed="true") == [INSTANCE_ID]
