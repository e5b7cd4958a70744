"""Every known fault has a history that shows it, and that ends well without it."""

import json
import subprocess
import sys

import pytest

from tests.simulation.kept_histories import Found, all_kept
from tests.simulation.known_faults import KNOWN

KEPT = {kept.fault: kept for kept in all_kept()}


@pytest.fixture(scope="module")
def replayed() -> dict[str, Found]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.simulation.kept_histories"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Found] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("fault", KNOWN)
def test_a_known_fault_shows_in_its_history(fault: str, replayed: dict[str, Found]) -> None:
    """If it fails, names or times have changed: `make known-faults KEEP=1` keeps a new one."""
    assert KEPT[fault].violation in replayed["with"][fault]


@pytest.mark.parametrize("fault", KNOWN)
def test_without_the_fault_its_history_ends_well(fault: str, replayed: dict[str, Found]) -> None:
    assert replayed["without"][fault] == []


def test_no_history_is_kept_of_a_fault_that_is_not_known() -> None:
    assert sorted(KEPT) == sorted(KNOWN)
