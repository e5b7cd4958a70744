"""`make fault-report` shows what every fault did. It exits with 1 if a promise is broken or a row is not as
expected.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from rich.table import Table

_FOLDER = Path(__file__).parent
_WIDTH = 230  # one line for each row, in a file too


class Collector:
    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call":
            self.seen += [value for name, value in report.user_properties if name == "observation"]  # type: ignore[misc]


def main() -> None:
    collector = Collector()
    failed = pytest.main([str(_FOLDER), "-q", "--no-header", "--tb=short", *sys.argv[1:]], plugins=[collector])
    console = Console(width=_WIDTH, highlight=False)
    console.print(_table(collector.seen))
    lost, twice, locked = (sum(row[name] for row in collector.seen) for name in ("lost", "twice", "locked"))
    print(f"{len(collector.seen)} faults, {lost} lost, {twice} twice, {locked} locks left")
    sys.exit(1 if failed or lost or twice or locked or not collector.seen else 0)


def _table(rows: list[dict[str, Any]]) -> Table:
    """Return the table. RDS got `sent` acting calls, and took `acted` of them."""
    table = Table(
        "fault", "operation", "answer", "execution", "outcome", "sent", "acted", "records", "lock left", "lost"
    )
    for row in rows:
        table.add_row(
            f"{row['where']}: {row['fault']}",
            row["operation"],
            str(row["answer"]),
            row["execution"],
            row["outcome"],
            str(row["sent"]),
            str(row["acted"]),
            _counted(row["records"]),
            "yes" if row["locked"] else "no",
            "LOST" if row["lost"] else "0",
        )
    return table


def _counted(records: list[str]) -> str:
    found = dict.fromkeys(records, 0)
    for record in records:
        found[record] += 1
    return ", ".join(record if times == 1 else f"{times} x {record}" for record, times in found.items())


if __name__ == "__main__":
    main()
