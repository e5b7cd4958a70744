"""Models in which a mistake would hide one of the product."""

import json
import re
from pathlib import Path

import pytest

from tests.simulation import deployment
from tests.simulation.definitions import StateError, evaluated
from tests.simulation.dice import Dice
from tests.simulation.expressions import Given, holds, updated
from tests.simulation.functions import ROOT
from tests.simulation.known_faults import KNOWN
from tests.simulation.world import World

ITEM = {"owner": {"S": "me"}, "expires_at": {"N": "9"}}
GIVEN = Given(
    {
        "ExpressionAttributeNames": {"#owner": "owner"},
        "ExpressionAttributeValues": {":me": {"S": "me"}, ":ten": {"N": "10"}},
    }
)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("#owner = :me", True),
        ("attribute_not_exists(#owner)", False),
        ("attribute_not_exists(#owner) OR expires_at <= :ten", True),  # as numbers, not texts
        ("attribute_exists(#owner) AND attribute_not_exists(gone) AND gone = :me", False),
        ("attribute_exists(#owner) AND (attribute_not_exists(gone) OR gone < :ten)", True),
        ("NOT #owner = :me", False),
        ("owner < :ten", False),  # two types
    ],
)
def test_conditions_hold_as_in_dynamodb(expression: str, expected: bool) -> None:
    assert holds(expression, ITEM, GIVEN) is expected


def test_conditions_that_are_not_modelled_are_no_guess() -> None:
    with pytest.raises(AssertionError):
        holds("begins_with(#owner, :me)", ITEM, GIVEN)


@pytest.mark.parametrize(
    "expression", ["REMOVE #owner SET expires_at = :ten", "SET expires_at = :ten REMOVE #owner, x"]
)
def test_updates_set_and_remove_in_any_order(expression: str) -> None:
    assert updated(expression, ITEM, GIVEN) == {"expires_at": {"N": "10"}}


def test_functions_have_the_time_that_the_stack_gives_them() -> None:
    from stacks.functions import SPECS  # noqa: PLC0415 - slow to import, and for this one test

    assert {name: SPECS[name].timeout for name in deployment.TIMEOUTS} == deployment.TIMEOUTS


def test_an_expression_without_a_result_is_an_error() -> None:
    """As in Step Functions, a missing value is not null."""
    with pytest.raises(StateError, match=r"States\.QueryEvaluationError"):
        evaluated("{% $states.input.nothing %}", {"input": {}})


def test_reliability_page_names_every_known_fault() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text()
    table = page.partition("| put back |")[2].partition("\n\n")[0]
    assert [row.split("|")[1].strip() for row in table.splitlines()[2:]] == list(KNOWN)


def test_reliability_page_names_every_loss_that_is_counted_as_documented() -> None:
    page = (ROOT / "docs" / "reliability.md").read_text()
    table = page.partition("| counted as documented |")[2].partition("\n\n")[0]
    code = "".join(file.read_text() for file in Path(__file__).parent.glob("*.py"))
    counted = re.findall(r'counts\["documented: ([^"]+)"\]', code)
    assert sorted(row.split("|")[1].strip() for row in table.splitlines()[2:]) == sorted(counted)


def test_dice_depend_on_the_seed_and_the_purpose_alone() -> None:
    assert Dice(1, "a").chance() == Dice(1, "a").chance()
    assert len({Dice(seed, purpose).chance() for seed in (1, 2) for purpose in "ab"}) == 4


def test_processes_and_code_take_turns_by_the_virtual_clock() -> None:
    world, seen = World(), []

    def process(name: str, seconds: float):  # type: ignore[no-untyped-def]
        for _ in range(3):
            yield seconds
            seen.append((name, world.seconds))

    def work() -> None:
        for _ in range(3):
            world.sleep(2.5)
            seen.append(("code", world.seconds))

    world.begin(process("process", 2.0))
    world.run_code(work)
    world.run_code(work)
    world.run(lambda: False)
    assert seen == sorted(seen, key=lambda one: one[1])
    assert json.dumps(seen).count("code") == 6
    assert world.seconds == 7.5
