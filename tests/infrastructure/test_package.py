"""The built package decides, in an interpreter that sees no other code of ours."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rds_operations.model.place import Place
from rds_operations.rules.classification import WORDS, classify
from rds_operations.settings import packaged as settings_in_package
from stacks import package
from stacks.functions import CONSOLE, SPECS
from stacks.imports import imported_files
from stacks.setting_checks import SettingsError
from stacks.settings import Settings
from tests.bench.runtimes import zipped_bytes
from tests.unit.test_imports import ENVIRONMENT

HOME = Place("111122223333", "eu-west-1")
THERE = Place("222233334444", "eu-central-1")
Question = tuple[str, Place, dict[str, str]]
ASK = """
import json, sys
sys.path.insert(0, {folder!r})
from rds_operations.settings import packaged
from rds_operations.rules.classification import classify
from rds_operations.settings.gate import GateSettings
from rds_operations.model.place import Place
for line in sys.stdin:
    asked = json.loads(line)
    if asked["shipped"]:
        packaged.FILE.write_text(asked["shipped"])
    name, place, tags = asked["question"]
    print(json.dumps(classify(name, Place(*place), tags, GateSettings.packaged()).to_document()), flush=True)
"""


class Packaged:
    def __init__(self, built: Path) -> None:
        command = [sys.executable, "-I", "-c", ASK.format(folder=str(built))]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def verdict(self, question: Question, shipped: str = "") -> dict[str, Any]:
        """Return the verdict. `shipped` replaces the settings in the package."""
        name, place, tags = question
        asked = {"question": (name, (place.account_id, place.region), tags), "shipped": shipped}
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        return found

    def close(self) -> None:
        self._process.communicate()


@pytest.mark.parametrize(
    "patterns",
    [
        {"^prod-": "production", "-dev$": "development"},
        {"-dev$": "development", "^prod-": "production"},
        {"^z": "test", "prod": "production", "^a": "test", "-dev$": "development", "^prod-orders": "staging"},
    ],
    ids=json.dumps,
)
def test_the_package_keeps_the_patterns_and_their_order(
    patterns: dict[str, str],
) -> None:
    built = package.build(Settings.from_document({"naming_patterns": patterns}))
    shipped = json.loads((built / "rds_operations" / "settings" / "packaged_settings.json").read_text())
    assert list(shipped["gate"]["naming_patterns"]) == list(patterns)
    packaged = Packaged(built)
    assert packaged.verdict(("prod-orders-dev", HOME, {}))["environment"] == "production"
    packaged.close()


def test_the_stack_shows_the_digest_that_the_functions_write_into_records(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings.from_document({"naming_patterns": {"^prod-": "production"}})
    folder = package.build(settings) / "rds_operations" / "settings"
    monkeypatch.setattr(settings_in_package, "FILE", folder / settings_in_package.FILE.name)
    assert settings_in_package.digest() == package.settings_digest(settings)
    assert package.settings_digest(settings) != package.settings_digest(Settings.from_document({}))


def test_the_first_pattern_of_the_file_decides_in_the_package() -> None:
    for patterns in ({"orders": "test", "^dev-": "sandbox"}, {"^dev-": "sandbox", "orders": "test"}):
        packaged = Packaged(package.build(Settings.from_document({"naming_patterns": patterns})))
        first, word = next(iter(patterns.items()))
        verdict = packaged.verdict(("dev-orders", HOME, {}))
        assert verdict == {"environment": word, "source": f"naming_patterns {first}"}
        packaged.close()


@pytest.fixture(scope="module")
def packaged() -> Iterator[Packaged]:
    one = Packaged(package.build(Settings.from_document({})))
    yield one
    one.close()


words = st.sampled_from(sorted(WORDS))
names = st.sampled_from(["prod-orders-dev", "dev-orders", "orders-01"])
places = st.sampled_from([HOME, THERE])
keys = st.builds(lambda place, name: f"{place.account_id}/{place.region}/{name}", places, names)
patterns = st.sampled_from(["^prod-", "-dev$", "orders", "^DEV-", "[0-9]"])
documents: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"accounts": st.just({THERE.account_id: {"external_id": "x1", "regions": [THERE.region]}})},
    optional={
        "environment_tag_names": st.lists(
            st.sampled_from(["Tier", "Environment", "env", "Stage"]), min_size=1, max_size=3, unique=True
        ),
        "instance_mappings": st.dictionaries(keys, words, max_size=3),
        "account_mappings": st.dictionaries(places.map(lambda place: place.account_id), words),
        "naming_patterns": st.lists(st.tuples(patterns, words), max_size=4).map(dict),
        "default_environment": words,
        "production_veto": st.booleans(),
    },
)
tags = st.dictionaries(
    st.sampled_from(["Environment", "eNV", "tier", "Stage", "team"]),
    words | st.sampled_from([" dev ", " PROD", "Live", "what", ""]),
    max_size=3,
)


@settings(max_examples=400, deadline=None)
@given(documents, names, places, tags)
def test_the_packaged_classifier_says_what_the_tests_classifier_says(
    packaged: Packaged, document: dict[str, Any], name: str, place: Place, tags: dict[str, str]
) -> None:
    try:
        checked = Settings.from_document(document)
    except SettingsError as error:  # all of these are valid
        raise AssertionError(str(error)) from error
    verdict = packaged.verdict((name, place, tags), package.packaged(checked))
    assert verdict == classify(name, place, tags, checked.gate).to_document()


SHIPPED = sorted(SPECS.keys() - {CONSOLE})  # the console has a package of its own


def test_every_handler_and_every_log_line_works_with_what_is_shipped() -> None:
    """The package comes first on the path, so what it leaves out of a library cannot be imported."""
    built = package.build(Settings(stage="local"))
    program = f"""
import sys; sys.path.insert(0, {str(built)!r})
for name in {SHIPPED!r}:
    __import__(f"{{name}}.handler")
from rds_operations.aws import metrics, telemetry
from rds_operations.model.request import OperationRequest
telemetry.logger.append_keys(operation_id="one")
metrics.count_end(OperationRequest("one", "reboot_instance"), "test", 1.5)
try:
    raise KeyError("x")
except KeyError:
    telemetry.logger.exception("broke")
import aws_lambda_powertools
assert aws_lambda_powertools.__file__.startswith({str(built)!r})
"""
    done = subprocess.run([sys.executable, "-c", program], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    metrics, line = map(json.loads, done.stdout.splitlines())
    assert metrics["OperationDuration"] == [1.5]
    assert line["exception_name"] == "KeyError"


def test_all_that_is_imported_is_shipped_and_no_more() -> None:
    """But for files that are imported only inside a function."""
    built = package.build(Settings(stage="local"))
    program = f"""
import sys; sys.path.insert(0, {str(built)!r})
for name in {SHIPPED!r}:
    __import__(f"{{name}}.handler")
for module in list(sys.modules.values()):
    print(getattr(module, "__file__", None) or "")
"""
    done = subprocess.run([sys.executable, "-c", program], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    loaded = {Path(line) for line in done.stdout.splitlines() if line.startswith(str(built))}
    shipped = set(built.rglob("*.py"))
    assert loaded <= shipped
    assert _top(shipped, built) == _top(loaded, built)
    assert len(shipped) <= 1.05 * len(loaded)


def _top(files: set[Path], folder: Path) -> set[str]:
    return {file.relative_to(folder).parts[0] for file in files}


@pytest.mark.parametrize(
    ("source", "imported"),
    [
        ("import library.one", {"library/__init__.py", "library/one.py"}),
        ("from library import one", {"library/__init__.py", "library/one.py"}),
        ("def late():\n    import library.one", {"library/__init__.py", "library/one.py"}),
        ("import library", {"library/__init__.py"}),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import library", set()),
        (
            "try:\n    import library.two\nexcept ImportError:\n    pass",
            {"library/__init__.py", "library/two.py", "library/one.py"},
        ),
    ],
)
def test_imports_are_read_from_the_source(tmp_path: Path, source: str, imported: set[str]) -> None:
    """A library's imports inside functions do not count: `one` is imported by `two`, `three` inside a function."""
    files = {
        "ours/__init__.py": "",
        "ours/handler.py": source,
        "library/__init__.py": "def late():\n    from library import three",
        "library/one.py": "",
        "library/two.py": "from .one import something",
        "library/three.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    found = {str(file.relative_to(tmp_path)) for file in imported_files(tmp_path, ["ours.handler"], ["ours"])}
    assert found - {"ours/__init__.py", "ours/handler.py"} == imported


def test_the_package_is_small() -> None:
    """The budget is 0.7 MB, without the lists, the instances and the archive, which came after it."""
    size = zipped_bytes(package.build(Settings(stage="local")))
    assert size < 870_000, size
