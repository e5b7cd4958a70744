"""Part of `make histories`, with another seed each day."""

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

HISTORIES = 500


def test_histories_of_the_day() -> None:
    """A process of its own: a simulation loads the product again, and takes all its calls."""
    seed = os.environ.get("SEED") or str(datetime.now(UTC).toordinal() * 1000)
    environment = {**os.environ, "SEED": seed, "HISTORIES": str(HISTORIES)}
    command = [sys.executable, "-W", "ignore", "-m", "tests.simulation"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    print(f"SEED={seed}", done.stdout, done.stderr)
    assert done.returncode == 0, f"again by: SEED={seed} HISTORIES={HISTORIES} make histories"
    assert done.stdout.splitlines()[-1].startswith(f"{HISTORIES} histories, 0 lost, 0 twice, 0 untrue, 0 locks left")


def test_a_read_after_the_call_does_not_judge_it() -> None:
    """RDS takes this call 12 seconds late, after the instance was retagged and read again."""
    environment = {**os.environ, "HISTORIES": "1", "SEED": "201825"}
    command = [sys.executable, "-W", "ignore", "-m", "tests.simulation"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_a_history_is_repeated_from_its_seed_its_actions_and_its_faults() -> None:
    program = (
        "from tests.simulation.functions import copy, install; folder = copy(); install(folder)\n"
        "import io, sys, contextlib\n"
        "from tests.simulation.history import product, run\n"
        "loaded = product(folder)\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n"
        "    first = [run(loaded, seed) for seed in (3, 5, 8)]\n"
        "    again = [run(loaded, one.seed, one.plan, one.struck) for one in first]\n"
        "assert all(one.struck for one in first)\n"
        "assert [one.story for one in first] == [one.story for one in again]\n"
    )
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("fault", ["no opening record", "a key is not kept", "a window is not read back"])
def test_a_fault_that_is_put_back_is_found(fault: str) -> None:
    """Three that are found soon; `make known-faults` has all."""
    environment = {**os.environ, "PUT_BACK": fault, "HISTORIES": "1000", "SEED": "1"}
    command = [sys.executable, "-W", "ignore", "-m", "tests.simulation"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "FOUND " in done.stdout, done.stdout + done.stderr
