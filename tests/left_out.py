"""The last line of `make test`: what this machine did not test, and how to change that."""

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
    """Return one line on all tests that pytest's reports (`--junitxml`) call skipped, or an empty text."""
    reasons = Counter(reason for report in reports for reason in _reasons(report))
    parts = [f"{count} test{'s' * (count > 1)}, because: {reason}" for reason, count in reasons.most_common()]
    return "Not tested: " + "; ".join(parts) if parts else ""


def _reasons(report: Path) -> list[str]:
    """Return each skipped test's reason. A test that is expected to fail is not skipped."""
    skipped = ElementTree.parse(report).iter("skipped")  # noqa: S314 - pytest has written it a moment ago
    return [" ".join(found.get("message", "").split()) for found in skipped if found.get("type") == "pytest.skip"]


if __name__ == "__main__":
    main()
