from typing import Any

import pytest

from rds_operations.model.place import Place
from rds_operations.model.refusals import Code, Refusal
from rds_operations.settings import packaged
from rds_operations.settings.targets import Account, Targets, not_operated
from tests.builders import (
    ACCOUNT,
    EXTERNAL_ID,
    HOME,
    MANY_TARGETS,
    OTHER_ACCOUNT,
    OTHER_REGION,
    REGION,
    TARGETS,
    a_request,
)

OWN = Place(ACCOUNT, OTHER_REGION)
THERE = Place(OTHER_ACCOUNT, REGION)
FAR = Place(OTHER_ACCOUNT, "eu-west-1")
ALL = [HOME, OWN, THERE, FAR]


def test_home_comes_first_and_no_place_twice() -> None:
    assert TARGETS.places == [HOME]
    assert MANY_TARGETS.places == ALL
    repeated = Targets(HOME, (OTHER_REGION, REGION, OTHER_REGION), {OTHER_ACCOUNT: Account("x", (REGION, REGION))})
    assert repeated.places == [HOME, OWN, THERE]
    own_again = Targets(HOME, (), {ACCOUNT: Account("x", (REGION, OTHER_REGION))})
    assert own_again.places == [HOME, OWN]


@pytest.mark.parametrize(
    ("account_id", "region", "fitting"),
    [
        ("", "", ALL),
        (ACCOUNT, "", [HOME, OWN]),
        (OTHER_ACCOUNT, "", [THERE, FAR]),
        ("", REGION, [HOME, THERE]),
        ("", OTHER_REGION, [OWN]),
        (OTHER_ACCOUNT, REGION, [THERE]),
        (ACCOUNT, REGION, [HOME]),
        (OTHER_ACCOUNT, OTHER_REGION, []),
        (ACCOUNT, "eu-west-1", []),
        ("999999999999", "", []),
        ("", "us-gov-west-1", []),
    ],
)
def test_what_a_request_leaves_open(account_id: str, region: str, fitting: list[Place]) -> None:
    assert MANY_TARGETS.fitting(account_id, region) == fitting


def test_a_place_that_is_not_operated_is_named_with_those_that_are() -> None:
    known = f"account {ACCOUNT}, Region {REGION}"
    assert not_operated(TARGETS, OTHER_ACCOUNT, "eu-west-1") == Refusal(
        400,
        Code.NOT_OPERATED,
        f"This service does not manage account_id '{OTHER_ACCOUNT}' with region 'eu-west-1'. Allowed: {known}",
    )
    assert not_operated(TARGETS, OTHER_ACCOUNT, "").error == (
        f"This service does not manage account_id '{OTHER_ACCOUNT}'. Allowed: {known}"
    )
    assert not_operated(TARGETS, "", "eu-west-1").error == (
        f"This service does not manage region 'eu-west-1'. Allowed: {known}"
    )
    error = not_operated(MANY_TARGETS, "", "us-east-1").error
    assert error.endswith(
        "Allowed: " + "; ".join(f"account {place.account_id}, Region {place.region}" for place in ALL)
    )
    assert EXTERNAL_ID not in error


def test_home_is_an_account_in_every_region_and_no_other() -> None:
    assert [place for place in ALL if MANY_TARGETS.is_home(place)] == [HOME, OWN]
    assert MANY_TARGETS.is_home(Place(ACCOUNT, "us-east-1"))


@pytest.mark.parametrize(
    ("chosen", "place"),
    [
        ({"account_id": "", "region": ""}, HOME),
        ({"account_id": OTHER_ACCOUNT, "region": ""}, THERE),
        ({"account_id": "", "region": OTHER_REGION}, OWN),
        ({"account_id": OTHER_ACCOUNT, "region": "eu-west-1"}, FAR),
    ],
)
def test_a_request_without_a_place_is_at_home(chosen: dict[str, Any], place: Place) -> None:
    assert MANY_TARGETS.place_of(a_request(**chosen)) == place


def test_the_list_is_read_as_it_was_packaged(monkeypatch: pytest.MonkeyPatch) -> None:
    account = {"external_id": EXTERNAL_ID, "regions": [REGION, "eu-west-1"]}
    document = {"regions": [OTHER_REGION], "accounts": {OTHER_ACCOUNT: account}}
    monkeypatch.setattr(packaged, "section", {"targets": document, "gate": {}, "callers": {}}.__getitem__)
    assert Targets.packaged(HOME) == MANY_TARGETS
    monkeypatch.setattr(packaged, "section", lambda _name: {})
    assert Targets.packaged(HOME) == TARGETS


def test_a_long_list_of_places_is_cut_short() -> None:
    accounts = {f"{number:012}": Account(EXTERNAL_ID, (REGION,)) for number in range(40)}
    refusal = not_operated(Targets(HOME, (), accounts), "999988887777", "")
    assert refusal.error.count("account ") == 5
    assert refusal.error.endswith("; and 36 more, which the service owner can name")
