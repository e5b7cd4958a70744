"""The last line of `make test`: what was not tested on this machine, and how to get it."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree


def main() -> None:
    if line := told(map(Path, sys.argv[1:])):
        print(line)


def told(reports: Iterable[Path]) -> str:
    """One line for all that pytest's reports (`--junitxml`) call skipped; empty where nothing was."""
    reasons = Counter(reason for report in reports for reason in _reasons(report))
    parts = [f"{count} test{'s' * (count > 1)}, because: {reason}" for reason, count in reasons.most_common()]
    return "Not tested: " + "; ".join(parts) if parts else ""


def _reasons(report: Path) -> list[str]:
    """Why, for each test that was skipped. A test that is expected to fail has been tested."""
    skipped = ElementTree.parse(report).iter("skipped")  # noqa: S314 - pytest has written it a moment ago
    return [" ".join(found.get("message", "").split()) for found in skipped if found.get("type") == "pytest.skip"]


if __name__ == "__main__":
    main()
