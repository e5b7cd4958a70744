"""`make known-faults` puts each known fault back, and prints how soon the histories find it."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.simulation.known_faults import KNOWN


def main() -> int:
    only = os.environ.get("FAULT", "")
    missed = 0
    print("| put back | found after | as |\n|---|---|---|", flush=True)
    for name in KNOWN:
        if only in name:
            found = _find(name)
            missed += not found
            print(f"| {name} | {found or 'not found | -'} |", flush=True)
    print(f"{missed} not found")
    return 1 if missed else 0


def _find(name: str) -> str:
    """Return how many histories it took and what was seen, or an empty text."""
    environment = {**os.environ, "PUT_BACK": name, "HISTORIES": os.environ.get("HISTORIES", "10000")}
    command = [sys.executable, "-W", "ignore", "-m", "tests.simulation"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    lines = [line for line in done.stdout.splitlines() if line.startswith("FOUND ")]
    if not lines and done.stderr:
        print(done.stderr, file=sys.stderr)
    return lines[0].removeprefix("FOUND ") if lines else ""


if __name__ == "__main__":
    sys.exit(main())
