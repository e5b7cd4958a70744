"""Runs the commands on a page, and compares what they print with the page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from local.cloud import ROOT
from tests.local_commands.commands import run

_END_OF_BLOCK = "--- end of block ---"


@dataclass(frozen=True)
class Step:
    """Hold a block of commands, and what they should print; None if the page does not say."""

    commands: str
    printed: str | None


def follow(project: Path, page: str, heading: str) -> None:
    """Run the blocks in one shell, like a reader who copies them one by one."""
    found = _steps(page, heading)
    assert found
    script = f"\necho; echo '{_END_OF_BLOCK}'\n".join(step.commands for step in found)
    done = run(project, ["bash", "-eu", "-o", "pipefail", "-c", script])
    assert done.returncode == 0, done.stdout + done.stderr
    for step, printed in zip(found, done.stdout.split(_END_OF_BLOCK), strict=True):
        if step.printed is not None:
            assert _shown(step.printed).fullmatch(printed.strip()), printed


def _steps(page: str, heading: str) -> list[Step]:
    """Return the `bash` blocks under a heading, each with its following `text` block."""
    text = (ROOT / page).read_text().split(heading, 1)[1].split("\n## ", 1)[0]
    blocks = re.findall(r"^```(bash|text)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    following = [*blocks[1:], ("", "")]
    return [
        Step(commands, after if kind_after == "text" else None)
        for (kind, commands), (kind_after, after) in zip(blocks, following, strict=True)
        if kind == "bash"
    ]


def _shown(printed: str) -> re.Pattern[str]:
    """Return a pattern in which `…` stands for anything on its line."""
    return re.compile(".*".join(re.escape(part) for part in printed.strip().split("…")))
