"""The documents' example settings, on estates like those of real companies: production is refused, the rest allowed.
The rows are made up; words, names and tags come from public repositories that the documents name.
"""

import csv
from pathlib import Path

import pytest

from stacks.settings import Settings
from tests.infrastructure.conftest import ROOT
from tools.classify import ALLOWED, decisions
from tools.estate import load

EXAMPLES = sorted((ROOT / "settings" / "examples").glob("*.json"))
ESTATES = Path(__file__).parent / "estates"
ENOUGH = 0.95


def truths(path: Path) -> dict[tuple[str, str, str], bool]:
    """Return which are production, as their owners know and the gate does not."""
    with path.open(newline="") as file:
        return {
            (row["account"], row["region"], row["name"]): row["truth"] == "production" for row in csv.DictReader(file)
        }


def test_every_example_has_an_estate() -> None:
    assert [path.stem for path in EXAMPLES] == sorted(path.stem for path in ESTATES.glob("*.csv"))
    assert len(EXAMPLES) == 5


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_no_production_is_let_in_and_nearly_all_of_the_rest(example: Path, capsys: pytest.CaptureFixture[str]) -> None:
    estate = ESTATES / f"{example.stem}.csv"
    is_production = truths(estate)
    found = decisions(load(estate), Settings.load(example, {}).gate)
    let_in = {(it.place.account_id, it.place.region, it.instance_id) for it in found if it.code == ALLOWED}
    assert len(found) == len(is_production) >= 40
    assert not {key for key in let_in if is_production[key]}
    share = len(let_in) / sum(not production for production in is_production.values())
    with capsys.disabled():
        print(f" {example.stem}: {share:.0%} of the others let in", end="")
    assert share >= ENOUGH


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_the_page_shows_the_file(example: Path) -> None:
    page = (ROOT / "docs" / "environment-classification.md").read_text()
    assert f"(../settings/examples/{example.name})" in page
