"""Inventory lists the instances on a schedule; Classify finds an instance by its name alone."""

from __future__ import annotations

import copy
import io
import json
from datetime import timedelta
from types import SimpleNamespace

import pytest

from rds_operations.model import clock
from rds_operations.model.errors import TableUnavailable
from rds_operations.model.place import Place
from rds_operations.settings.targets import Targets
from tests.bench.events import listed
from tests.builders import (
    ACCOUNT,
    HOME,
    INSTANCE_ID,
    MANY_TARGETS,
    OTHER_ACCOUNT,
    OTHER_REGION,
    REGION,
    a_body,
)
from tests.functions.calls import Answer, Call, error
from tests.functions.fake_aws import INVENTORY_TABLE, Document, FakeAws

THERE, FAR, BESIDE = Place(OTHER_ACCOUNT, REGION), Place(OTHER_ACCOUNT, "eu-west-1"), Place(ACCOUNT, OTHER_REGION)
PLACES = (HOME, BESIDE, THERE, FAR)


@pytest.fixture(autouse=True)
def _deployed(aws: FakeAws) -> None:
    aws.deploy(MANY_TARGETS)


def key(place: Place) -> str:
    return f"{place.account_id}#{place.region}"


def entry(aws: FakeAws, place: Place, instance_id: str = INSTANCE_ID) -> Document:
    return aws.inventory()[instance_id, key(place)]


def environment(aws: FakeAws, instance_id: str = INSTANCE_ID) -> tuple[str, str]:
    found = entry(aws, HOME, instance_id)
    return found["environment"], found["environment_source"]


def found(aws: FakeAws, **choice: str) -> Place | str:
    """Return the place where ADMISSION finds the instance, or the code of its refusal."""
    work = aws.admit(a_body() | choice, request_id="-".join(["body", *choice.values()]))
    return (
        work["refusal"]["code"]
        if "refusal" in work
        else Place(work["request"]["account_id"], work["request"]["region"])
    )


# Listing.


def test_every_place_is_listed(aws: FakeAws) -> None:
    for place, tag in zip(PLACES, ("dev", "qa", "prod", ""), strict=True):
        aws.create_instance(tag, f"in-{place.region}", place)
    assert aws.take_inventory() == {"seen": 4, "gone": 0}
    listed = aws.inventory()
    assert set(listed) == {(f"in-{place.region}", key(place)) for place in PLACES}
    environments = [listed[f"in-{place.region}", key(place)]["environment"] for place in PLACES]
    assert environments == ["development", "test", "production", "unknown"]
    there = entry(aws, THERE, f"in-{REGION}")
    assert there.pop("last_seen").endswith("Z")
    assert there == {
        "instance_id": f"in-{REGION}",
        "place": f"{OTHER_ACCOUNT}#{REGION}",
        "account_id": OTHER_ACCOUNT,
        "region": REGION,
        "engine": "postgres",
        "instance_class": "db.t4g.micro",
        "status": "available",
        "multi_az": False,
        "environment": "production",
        "environment_source": "tag Environment=prod",
    }


def fleet(aws: FakeAws) -> None:
    """Create two pages of instances."""
    aws.create_instance()
    databases = aws.backend.databases
    for number in range(120):
        clone = copy.copy(databases[INSTANCE_ID])
        clone.db_instance_identifier = f"clone-{number:03}"
        databases[clone.db_instance_identifier] = clone


def test_a_place_is_listed_page_by_page_and_only_a_whole_list_says_what_has_gone(aws: FakeAws) -> None:
    aws.deploy(Targets(HOME))
    fleet(aws)

    def second_page_fails(call: Call) -> Answer | None:
        return error("InternalFailure", 500) if "Marker" in call.params else None

    assert aws.take_inventory() == {"seen": 121, "gone": 0}
    assert len(aws.inventory()) == 121
    with aws.calls.answering(second_page_fails):
        assert aws.take_inventory() == {"not_listed": 1}
    assert not any("gone_at" in item for item in aws.inventory().values())


def test_a_run_that_ran_out_of_time_is_carried_on_by_the_next(aws: FakeAws) -> None:
    """The place that was listed longest ago comes first, and so does one that never was."""
    asked: list[str] = []
    stops_after = 2

    def note(call: Call) -> Answer | None:
        if call.action == "DescribeDBInstances":
            asked.append(call.region)
            if len(asked) > stops_after:
                raise KeyboardInterrupt  # no error that the function could catch: Lambda ends it
        return None

    with aws.calls.answering(note), pytest.raises(KeyboardInterrupt):
        aws.take_inventory()
    first, asked[:], stops_after = asked[:2], [], 99
    with aws.calls.answering(note):
        aws.take_inventory()
    assert len(asked) == len(PLACES)
    assert sorted(asked[-2:]) == sorted(first)


def writes(aws: FakeAws) -> list[str]:
    """Return the writes of the last run, without the note that a place was listed."""
    return [call.action for call in aws.calls.of("inventory", "dynamodb") if call.action != "Query"][: -len(PLACES)]


def test_the_benchmark_has_entries_as_they_are_written(aws: FakeAws) -> None:
    """Otherwise it would count a write of each instance in every run."""
    aws.create_instance()
    aws.take_inventory()
    (entry,) = aws.inventory().values()
    assert set(listed(1)[0]) == set(entry)


def test_what_has_not_changed_is_not_written(aws: FakeAws, monkeypatch: pytest.MonkeyPatch) -> None:
    aws.create_instance("dev")
    aws.create_instance("qa", "other-01")
    aws.take_inventory()
    before = aws.inventory()
    aws.calls.made.clear()
    assert aws.take_inventory() == {"seen": 2, "gone": 0}
    assert writes(aws) == []
    assert aws.inventory() == before
    aws.retag("prod")
    aws.calls.made.clear()
    aws.take_inventory()
    assert writes(aws) == ["PutItem"]
    assert environment(aws)[0] == "production"
    tomorrow = clock.now() + timedelta(days=1)
    monkeypatch.setattr(clock, "now", lambda: tomorrow)
    aws.take_inventory()
    assert entry(aws, HOME)["last_seen"] == clock.to_text(tomorrow)


def test_replicas_and_sources_of_a_place_are_read_with_its_listing(aws: FakeAws) -> None:
    aws.deploy(Targets(HOME))
    aws.create_instance("dev", "source-01")
    for number in range(3):
        aws.create_instance("dev", f"replica-{number}")
        aws.replicate("source-01", f"replica-{number}")
    aws.calls.made.clear()
    aws.take_inventory()
    assert [call.action for call in aws.calls.of("inventory", "rds")] == ["DescribeDBInstances"]


def test_what_has_gone_is_marked_and_kept_and_can_come_back(aws: FakeAws) -> None:
    aws.create_instance(place=THERE)
    aws.take_inventory()
    aws.delete_instance(place=THERE)
    assert aws.take_inventory() == {"seen": 0, "gone": 1}
    gone = entry(aws, THERE)
    assert gone["gone_at"] >= gone["last_seen"]
    assert gone["ttl"] > 0
    assert aws.take_inventory() == {"seen": 0, "gone": 0}
    assert entry(aws, THERE) == gone
    aws.create_instance(place=THERE)
    assert aws.take_inventory() == {"seen": 1, "gone": 0}
    assert not {"gone_at", "ttl"} & set(entry(aws, THERE))


def test_a_namesake_elsewhere_does_not_keep_an_entry_alive(aws: FakeAws) -> None:
    for place in (HOME, THERE):
        aws.create_instance(place=place)
    aws.take_inventory()
    aws.delete_instance(place=THERE)
    assert aws.take_inventory() == {"seen": 1, "gone": 1}
    assert ("gone_at" in entry(aws, HOME), "gone_at" in entry(aws, THERE)) == (False, True)


@pytest.mark.parametrize("closed", ["role", "home"])
def test_a_place_that_cannot_be_listed_keeps_its_entries_and_holds_up_no_other(aws: FakeAws, closed: str) -> None:
    for place in PLACES:
        aws.create_instance(place=place)
    aws.take_inventory()
    for place in PLACES:
        aws.delete_instance(place=place)

    def refuse(call: Call) -> Answer | None:
        if closed == "role":
            return error("AccessDenied", 403) if call.service == "sts" else None
        return error("Throttling") if (call.service, call.hand, call.region) == ("rds", "own", REGION) else None

    if closed == "role":
        aws.deploy(MANY_TARGETS)  # new functions have no credentials yet
    with aws.calls.answering(refuse):
        counts = aws.take_inventory()
    unlisted = {THERE, FAR} if closed == "role" else {HOME}
    assert counts == {"seen": 0, "gone": 4 - len(unlisted), "not_listed": len(unlisted)}
    assert {place for place in PLACES if "gone_at" not in entry(aws, place)} == unlisted


@pytest.mark.parametrize("place", PLACES)
def test_a_place_that_breaks_the_listing_is_one_line_and_the_others_are_listed(
    aws: FakeAws, log: io.StringIO, place: Place
) -> None:
    """RDS gives an unexpected answer, on which the code breaks."""
    for each in PLACES:
        aws.create_instance(place=each)
    aws.take_inventory()
    for each in PLACES:
        aws.delete_instance(place=each)
    listed = iter(PLACES)

    def nonsense(call: Call) -> Answer | None:
        odd = call.action == "DescribeDBInstances" and next(listed) == place
        return (SimpleNamespace(status_code=200), {"ResponseMetadata": {}}) if odd else None

    with aws.calls.answering(nonsense):
        assert aws.take_inventory() == {"seen": 0, "gone": 3, "not_listed": 1}
    assert [each for each in PLACES if "gone_at" not in entry(aws, each)] == [place]
    (line,) = [line for line in logged(log) if line["message"] == "not listed"]
    assert (line["place"], line["exception_name"]) == (str(place), "KeyError")
    assert "Traceback" in line["exception"]


def logged(log: io.StringIO) -> list[Document]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


BROKEN = f"arn:aws:rds:{OTHER_REGION}:{ACCOUNT}:db:broken"
"""A source in another Region, which is read by itself."""


def what_breaks(call: Call) -> Answer | None:
    """Return an empty answer, so that reading it raises an error."""
    asked = call.params.get("DBInstanceIdentifier")
    return (SimpleNamespace(status_code=200), {}) if asked == "broken" else None


def replica_of_what_breaks(aws: FakeAws, name: str) -> None:
    aws.create_instance("dev", name)
    aws.replicate(BROKEN, name)


def test_an_instance_that_breaks_the_listing_is_one_line_and_the_others_are_listed(
    aws: FakeAws, log: io.StringIO
) -> None:
    """The table keeps its entry, because it still exists."""
    for name in ("first-01", "odd-01", "zero-01"):
        aws.create_instance("dev", name)
    aws.take_inventory()
    before = entry(aws, HOME, "odd-01")
    aws.replicate(BROKEN, "odd-01")
    aws.delete_instance("first-01")
    for name in ("next-01", "zero-02"):
        aws.create_instance("dev", name)
    with aws.calls.answering(what_breaks):
        assert aws.take_inventory() == {"seen": 3, "gone": 1, "not_written": 1}
    assert entry(aws, HOME, "odd-01") == before
    assert "gone_at" in entry(aws, HOME, "first-01")
    (line,) = [line for line in logged(log) if line["message"] == "not written"]
    assert (line["instance_id"], "Traceback" in line["exception"]) == ("odd-01", True)


def test_one_that_has_gone_and_cannot_be_marked_does_not_keep_the_others_waiting(aws: FakeAws) -> None:
    names = ("first-01", "second-01")
    for name in names:
        aws.create_instance("dev", name)
    aws.take_inventory()
    for name in names:
        aws.delete_instance(name)
    refused = iter([True, False])

    def refuse_once(call: Call) -> Answer | None:
        return error("ValidationException") if call.action == "UpdateItem" and next(refused) else None

    with aws.calls.answering(refuse_once):
        assert aws.take_inventory() == {"seen": 0, "gone": 1, "not_written": 1}
    assert aws.take_inventory() == {"seen": 0, "gone": 1}


def test_a_place_where_too_many_fail_does_not_keep_the_other_places_waiting(aws: FakeAws) -> None:
    for number in range(8):
        replica_of_what_breaks(aws, f"odd-{number}")
    aws.create_instance(place=FAR)
    with aws.calls.answering(what_breaks):
        assert aws.take_inventory() == {"seen": 1, "gone": 0, "not_listed": 1}
    assert set(aws.inventory()) == {(INSTANCE_ID, key(FAR))}


def test_a_table_that_takes_no_entry_is_told_as_not_written(aws: FakeAws) -> None:
    aws.create_instance()
    with aws.calls.refusing("inventory", "dynamodb", "PutItem", "InternalServerError", 500):
        assert aws.take_inventory() == {"seen": 0, "gone": 0, "not_written": 1, "not_listed": 4}


def test_a_replica_is_listed_with_the_environment_of_its_source(aws: FakeAws) -> None:
    aws.create_instance("prod", "orders", BESIDE)
    aws.create_instance("dev", "replica")
    aws.replicate(f"arn:aws:rds:{OTHER_REGION}:{ACCOUNT}:db:orders", "replica")
    aws.create_instance("dev", "stray")
    aws.replicate("nowhere", "stray")
    aws.take_inventory()
    source = f"replication source arn:aws:rds:{OTHER_REGION}:{ACCOUNT}:db:orders, tag Environment=prod"
    assert environment(aws, "replica") == ("production", source)
    assert environment(aws, "stray")[0] == "unknown"


# Finding.


def test_only_home_is_served_without_the_inventory(aws: FakeAws) -> None:
    aws.deploy()
    aws.dynamodb.delete_table(TableName=INVENTORY_TABLE)
    aws.create_instance()
    assert found(aws) == HOME
    assert aws.calls.of("classify", "dynamodb") == []


def test_a_choice_that_leaves_one_place_is_served_without_the_inventory(aws: FakeAws) -> None:
    aws.create_instance(place=THERE)
    assert found(aws, account_id=OTHER_ACCOUNT, region=REGION) == THERE
    assert aws.calls.of("classify", "dynamodb") == []


@pytest.mark.parametrize("places", [(HOME, THERE), (HOME, BESIDE), (THERE, FAR), PLACES])
def test_a_name_that_is_in_more_than_one_place_has_to_be_chosen(aws: FakeAws, places: tuple[Place, ...]) -> None:
    for place in places:
        aws.create_instance(place=place)
    aws.take_inventory()
    work = aws.admit(a_body())
    answer = aws.answer(work)
    assert (answer["statusCode"], answer["code"]) == (409, "instance_ambiguous")
    named = "; ".join(f"account {place.account_id}, Region {place.region}" for place in places)
    assert f"{INSTANCE_ID} is in more than one place: {named}. Send account_id and region" in answer["error"]
    assert (aws.items(), aws.events()) == ([], ["refused"])
    for place in places:
        assert found(aws, account_id=place.account_id, region=place.region) == place


def test_half_a_choice_is_enough_where_it_leaves_one(aws: FakeAws) -> None:
    for place in (HOME, THERE):
        aws.create_instance(place=place)
    aws.take_inventory()
    assert found(aws, account_id=OTHER_ACCOUNT) == THERE
    assert found(aws, region=REGION) == "instance_ambiguous"


def test_a_name_that_is_nowhere_is_not_found(aws: FakeAws) -> None:
    aws.take_inventory()
    assert found(aws) == "instance_not_found"


def test_an_instance_at_home_that_is_not_listed_yet_is_found(aws: FakeAws) -> None:
    aws.take_inventory()
    aws.create_instance(place=BESIDE)
    assert found(aws) == BESIDE


def test_a_new_namesake_at_home_makes_a_listed_name_ambiguous(aws: FakeAws) -> None:
    aws.create_instance(place=THERE)
    aws.take_inventory()
    assert found(aws) == THERE
    aws.create_instance()
    assert found(aws) == "instance_ambiguous"


def test_what_is_listed_at_home_and_is_not_there_any_more_is_in_nobodys_way(aws: FakeAws) -> None:
    for place in (HOME, THERE):
        aws.create_instance(place=place)
    aws.take_inventory()
    aws.delete_instance()
    assert found(aws) == THERE


def test_an_entry_that_is_marked_as_gone_is_not_used(aws: FakeAws) -> None:
    for place in (THERE, FAR):
        aws.create_instance(place=place)
    aws.take_inventory()
    aws.delete_instance(place=FAR)
    assert found(aws) == "instance_ambiguous"
    aws.take_inventory()
    assert found(aws) == THERE


def test_what_is_gone_since_the_last_listing_is_not_found(aws: FakeAws) -> None:
    aws.create_instance(place=THERE)
    aws.take_inventory()
    aws.delete_instance(place=THERE)
    assert found(aws) == "instance_not_found"


def test_an_entry_of_an_account_that_left_the_list_is_not_used(aws: FakeAws) -> None:
    aws.create_instance(place=THERE)
    aws.take_inventory()
    aws.deploy(Targets(HOME, (OTHER_REGION,)))
    assert found(aws) == "instance_not_found"


def test_an_inventory_that_cannot_be_read_is_no_answer(aws: FakeAws) -> None:
    aws.create_instance(place=THERE)
    aws.take_inventory()
    refused = aws.calls.refusing("classify", "dynamodb", "Query", "InternalServerError", 500)
    with refused, pytest.raises(TableUnavailable):
        aws.admit(a_body())


def test_an_instance_that_may_be_too_new_for_the_inventory_is_not_found_with_a_hint(aws: FakeAws) -> None:
    answer = aws.answer(aws.admit(a_body()))
    assert answer["error"] == f"Instance {INSTANCE_ID} not found"
    assert answer["hint"] == "If it was made in another account within the last 15 minutes, send account_id and region."
    there = aws.answer(aws.admit({**a_body(), "account_id": ACCOUNT}, request_id="request-2"))
    assert "hint" not in there  # its own account is read live
    aws.deploy(Targets(HOME))
    assert "hint" not in aws.answer(aws.admit(a_body(), request_id="request-3"))
