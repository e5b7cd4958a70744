"""`make bench` measures the built package beside the budgets, prints tables, and writes `.local/bench.json`.

ROUNDS=15, MEMORY_ROUNDS=3. With PRODUCT, another checkout's functions are measured in the same rounds.
It says what a budget is missed by, and never fails for a time: only where a function leaves its success path.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.bench import command_line, report, throttled_starts
from tests.bench.budgets import HEADINGS, table
from tests.bench.collected import Collected, collect
from tests.bench.events import SCENARIOS
from tests.bench.measurements import OTHER, can_share, ratios

_ROOT = Path(__file__).parents[2]
_WRITTEN = _ROOT / ".local" / "bench.json"


def main() -> int:
    rounds, memory_rounds = int(os.environ.get("ROUNDS") or 15), int(os.environ.get("MEMORY_ROUNDS") or 3)
    other = os.environ.get("PRODUCT")
    found = collect(_ROOT, Path(other) if other else None, rounds, memory_rounds, lambda line: print(line, flush=True))
    machine = {
        "rounds": rounds,
        "cores": os.cpu_count(),
        "load": round(os.getloadavg()[0], 1),
        "share": "given by a cgroup" if can_share() else "modelled from CPU time",
        "date": time.strftime("%Y-%m-%d"),
    }
    _show(found, machine, has_other=bool(other))
    _WRITTEN.parent.mkdir(exist_ok=True)
    _WRITTEN.write_text(json.dumps(report.document(found, machine), indent=1) + "\n")
    print(f"\nWritten: {_WRITTEN.relative_to(_ROOT)}")
    return 0


def _show(found: Collected, machine: Mapping[str, object], *, has_other: bool) -> None:
    print(f"\nA cold process: its CPU relative to a bare botocore client's that makes one call. {machine}")
    print(f"Noise, the floor relative to itself: {report.noise(found)}\n")
    print(table(report.FUNCTIONS, report.functions(found)))
    if has_other:
        print("\nThe other checkout, in the same rounds")
        for name, scenario in SCENARIOS.items():
            if f"{name}{OTHER}" in found.plain:
                print(f"{name:10} {ratios(found.plain, f'{name}{OTHER}', scenario.floor)}")
    print("\nMemory sizes in MB: warm ms / cold ms / USD per million invocations, of which 5 % are cold (modelled)")
    print(table(report.MEMORY, report.memory(found)))
    print("\nUSD per 1,000, and per month (modelled)")
    for name, parts in report.usd(found).items():
        shown = ", ".join(f"{part} {price:.4f}" for part, price in parts.items() if price)
        print(f"{name:20} {sum(parts.values()):.4f}: {shown}")
    print(f"\nExecutions started directly, if RDS takes 50 calls a second (simulated)\n{throttled_starts.report()}")
    print(f"\nThe command line, median of its runs\n{command_line.report()}")
    print(f"\n{table(HEADINGS, [budget.row() for budget in report.budgets(found)])}")


if __name__ == "__main__":
    sys.exit(main())
