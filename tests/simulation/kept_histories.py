"""Shrunk histories that show a known fault: `kept/` has their actions and faults.

As a program it replays them all, with their fault put back and without, and prints a JSON document:
`{"with": {fault: [violations]}, "without": {fault: [violations]}}`. The fault is in the imported code, so each needs
its own process. What they share is imported once, before the fork.
"""

from __future__ import annotations

import contextlib
import io
import json
import multiprocessing
import os
import re
import shutil
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

# ruff: isort: off
import aws_lambda_powertools.metrics  # noqa: F401
import botocore.session  # noqa: F401
import jsonata  # noqa: F401
# ruff: isort: on

from tests.simulation.functions import copy, install
from tests.simulation.known_faults import KNOWN

if TYPE_CHECKING:
    from tests.simulation.history import History

FOLDER = Path(__file__).parent / "kept"
Found = dict[str, list[str]]


@dataclass(frozen=True)
class KeptHistory:
    """Hold a kept history. `violation` shows the fault; `plan` has the actions' fields, `faults` each purpose's
    fate.
    """

    fault: str
    violation: str
    seed: int
    plan: list[dict[str, Any]]
    faults: dict[str, str]


def keep(history: History, fault: str, violation: str) -> None:
    kept = KeptHistory(fault, violation, history.seed, [asdict(action) for action in history.plan], history.struck)
    name = re.sub(r"[^a-z]+", "_", fault.lower())
    (FOLDER / f"{name}.json").write_text(json.dumps(asdict(kept), indent=1) + "\n")


def all_kept() -> list[KeptHistory]:
    return [KeptHistory(**json.loads(file.read_text())) for file in sorted(FOLDER.glob("*.json"))]


def replay(kept: list[KeptHistory], put_back: str = "") -> Found:
    """Return each one's violations by its fault, on its own product. The process must not have imported the product
    before.
    """
    folder = copy(*(KNOWN[put_back] if put_back else ()))
    try:
        install(folder)
        from tests.simulation.history import product, run  # noqa: PLC0415 - the product must be on the path first
        from tests.simulation.plan import Action  # noqa: PLC0415

        loaded = product(folder)
        with contextlib.redirect_stdout(io.StringIO()):
            histories = [run(loaded, one.seed, [Action(**action) for action in one.plan], one.faults) for one in kept]
    finally:
        shutil.rmtree(folder)
    return {
        one.fault: [violation.name for violation in history.violations]
        for one, history in zip(kept, histories, strict=True)
    }


def _replay_one(kept: KeptHistory) -> Found:
    return replay([kept], kept.fault)


def main() -> int:
    kept = all_kept()
    with multiprocessing.get_context("fork").Pool(os.cpu_count(), maxtasksperchild=1) as pool:
        without = pool.apply_async(replay, [kept])
        put_back: Found = {}
        for found in pool.imap(_replay_one, kept):
            put_back |= found
        print(json.dumps({"with": put_back, "without": without.get()}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
