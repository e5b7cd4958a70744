"""`make bench` measures a whole cold process's CPU time, relative to a bare botocore client that makes one call.

ROUNDS=15. With PRODUCT, it also measures another checkout's functions in the same rounds.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.bench.events import EVENTS
from tests.bench.throttled_starts import report
from tests.unit.test_imports import ENVIRONMENT

_ROOT = Path(__file__).parents[2]
_COLD = Path(__file__).with_name("cold.py")
_FLOOR = "floor"


def main() -> int:
    rounds = int(os.environ.get("ROUNDS", "15"))
    packages = {"here": _built(_ROOT)} | (
        {"other": _built(Path(other))} if (other := os.environ.get("PRODUCT")) else {}
    )
    with _canned_aws() as endpoint:
        ratios = _measured(packages, rounds, endpoint)
    print(f"CPU of a cold process, relative to a bare botocore client making one call; median of {rounds} rounds")
    for (package, function), found in sorted(ratios.items(), key=lambda item: item[0][::-1]):
        low, high = min(found), max(found)
        print(f"{function:10} {package:6} {statistics.median(found):.2f}  ({low:.2f} to {high:.2f})")
    print(f"\nExecutions started directly, if RDS takes 50 calls a second (simulated)\n{report()}")
    return 0


def _measured(packages: dict[str, Path], rounds: int, endpoint: str) -> dict[tuple[str, str], list[float]]:
    """Return each round's ratios. The functions take turns, so that a busy moment affects all of them."""
    ratios: dict[tuple[str, str], list[float]] = defaultdict(list)
    for number in range(rounds + 1):
        floor = _seconds(next(iter(packages.values())), _FLOOR, {}, endpoint)
        for package, folder in packages.items():
            for function, event in EVENTS.items():
                seconds = _seconds(folder, function, event, endpoint)
                if number:  # the first round warms the file cache
                    ratios[package, function].append(seconds / floor)
    return ratios


def _seconds(folder: Path, function: str, event: object, endpoint: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {
        **ENVIRONMENT,
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL": endpoint,
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    command = [sys.executable, str(_COLD), str(folder), function, json.dumps(event)]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _built(checkout: Path) -> Path:
    """Build a checkout's package as deployed, compiled for this Python. It lasts as long as this process."""
    code = (
        "import compileall, sys, time; from pathlib import Path; from stacks import package; "
        "from stacks.settings import Settings; folder = package.build(Settings()); "
        "compileall.compile_dir(folder, quiet=1); print(folder, flush=True); sys.stdin.read()"
    )
    environment = {**os.environ, "PYTHONPATH": f"{checkout}:{checkout / 'functions'}"}
    process = subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=checkout,
    )
    assert process.stdout
    return Path(process.stdout.readline().strip())


@contextlib.contextmanager
def _canned_aws() -> Iterator[str]:
    command = [sys.executable, "-m", "tests.bench.canned_aws"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=_ROOT) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.stdin.close()


if __name__ == "__main__":
    sys.exit(main())
