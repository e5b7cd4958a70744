"""What a check says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """`FIX` makes the deployment or the service fail. `NOTE` does not, and may be meant so."""

    OK = "ok"
    FIX = "fix"
    NOTE = "note"
    LEFT_OUT = "left out"


@dataclass(frozen=True)
class Finding:
    """`mend` is a command, or several, a line each; empty where there is nothing to mend."""

    level: Level
    text: str
    mend: str = ""


def ok(text: str) -> Finding:
    return Finding(Level.OK, text)


def fix(text: str, mend: str) -> Finding:
    return Finding(Level.FIX, text, mend)


def note(text: str, mend: str = "") -> Finding:
    return Finding(Level.NOTE, text, mend)


def left_out(text: str, mend: str = "") -> Finding:
    return Finding(Level.LEFT_OUT, text, mend)
