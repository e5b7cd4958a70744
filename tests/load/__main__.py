"""`make load`: CLIENTS clients send OPERATIONS operations on INSTANCES instances to their own local cloud."""

from __future__ import annotations

import os
import sys
import time

from tests.load.board import Board
from tests.load.clients import Seen, jobs, run
from tests.load.verdict import audit_ids, violations
from tests.load.warm_up import warm_up
from tests.local_service import TIME_SCALE, passing_service

_PERCENTILES = (50, 90, 99, 100)


def main() -> int:
    operations, instances, clients = (_number(name) for name in ("OPERATIONS", "INSTANCES", "CLIENTS"))
    print(
        f"A local cloud, {TIME_SCALE:g} times real time; {os.cpu_count()} cores for it and for the clients", flush=True
    )
    with passing_service() as service:
        names = [service.new_instance("load") for _ in range(instances)]
        for some, seen in warm_up(service, names, sorted({1, 2, 4, 8, clients})):
            print(f"Warm-up, not measured: {some} clients, {_counted(seen)}", flush=True)
        before = audit_ids(service)
        print(f"{operations} operations over {instances} instances by {clients} clients", flush=True)
        begun = time.monotonic()
        seen = run(service, Board(jobs(operations, "load"), names), clients)
        _show(seen, begun)
        found = violations(service, seen, operations, before)
    for sentence in found:
        print(f"  {sentence}")
    records = 2 * operations
    print("VIOLATED" if found else f"OK: all {operations} ended, {records} records, no lock left, no 5xx")
    return 1 if found else 0


def _show(seen: Seen, begun: float) -> None:
    seconds = time.monotonic() - begun
    accepting = max(seen.accepted.values(), default=begun) - begun
    print(f"All over after {seconds:.1f} s. Answers: {_counted(seen)}")
    print(f"Endings: {', '.join(f'{name} {count}' for name, count in sorted(seen.endings.items()))}")
    print(f"Accepted per second: {len(seen.accepted) / accepting:.1f} (the last one after {accepting:.1f} s)")
    print(f"{'ms':6}" + "".join(f"{'max' if p == 100 else f'{p} %':>9}" for p in _PERCENTILES))
    for name, values in (("POST", seen.post), ("GET", seen.get), ("LIST", seen.lists)):
        print(f"{name:6}" + "".join(f"{1000 * percentile(values, p):9.0f}" for p in _PERCENTILES))


def _counted(seen: Seen) -> str:
    return ", ".join(f"{name}: {count}" for name, count in sorted(seen.answers.items()))


def percentile(values: list[float], percent: int) -> float:
    """Return the percentile by nearest rank."""
    return sorted(values)[max(0, -(-len(values) * percent // 100) - 1)]


def _number(name: str) -> int:
    given = os.environ.get(name, "")
    if not given.isdigit() or int(given) == 0:
        sys.exit(
            f"{name}={given} is not a whole number above 0. Example: make load OPERATIONS=200 INSTANCES=50 CLIENTS=20"
        )
    return int(given)


if __name__ == "__main__":
    sys.exit(main())
