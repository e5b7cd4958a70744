"""Where an instance is, if the request does not say so."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rds_operations.model.place import Place
from rds_operations.model.refusals import Code, Refusal
from rds_operations.rules.location import locate
from rds_operations.settings.targets import Account, Targets
from tests.builders import (
    ACCOUNT,
    HOME,
    INSTANCE_ID,
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


class Listed:
    def __init__(self, *places: Place) -> None:
        self.asked: list[str] = []
        self._places = list(places)

    def places(self, instance_id: str) -> list[Place]:
        self.asked.append(instance_id)
        return self._places


class Live:
    def __init__(self, *places: Place) -> None:
        self.looked: list[Place] = []
        self._places = places

    def __call__(self, place: Place) -> bool:
        self.looked.append(place)
        return place in self._places


def found(
    listed: Listed, live: Callable[[Place], bool], targets: Targets = MANY_TARGETS, **chosen: str
) -> Place | Refusal | None:
    request = a_request(**{"account_id": "", "region": "", **chosen})  # type: ignore[arg-type]
    return locate(request, targets, listed.places, live)


@pytest.mark.parametrize(
    ("targets", "chosen", "place"),
    [
        (TARGETS, {}, HOME),
        (MANY_TARGETS, {"account_id": OTHER_ACCOUNT, "region": REGION}, THERE),
        (MANY_TARGETS, {"account_id": ACCOUNT, "region": REGION}, HOME),
        (MANY_TARGETS, {"region": "eu-west-1"}, FAR),
        (MANY_TARGETS, {"region": OTHER_REGION}, OWN),
    ],
)
def test_where_one_place_alone_is_left_nothing_is_asked(targets: Targets, chosen: dict[str, str], place: Place) -> None:
    """A read shows later whether the instance exists."""
    listed, live = Listed(*ALL), Live(*ALL)
    assert found(listed, live, targets, **chosen) == place
    assert (listed.asked, live.looked) == ([], [])


def test_home_is_looked_at_live_and_the_rest_in_one_question_to_the_inventory() -> None:
    listed, live = Listed(THERE), Live()
    assert found(listed, live) == THERE
    assert listed.asked == [INSTANCE_ID]
    assert live.looked == [HOME, OWN]


@pytest.mark.parametrize(
    ("listed", "live", "place"),
    [
        ([], [], None),
        ([], [HOME], HOME),
        ([], [OWN], OWN),
        ([THERE], [], THERE),
        ([FAR], [], FAR),
        ([HOME, OWN], [], None),
        ([HOME], [OWN], OWN),
        ([HOME, THERE], [], THERE),
        ([Place("999999999999", REGION)], [], None),
    ],
)
def test_what_the_inventory_says_of_home_does_not_count(
    listed: list[Place], live: list[Place], place: Place | None
) -> None:
    """The instance may have gone or come since. A listed place that is no longer served does not count either."""
    assert found(Listed(*listed), Live(*live)) == place


def test_a_name_in_two_places_is_a_conflict_that_lists_them() -> None:
    refusal = found(Listed(THERE, FAR), Live(HOME))
    assert refusal == Refusal(
        409,
        Code.INSTANCE_AMBIGUOUS,
        f"Instance {INSTANCE_ID} is in more than one place: account {ACCOUNT}, Region {REGION}; "
        f"account {OTHER_ACCOUNT}, Region {REGION}; account {OTHER_ACCOUNT}, Region eu-west-1. "
        "Send account_id and region to choose one.",
    )


def test_a_choice_settles_it() -> None:
    assert found(Listed(THERE), Live(HOME), account_id=OTHER_ACCOUNT) == THERE
    assert found(Listed(THERE), Live(HOME), account_id=ACCOUNT) == HOME
    listed, live = Listed(THERE, FAR), Live(*ALL)
    assert isinstance(found(listed, live, account_id=OTHER_ACCOUNT), Refusal)
    assert live.looked == []


REGIONS = [REGION, OTHER_REGION, "eu-west-1"]
ACCOUNTS = [ACCOUNT, OTHER_ACCOUNT, "999999999999"]
some_places = st.builds(Place, st.sampled_from(ACCOUNTS), st.sampled_from(REGIONS))
some_targets = st.builds(
    Targets,
    st.just(HOME),
    st.lists(st.sampled_from(REGIONS), max_size=2).map(tuple),
    st.dictionaries(
        st.sampled_from(ACCOUNTS[1:]),
        st.builds(Account, st.just("x"), st.lists(st.sampled_from(REGIONS), max_size=3).map(tuple)),
    ),
)


@given(
    some_targets,
    st.lists(some_places, max_size=4),
    st.lists(some_places, max_size=4),
    st.sampled_from(["", *ACCOUNTS]),
    st.sampled_from(["", *REGIONS]),
)
def test_no_place_is_found_outside_the_list_or_against_what_was_asked(
    targets: Targets, listed: list[Place], live: list[Place], account_id: str, region: str
) -> None:
    inventory, home = Listed(*listed), Live(*live)
    place = found(inventory, home, targets, account_id=account_id, region=region)
    fitting = {
        known for known in targets.places if account_id in ("", known.account_id) and region in ("", known.region)
    }
    there = {known for known in fitting if known in (live if known.account_id == ACCOUNT else listed)}
    assert set(home.looked) <= {known for known in fitting if known.account_id == ACCOUNT}
    if len(fitting) == 1:
        assert {place} == fitting
    elif len(there) > 1:
        assert isinstance(place, Refusal)
        assert place.code is Code.INSTANCE_AMBIGUOUS
        assert all(str(known) in place.error for known in there)
    else:
        assert place == next(iter(there), None)
