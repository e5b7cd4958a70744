"""`make fuzz` sends FUZZ_REQUESTS requests of the seed SEED to its own local cloud."""

from __future__ import annotations

import os
import sys

from tests.fuzz.campaign import Report, run
from tests.local_service import passing_service

_MOST_SHOWN = 20


def main() -> int:
    number, seed = (_number(name) for name in ("FUZZ_REQUESTS", "SEED"))
    print(f"{number} requests of the seed {seed} to a local cloud of their own", flush=True)
    with passing_service() as service:
        report = run(service, number, seed)
    _show(report)
    return 1 if report.violations else 0


def _show(report: Report) -> None:
    for sentence in report.violations[:_MOST_SHOWN]:
        print(f"  {sentence}")
    print(f"{report.requests} requests, seed {report.seed}, {report.seconds:.0f} s")
    for answer, count in sorted(report.answers.items()):
        print(f"  {count:6} {answer}")
    endings = ", ".join(f"{name} {count}" for name, count in sorted(report.operations.items()))
    print(f"{report.operations.total()} operations accepted: {endings}")
    print(
        f"VIOLATED {len(report.violations)} times" if report.violations else "OK: no answer and no change out of order"
    )


def _number(name: str) -> int:
    given = os.environ.get(name, "")
    if not given.isdigit():
        sys.exit(f"{name}={given} is not a whole number. Example: make fuzz FUZZ_REQUESTS=2000 SEED=1")
    return int(given)


if __name__ == "__main__":
    sys.exit(main())
