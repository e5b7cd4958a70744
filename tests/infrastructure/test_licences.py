"""docs/licences.md is up to date, and licences of what goes to AWS require attribution only."""

import json
import subprocess
from pathlib import Path

from stacks.package import DEPENDENCIES
from tools import licences

PACKAGES = licences.packages()
SHIPPED = "shipped in the functions"


def test_page_is_up_to_date() -> None:
    assert licences.PAGE.read_text() == licences.rendered(), "run: make docs"


def test_what_is_shipped_is_what_the_page_says() -> None:
    pages = {f"{name} (npm)" for name in licences.PAGES_MODULES}
    assert {package.name for package in PACKAGES if package.used_for == SHIPPED} == {*DEPENDENCIES, *pages}


def test_what_is_in_the_pages_is_what_the_page_says(tmp_path: Path) -> None:
    command = ["node", str(licences.ROOT / "console" / "build.mjs"), str(tmp_path)]
    built = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(built.stdout) == sorted(licences.PAGES_MODULES)
    assert set(licences.PAGES_MODULES.values()) <= licences.PERMISSIVE


def test_what_is_shipped_is_permissive() -> None:
    for name in DEPENDENCIES:
        assert licences.terms(licences.licence_of(name)) <= licences.PERMISSIVE, name


def test_every_licence_is_permissive_or_explained() -> None:
    for package in PACKAGES:
        assert licences.terms(package.licence) <= licences.PERMISSIVE | licences.RECIPROCAL.keys(), package


def test_agpl_is_for_the_tests_alone() -> None:
    found = {package.used_for for package in PACKAGES if "AGPL-3.0-or-later" in licences.terms(package.licence)}
    assert found == {"tests"}


def test_a_licence_that_nobody_looked_at_is_not_permissive() -> None:
    assert not licences.terms("unknown") <= licences.PERMISSIVE
    assert not licences.terms("MIT AND GPL-3.0-only") <= licences.PERMISSIVE
