"""Inventory: what is where, listed on a schedule; and how Classify finds an instance by its name alone."""

from __future__ import annotations

import copy
import io
import json
from types import SimpleNamespace

import pytest

from rds_operations.model.errors import TableUnavailable
from rds_operations.model.place import Place
from rds_operations.settings.targets import Targets
from tests.functions.calls import Answer, Call, error
from tests.functions.cloud import INVENTORY_TABLE, Cloud, Document
from tests.unit.builders import (
    ACCOUNT,
    HOME,
    INSTANCE_ID,
    MANY_TARGETS,
    OTHER_ACCOUNT,
    OTHER_REGION,
    REGION,
    a_body,
)

THERE, FAR, BESIDE = Place(OTHER_ACCOUNT, REGION), Place(OTHER_ACCOUNT, "eu-west-1"), Place(ACCOUNT, OTHER_REGION)
PLACES = (HOME, BESIDE, THERE, FAR)


@pytest.fixture(autouse=True)
def _deployed(cloud: Cloud) -> None:
    cloud.deploy(MANY_TARGETS)


def key(place: Place) -> str:
    return f"{place.account_id}#{place.region}"


def entry(cloud: Cloud, place: Place, instance_id: str = INSTANCE_ID) -> Document:
    return cloud.inventory()[instance_id, key(place)]


def environment(cloud: Cloud, instance_id: str = INSTANCE_ID) -> tuple[str, str]:
    found = entry(cloud, HOME, instance_id)
    return found["environment"], found["environment_source"]


def found(cloud: Cloud, **choice: str) -> Place | str:
    """Where ADMISSION finds the instance, or the code with which it refuses."""
    work = cloud.request(a_body() | choice, request_id="-".join(["body", *choice.values()]))
    return (
        work["refusal"]["code"]
        if "refusal" in work
        else Place(work["request"]["account_id"], work["request"]["region"])
    )


# Taking stock.


def test_every_place_is_listed(cloud: Cloud) -> None:
    for place, tag in zip(PLACES, ("dev", "qa", "prod", ""), strict=True):
        cloud.create_instance(tag, f"in-{place.region}", place)
    assert cloud.take_inventory() == {"seen": 4, "gone": 0}
    listed = cloud.inventory()
    assert set(listed) == {(f"in-{place.region}", key(place)) for place in PLACES}
    environments = [listed[f"in-{place.region}", key(place)]["environment"] for place in PLACES]
    assert environments == ["development", "test", "production", "unknown"]
    there = entry(cloud, THERE, f"in-{REGION}")
    assert there.pop("last_seen").endswith("Z")
    assert there == {
        "instance_id": f"in-{REGION}",
        "place": f"{OTHER_ACCOUNT}#{REGION}",
        "account_id": OTHER_ACCOUNT,
        "region": REGION,
        "engine": "postgres",
        "environment": "production",
        "environment_source": "tag Environment=prod",
    }


def fleet(cloud: Cloud) -> None:
    """Two pages full of instances."""
    cloud.create_instance()
    databases = cloud.backend.databases
    for number in range(120):
        clone = copy.copy(databases[INSTANCE_ID])
        clone.db_instance_identifier = f"clone-{number:03}"
        databases[clone.db_instance_identifier] = clone


def test_a_place_is_listed_page_by_page_and_only_a_whole_list_says_what_has_gone(cloud: Cloud) -> None:
    cloud.deploy(Targets(HOME))
    fleet(cloud)

    def second_page_fails(call: Call) -> Answer | None:
        return error("InternalFailure", 500) if "Marker" in call.params else None

    assert cloud.take_inventory() == {"seen": 121, "gone": 0}
    assert len(cloud.inventory()) == 121
    with cloud.calls.answering(second_page_fails):
        assert cloud.take_inventory() == {"not_listed": 1}
    assert not any("gone_at" in item for item in cloud.inventory().values())


def test_what_has_gone_is_marked_and_kept_and_can_come_back(cloud: Cloud) -> None:
    cloud.create_instance(place=THERE)
    cloud.take_inventory()
    cloud.delete_instance(place=THERE)
    assert cloud.take_inventory() == {"seen": 0, "gone": 1}
    gone = entry(cloud, THERE)
    assert gone["gone_at"] >= gone["last_seen"]
    assert gone["ttl"] > 0
    assert cloud.take_inventory() == {"seen": 0, "gone": 0}
    assert entry(cloud, THERE) == gone
    cloud.create_instance(place=THERE)
    assert cloud.take_inventory() == {"seen": 1, "gone": 0}
    assert not {"gone_at", "ttl"} & set(entry(cloud, THERE))


def test_a_namesake_elsewhere_does_not_keep_an_entry_alive(cloud: Cloud) -> None:
    for place in (HOME, THERE):
        cloud.create_instance(place=place)
    cloud.take_inventory()
    cloud.delete_instance(place=THERE)
    assert cloud.take_inventory() == {"seen": 1, "gone": 1}
    assert ("gone_at" in entry(cloud, HOME), "gone_at" in entry(cloud, THERE)) == (False, True)


@pytest.mark.parametrize("closed", ["role", "home"])
def test_a_place_that_cannot_be_listed_keeps_what_is_known_and_does_not_keep_the_others_waiting(
    cloud: Cloud, closed: str
) -> None:
    for place in PLACES:
        cloud.create_instance(place=place)
    cloud.take_inventory()
    for place in PLACES:
        cloud.delete_instance(place=place)

    def refuse(call: Call) -> Answer | None:
        if closed == "role":
            return error("AccessDenied", 403) if call.service == "sts" else None
        return error("Throttling") if (call.service, call.hand, call.region) == ("rds", "own", REGION) else None

    if closed == "role":
        cloud.deploy(MANY_TARGETS)  # new functions, which have no credentials yet
    with cloud.calls.answering(refuse):
        counts = cloud.take_inventory()
    unlisted = {THERE, FAR} if closed == "role" else {HOME}
    assert counts == {"seen": 0, "gone": 4 - len(unlisted), "not_listed": len(unlisted)}
    assert {place for place in PLACES if "gone_at" not in entry(cloud, place)} == unlisted


@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_breaks_the_listing_is_one_line_and_the_others_are_listed(
    cloud: Cloud, log: io.StringIO, place: Place
) -> None:
    """RDS answers there as nobody expects, and the code breaks on it."""
    for each in PLACES:
        cloud.create_instance(place=each)
    cloud.take_inventory()
    for each in PLACES:
        cloud.delete_instance(place=each)
    listed = iter(PLACES)

    def nonsense(call: Call) -> Answer | None:
        odd = call.action == "DescribeDBInstances" and next(listed) == place
        return (SimpleNamespace(status_code=200), {"ResponseMetadata": {}}) if odd else None

    with cloud.calls.answering(nonsense):
        assert cloud.take_inventory() == {"seen": 0, "gone": 3, "not_listed": 1}
    assert [each for each in PLACES if "gone_at" not in entry(cloud, each)] == [place]
    (line,) = [line for line in logged(log) if line["message"] == "not listed"]
    assert (line["place"], line["exception_name"]) == (str(place), "KeyError")
    assert "Traceback" in line["exception"]


def logged(log: io.StringIO) -> list[Document]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def what_breaks(call: Call) -> Answer | None:
    """An answer that is none, so that reading it raises what is no fault of ours."""
    asked = call.params.get("DBInstanceIdentifier")
    return (SimpleNamespace(status_code=200), {}) if asked == "broken" else None


def replica_of_what_breaks(cloud: Cloud, name: str) -> None:
    cloud.create_instance("dev", name)
    cloud.replicate("broken", name)


def test_an_instance_that_breaks_the_listing_is_one_line_and_the_others_are_listed(
    cloud: Cloud, log: io.StringIO
) -> None:
    """It keeps what is known of it: it is there, so it has not gone."""
    for name in ("first-01", "odd-01", "zero-01"):
        cloud.create_instance("dev", name)
    cloud.take_inventory()
    before = entry(cloud, HOME, "odd-01")
    cloud.replicate("broken", "odd-01")
    cloud.delete_instance("first-01")
    for name in ("next-01", "zero-02"):
        cloud.create_instance("dev", name)
    with cloud.calls.answering(what_breaks):
        assert cloud.take_inventory() == {"seen": 3, "gone": 1, "not_written": 1}
    assert entry(cloud, HOME, "odd-01") == before
    assert "gone_at" in entry(cloud, HOME, "first-01")
    (line,) = [line for line in logged(log) if line["message"] == "not written"]
    assert (line["instance_id"], "Traceback" in line["exception"]) == ("odd-01", True)


def test_one_that_has_gone_and_cannot_be_marked_does_not_keep_the_others_waiting(cloud: Cloud) -> None:
    names = ("first-01", "second-01")
    for name in names:
        cloud.create_instance("dev", name)
    cloud.take_inventory()
    for name in names:
        cloud.delete_instance(name)
    refused = iter([True, False])

    def refuse_once(call: Call) -> Answer | None:
        return error("ValidationException") if call.action == "UpdateItem" and next(refused) else None

    with cloud.calls.answering(refuse_once):
        assert cloud.take_inventory() == {"seen": 0, "gone": 1, "not_written": 1}
    assert cloud.take_inventory() == {"seen": 0, "gone": 1}


def test_a_place_where_too_many_fail_does_not_keep_the_other_places_waiting(cloud: Cloud) -> None:
    for number in range(8):
        replica_of_what_breaks(cloud, f"odd-{number}")
    cloud.create_instance(place=FAR)
    with cloud.calls.answering(what_breaks):
        assert cloud.take_inventory() == {"seen": 1, "gone": 0, "not_listed": 1}
    assert set(cloud.inventory()) == {(INSTANCE_ID, key(FAR))}


def test_a_table_that_takes_no_entry_is_told_as_not_written(cloud: Cloud) -> None:
    cloud.create_instance()
    with cloud.calls.refusing("inventory", "dynamodb", "PutItem", "InternalServerError", 500):
        assert cloud.take_inventory() == {"seen": 0, "gone": 0, "not_written": 1}


def test_a_replica_is_listed_with_the_environment_of_its_source(cloud: Cloud) -> None:
    cloud.create_instance("prod", "orders", BESIDE)
    cloud.create_instance("dev", "replica")
    cloud.replicate(f"arn:aws:rds:{OTHER_REGION}:{ACCOUNT}:db:orders", "replica")
    cloud.create_instance("dev", "stray")
    cloud.replicate("nowhere", "stray")
    cloud.take_inventory()
    source = f"replication source arn:aws:rds:{OTHER_REGION}:{ACCOUNT}:db:orders, tag Environment=prod"
    assert environment(cloud, "replica") == ("production", source)
    assert environment(cloud, "stray")[0] == "unknown"


# Finding.


def test_only_home_is_served_without_the_inventory(cloud: Cloud) -> None:
    cloud.deploy()
    cloud.dynamodb.delete_table(TableName=INVENTORY_TABLE)
    cloud.create_instance()
    assert found(cloud) == HOME
    assert cloud.calls.of("classify", "dynamodb") == []


def test_a_choice_that_leaves_one_place_is_served_without_the_inventory(cloud: Cloud) -> None:
    cloud.create_instance(place=THERE)
    assert found(cloud, account_id=OTHER_ACCOUNT, region=REGION) == THERE
    assert cloud.calls.of("classify", "dynamodb") == []


@pytest.mark.parametrize("places", [(HOME, THERE), (HOME, BESIDE), (THERE, FAR), PLACES])
def test_a_name_that_is_in_more_than_one_place_has_to_be_chosen(cloud: Cloud, places: tuple[Place, ...]) -> None:
    for place in places:
        cloud.create_instance(place=place)
    cloud.take_inventory()
    work = cloud.request(a_body())
    answer = cloud.answered(work)
    assert (answer["statusCode"], answer["code"]) == (409, "instance_ambiguous")
    named = "; ".join(f"account {place.account_id}, Region {place.region}" for place in places)
    assert f"{INSTANCE_ID} is in more than one place: {named}. Send account_id and region" in answer["error"]
    assert (cloud.items(), cloud.events()) == ([], ["refused"])
    for place in places:
        assert found(cloud, account_id=place.account_id, region=place.region) == place


def test_half_a_choice_is_enough_where_it_leaves_one(cloud: Cloud) -> None:
    for place in (HOME, THERE):
        cloud.create_instance(place=place)
    cloud.take_inventory()
    assert found(cloud, account_id=OTHER_ACCOUNT) == THERE
    assert found(cloud, region=REGION) == "instance_ambiguous"


def test_a_name_that_is_nowhere_is_not_found(cloud: Cloud) -> None:
    cloud.take_inventory()
    assert found(cloud) == "instance_not_found"


def test_an_instance_at_home_that_is_not_listed_yet_is_found(cloud: Cloud) -> None:
    cloud.take_inventory()
    cloud.create_instance(place=BESIDE)
    assert found(cloud) == BESIDE


def test_a_new_namesake_at_home_makes_a_listed_name_ambiguous(cloud: Cloud) -> None:
    cloud.create_instance(place=THERE)
    cloud.take_inventory()
    assert found(cloud) == THERE
    cloud.create_instance()
    assert found(cloud) == "instance_ambiguous"


def test_what_is_listed_at_home_and_is_not_there_any_more_is_in_nobodys_way(cloud: Cloud) -> None:
    for place in (HOME, THERE):
        cloud.create_instance(place=place)
    cloud.take_inventory()
    cloud.delete_instance()
    assert found(cloud) == THERE


def test_an_entry_that_is_marked_as_gone_is_not_used(cloud: Cloud) -> None:
    for place in (THERE, FAR):
        cloud.create_instance(place=place)
    cloud.take_inventory()
    cloud.delete_instance(place=FAR)
    assert found(cloud) == "instance_ambiguous"
    cloud.take_inventory()
    assert found(cloud) == THERE


def test_what_is_gone_since_the_last_listing_is_not_found(cloud: Cloud) -> None:
    cloud.create_instance(place=THERE)
    cloud.take_inventory()
    cloud.delete_instance(place=THERE)
    assert found(cloud) == "instance_not_found"


def test_an_entry_of_an_account_that_left_the_list_is_not_used(cloud: Cloud) -> None:
    cloud.create_instance(place=THERE)
    cloud.take_inventory()
    cloud.deploy(Targets(HOME, (OTHER_REGION,)))
    assert found(cloud) == "instance_not_found"


def test_an_inventory_that_cannot_be_read_is_no_answer(cloud: Cloud) -> None:
    cloud.create_instance(place=THERE)
    cloud.take_inventory()
    refused = cloud.calls.refusing("classify", "dynamodb", "Query", "InternalServerError", 500)
    with refused, pytest.raises(TableUnavailable):
        cloud.request(a_body())
