"""Documents state what can be checked, and are held to it here."""

import importlib.util
import json
import re
from types import ModuleType

from rds_operations.classification import ALLOWED_ENVIRONMENTS, WORDS, Environment, environment_of
from rds_operations.refusals import Code
from rds_operations.validation import LARGEST_BODY
from stacks.functions import SHAPES
from stacks.settings import Settings
from tests.infrastructure.conftest import ROOT

README = (ROOT / "README.md").read_text()


def tables() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tables", ROOT / "docs" / "tables.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_readme_has_the_tables_of_the_registry() -> None:
    assert tables().rendered(README) == README, "run: make docs"


def test_readme_names_every_function_and_every_file_it_points_to() -> None:
    for name in SHAPES:
        assert f"`functions/{name}`" in README
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / target).exists(), target


def test_settings_page_names_every_setting_and_its_default() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    for name in Settings.__dataclass_fields__:
        if name != "gate":
            assert f"`{name}`" in page
    for name in Settings().gate.__dataclass_fields__:
        assert f"`{name}`" in page
    for environment in ALLOWED_ENVIRONMENTS:
        assert f"`{environment.value}`" in page


def test_settings_page_has_every_word_of_the_classification() -> None:
    page = (ROOT / "docs" / "settings.md").read_text()
    rows = {
        name: words.split(", ") for name, words in re.findall(r"^\| `(\w+)` \| ([a-z, -]+) \|$", page, re.MULTILINE)
    }
    assert set(rows) == {e.value for e in Environment} - {"unknown"}
    for name, words in rows.items():
        assert {environment_of(word).value for word in words} == {name}
    assert sorted(word for words in rows.values() for word in words) == sorted(WORDS)


def test_api_page_names_every_code() -> None:
    page = (ROOT / "docs" / "api.md").read_text()
    for code in Code:
        assert f"`{code.value}`" in page


def test_api_page_names_the_limit() -> None:
    assert f"{LARGEST_BODY:,} characters" in (ROOT / "docs" / "api.md").read_text()


def test_codes_are_stable_words() -> None:
    assert all(re.fullmatch(r"[a-z_]+", code.value) for code in Code)


def test_states_of_the_picture_exist() -> None:
    admission, operation = (
        json.loads((ROOT / "statemachine" / f"{name}.asl.json").read_text())["States"]
        for name in ("admission", "operation")
    )
    for state in ("Validate", "Classify", "Admit", "Audit"):
        assert state in admission
    for state in ("Validate", "Classify", "Execute", "Finished?", "Wait", "Poll", "Audit", "Succeeded", "Failed"):
        assert state in operation
        assert state in README
