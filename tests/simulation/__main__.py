"""`make histories`: HISTORIES=1000 SEED=1. Exits with 1 if anything did not hold.

With PUT_BACK, a fault of `known_faults`, it ends at the first history that finds it; with KEEP it shrinks and keeps it.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from collections.abc import Iterator

from tests.simulation.functions import copy, install
from tests.simulation.known_faults import KNOWN

_PUT_BACK = os.environ.get("PUT_BACK", "")
_PRODUCT = copy(*(KNOWN[_PUT_BACK] if _PUT_BACK else ()))
install(_PRODUCT)

from tests.simulation.campaign import Seen, campaign  # noqa: E402 - the product must be on the path first
from tests.simulation.findings import of_kind  # noqa: E402
from tests.simulation.history import Product, product, run  # noqa: E402
from tests.simulation.kept_histories import keep  # noqa: E402
from tests.simulation.shrinking import shrink  # noqa: E402
from tests.simulation.watcher import Violation  # noqa: E402

_MOST_STORIES = 3
_TOLD_EVERY = 10_000


def main() -> int:
    number, seed = int(os.environ.get("HISTORIES", "1000")), int(os.environ.get("SEED", "1"))
    loaded = product(_PRODUCT)
    begin, seen = time.monotonic(), Seen()
    told: set[str] = set()
    for seen in campaign(loaded, seed, number):
        for name in seen.failing.keys() - told:
            print(f"{name}: SEED={seen.failing[name]} HISTORIES=1", flush=True)
            told.add(name)
        if seen.histories % _TOLD_EVERY == 0:
            print(f"{seen.histories} histories so far", flush=True)
        if _PUT_BACK and seen.failing:
            number_of = "1 history" if seen.histories == 1 else f"{seen.histories} histories"
            print(f"FOUND {number_of} | {', '.join(seen.failing)}", flush=True)
            _keep(loaded, *next(iter(seen.failing.items())))
            return 1
    print(f"{seen.histories / (time.monotonic() - begin):.0f} histories a second, seeds {seed} to {seed + number - 1}")
    for line in _covered(loaded, seen):
        print(line)
    for name in list(seen.failing)[:_MOST_STORIES]:
        _print_story(loaded, seen.failing[name], name)
    for name, times in seen.violations.most_common():
        print(f"{times:6d}  {name}, first with SEED={seen.failing[name]} HISTORIES=1")
    found = of_kind(Violation(name, "") for name in seen.violations.elements())
    print(f"{seen.histories} histories, " + ", ".join(f"{times} {kind}" for kind, times in found.items()))
    return 1 if found.total() or seen.histories < number else 0


def _keep(loaded: Product, name: str, seed: int) -> None:
    if os.environ.get("KEEP"):
        with contextlib.redirect_stdout(io.StringIO()):
            keep(shrink(loaded, run(loaded, seed), name), _PUT_BACK, name)


def _covered(loaded: Product, seen: Seen) -> Iterator[str]:
    for name, times in sorted(seen.counts.items()):
        yield f"{times:9d}  {name}"
    never = [name for name, errors in _retries_and_catches(loaded) if not any(error in seen.counts for error in errors)]
    yield f"Retry and Catch that were never taken: {', '.join(never) or 'none'}"


def _retries_and_catches(loaded: Product) -> Iterator[tuple[str, list[str]]]:
    """Yield each state's Retries and Catches, and the names under which they are counted."""
    kinds = {"admission": "ADMISSION", "operation": "OPERATION", "late-watch": "LATE WATCH"}
    for arn, definition in loaded.definitions.items():
        kind = kinds[arn.rpartition("rds-operations-")[2]]
        for name, state in definition["States"].items():
            for retrier in state.get("Retry", []):
                if retrier.get("MaxAttempts") != 0:
                    errors = [f"Retry {kind} {name} {error}" for error in retrier["ErrorEquals"]]
                    yield f"Retry of {kind} {name}", errors
            for catcher in state.get("Catch", []):
                known = f"Catch {kind} {name} {catcher['ErrorEquals'][0]}"
                yield known, [known]


def _print_story(loaded: Product, seed: int, name: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        history = shrink(loaded, run(loaded, seed), name)
    print(f"\n{name}: SEED={seed} HISTORIES=1, shrunk to {len(history.plan)} actions and {len(history.struck)} faults")
    print("\n".join(line[:260] for line in history.story.splitlines()), end="\n\n")


if __name__ == "__main__":
    sys.exit(main())
